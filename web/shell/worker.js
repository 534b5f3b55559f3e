// What a worker begins with. The page sends the module that it has compiled itself.
import start from "{{glue}}";
addEventListener("message", ({ data }) => start({ module_or_path: data }), { once: true });
