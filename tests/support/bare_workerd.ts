/**
 * workerd by itself, for tests that look at its connections: in wrangler's harness another process
 * makes them, and keeps them when the worker lets go.
 *
 * @module
 */
import { basename } from "node:path";
import { linesOf } from "../../dev/app_line.ts";
import { workerdPath } from "./needs.ts";
import type { RunningWorker } from "./workerd.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Bundles `entry`, a path in the project, and serves it with `vars` on a free port. */
export async function startBareWorker(
  entry: string,
  vars: Readonly<Record<string, string>>,
): Promise<RunningWorker> {
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-workerd-" });
  await bundle(entry, folder);
  await Deno.writeTextFile(`${folder}/config.capnp`, await configOf(entry, vars));
  const workerd = new Deno.Command(workerdPath()!, {
    args: ["serve", `${folder}/config.capnp`, "--control-fd=1"],
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const lines = linesOf(workerd.stdout);
  const { value } = await lines.next();
  return {
    url: `http://127.0.0.1:${JSON.parse(value!).port}`,
    close: async () => {
      workerd.kill("SIGTERM");
      await workerd.status;
      await lines.return(undefined);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function bundle(entry: string, folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "wrangler", "deploy", entry, "--dry-run", "--outdir", folder],
    cwd: root,
    env: { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

async function configOf(entry: string, vars: Readonly<Record<string, string>>): Promise<string> {
  const settings = await Deno.readTextFile(`${root}wrangler.toml`);
  const date = /^compatibility_date = (".*")$/m.exec(settings)![1];
  const flags = /^compatibility_flags = (\[.*\])$/m.exec(settings)![1];
  const bindings = Object.entries(vars).map(([name, value]) =>
    `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`
  );
  const main = basename(entry).replace(/\.ts$/, ".js");
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "main", esModule = embed "${main}")],
  bindings = [${bindings.join(", ")}],
  compatibilityDate = ${date},
  compatibilityFlags = ${flags},
);
`;
}
