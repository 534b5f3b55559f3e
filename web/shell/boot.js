// The page out of its folder.
import start from "./{{glue}}";

const glue = new URL("./{{glue}}", import.meta.url).href;
const load = () => fetch(new URL("./{{wasm}}", import.meta.url));
const own = import.meta.url;
const offline = true;

{{page}}
