// The cluster is made another: the map, the proofs and the command are then about that one.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, assertFits, start } from "./browser.mjs";

const COMMAND = process.env.HOLDFAST_COMMAND;
const HOMELAB = new URL("../../fixtures/homelab/cluster.json", import.meta.url).pathname;

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

const view = (page, name) => page.getByRole("button", { name, exact: true }).click();
const node = (page, name) => page.getByRole("button", { name: new RegExp(`^${name} ?, `) });

async function opened(options) {
  const page = await browser.open(options);
  await page.locator("#files").setInputFiles(HOMELAB);
  await view(page, "What if");
  return page;
}

async function scaled(page, workload, replicas) {
  await page.getByLabel("Workload").selectOption(workload);
  await page.getByLabel("Replicas", { exact: true }).fill(String(replicas));
  await page.getByRole("button", { name: "Set replicas" }).click();
}

test("fewer replicas are proved about, and undone", { skip: !COMMAND }, async () => {
  const page = await opened();
  await scaled(page, "deployment/traefik/traefik", 1);
  const change = "deployment/traefik/traefik.replicas=1";
  await page.getByText(`--set ${change}`).first().waitFor();
  await view(page, "Proofs and plans");
  await page.getByRole("button", { name: "What survives any one node?" }).click();
  const save = page.getByRole("button", { name: "Save as JSON" });
  await save.waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
  const here = await readFile(await download.path(), "utf8");
  let there;
  try {
    const asked = ["prove", "-o", "json", "--set", change, HOMELAB];
    there = execFileSync(COMMAND, asked, { encoding: "utf8", maxBuffer: 1 << 28, stdio: "pipe" });
  } catch (error) {
    there = error.stdout;
  }
  assert.equal(here, there);
  const traefik = JSON.parse(here).workloads.find((one) => one.name === "traefik");
  assert.deepEqual([traefik.desired, traefik.immediately.verdict], [1, "REFUTED"]);
  await view(page, "Undo");
  await view(page, "Map");
  await page.getByText("Nothing has failed yet.").waitFor();
  await assertClean(page);
});

test("a node is added and fails, and work that is given up leaves it there", async () => {
  const page = await opened();
  await page.getByLabel("Name", { exact: true }).fill("homelab-05");
  await page.getByRole("combobox", { name: /^Like/ }).selectOption("homelab-04");
  await page.getByRole("button", { name: "Add the node" }).click();
  await page.getByText("5 nodes").waitFor();
  await view(page, "Map");
  await node(page, "homelab-05").waitFor();
  await page.getByRole("button", { name: "Fail homelab-05" }).click();
  await page.locator("#sentence").filter({ hasText: "homelab-05 fails" }).waitFor();
  await view(page, "Proofs and plans");
  await page.getByRole("button", { name: "What repairs it?" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await view(page, "Map");
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await page.locator("#sentence").filter({ hasText: "then homelab-02 fails: " }).waitFor();
  await page.getByText("The same with the command").click();
  await page.getByText("--add-node homelab-05=homelab-04").first().waitFor();
  await assertClean(page);
});

test("a change that makes no sense says why, and nothing is changed", async () => {
  const page = await opened();
  await page.getByLabel("KIND/NAMESPACE/NAME.FIELD=VALUE").fill("deployment/traefik/trefik.replicas=3");
  await page.getByRole("button", { name: "Set the field" }).click();
  await page.locator("#sentence").filter({ hasText: "did you mean traefik?" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Undo" }).isDisabled(), true);
  await assertClean(page);
});

const form = (page, title) => page.getByRole("group", { name: title, exact: true });
const done = (page, text) => page.locator(".done li", { hasText: text }).waitFor();

test("forms come to flags of the command, which undo takes back one by one", async () => {
  const page = await opened();
  await page.getByLabel("Workload").selectOption("deployment/traefik/traefik");
  await form(page, "Requests").getByLabel("Amount").fill("250m");
  await form(page, "Requests").getByRole("button").click();
  await done(page, "containers[0].resources.requests.cpu=250m");
  await page.getByLabel("Workload").selectOption("deployment/traefik/traefik");
  await form(page, "Topology spread").getByRole("button").click();
  await done(page, "topologySpreadConstraints=");
  await page.getByLabel("Which node").selectOption("homelab-03");
  await form(page, "A taint").getByRole("button").click();
  await done(page, "--taint homelab-03:dedicated=:NoSchedule");
  await page.getByLabel("Which node").selectOption("homelab-04");
  await form(page, "Without it").getByRole("button").click();
  await done(page, "delete:homelab-04");
  await view(page, "Undo");
  await view(page, "Undo");
  assert.equal(await page.locator(".done li").count(), 2);
  await assertClean(page);
});

test("nodes come from a catalogue", async () => {
  const page = await opened();
  const catalog = new URL("../../fixtures/catalogs/example-cloud.yaml", import.meta.url).pathname;
  await page.getByLabel("A file of kind NodeCatalog").setInputFiles(catalog);
  const nodes = form(page, "Nodes of the catalogue");
  await nodes.getByLabel("Type").selectOption("large");
  await nodes.getByLabel("How many nodes").fill("2");
  await nodes.getByRole("button").click();
  await page.getByText("6 nodes").waitFor();
  await view(page, "Map");
  await node(page, "bought-2").waitFor();
  await assertClean(page);
});

test("what was changed is taken away as patches, lines and the command", async () => {
  const page = await opened();
  await scaled(page, "deployment/traefik/traefik", 3);
  await page.getByRole("button", { name: "Write it down" }).click();
  const line = "kubectl -n traefik scale deployment/traefik --replicas=3";
  await page.getByText(line).waitFor();
  await page.getByText("prove --set deployment/traefik/traefik.replicas=3").waitFor();
  const save = page.getByRole("button", { name: "Download: Patches" });
  const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
  assert.equal(download.suggestedFilename(), "patches.yaml");
  const patch = JSON.parse((await readFile(await download.path(), "utf8")).replace(/^---/, ""));
  assert.deepEqual([patch.kind, patch.spec], ["Deployment", { replicas: 3 }]);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy: Lines for kubectl" }).click();
  await page.getByText("Copied.").waitFor();
  assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), line);
  await assertClean(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await opened({ colorScheme, viewport: { width, height: 900 } });
      await scaled(page, "deployment/traefik/traefik", 3);
      await page.getByText("traefik.replicas=3").first().waitFor();
      await browser.picture(page, `whatif-${colorScheme}-${width}`);
      await page.getByRole("button", { name: "Write it down" }).click();
      await page.getByRole("heading", { name: "Lines for kubectl" }).waitFor();
      await browser.picture(page, `taken-${colorScheme}-${width}`);
      await assertFits(page);
      await assertAccessible(page);
      await assertClean(page);
    });
  }
}
