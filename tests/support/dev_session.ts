/**
 * `deno task dev` as a user would run it, in a copy of the tree, and what it leaves behind.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import packagesOf from "../../deno.json" with { type: "json" };

const { tasks } = packagesOf;
const root = new URL("../..", import.meta.url).pathname;

/** A running `deno task dev`, what it has printed so far, and its end. */
export interface DevSession {
  readonly process: Deno.ChildProcess;
  printed(): string;
  /** Resolves with the first match in what is printed from `after` on. */
  until(pattern: RegExp, after?: number): Promise<RegExpExecArray>;
}

/** Starts dev in `folder`, in an environment in which no real part is set. */
export function startDev(folder: string, ...args: string[]): DevSession {
  const environment: Record<string, string> = { ...Deno.env.toObject(), NO_COLOR: "1" };
  const real = [
    "UPSTASH_REDIS_REST_URL",
    "QSTASH_URL",
    "REDIS_URL",
    "DATABASE_URL",
    "RESEND_API_KEY",
  ];
  for (const name of [...real, "SERVICE_TOKENS", "OPERATOR_TOKENS"]) delete environment[name];
  const process = new Deno.Command(Deno.execPath(), {
    // As the task runs it, without the check that the whole suite has done.
    args: ["run", "--no-check", ...tasks.dev.split(" ").slice(2), ...args],
    cwd: folder,
    clearEnv: true,
    env: environment,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let text = "";
  const wake = new Set<() => void>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part;
      for (const resolve of wake) resolve();
    }
  };
  const ended = Promise.all([read(process.stdout), read(process.stderr)]);
  return {
    process,
    printed: () => text,
    until: async (pattern, after = 0) => {
      const deadline = Date.now() + 120_000;
      let over = false;
      void ended.then(() => over = true);
      for (;;) {
        const match = pattern.exec(text.slice(after));
        if (match) return match;
        if (over || Date.now() > deadline) assert.fail(`${pattern} was not printed:\n${text}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(done, 200);
          function done() {
            clearTimeout(timer);
            wake.delete(done);
            resolve();
          }
          wake.add(done);
        });
      }
    },
  };
}

/** Ends the command whatever became of the test. */
export async function stopDev({ process }: DevSession): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended, as it should.
  }
  await process.status;
}

/** What dev runs from; the packages are linked, since they are only read. */
export async function copyOfTheTree(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-dev-" });
  for (const name of ["deno.json", "deno.lock", "wrangler.toml", "dev", "functions", "shared"]) {
    await copy(join(root, name), join(folder, name));
  }
  await Deno.symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Runs one command of deno in `folder` to its end. */
export async function runIn(folder: string, ...args: string[]) {
  return await runWith({}, folder, args);
}

/** Runs a tool, as lint is one. It has no clock to move, and so short a process may crash below libfaketime. */
export async function runToolIn(folder: string, ...args: string[]) {
  return await runWith({ LD_PRELOAD: "" }, folder, args);
}

async function runWith(env: Record<string, string>, folder: string, args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: folder,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, printed: text(stdout) + text(stderr) };
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

/** The processes that `pid` started. */
export async function childrenOf(pid: number): Promise<number[]> {
  return (await processes()).filter(({ parent }) => parent === pid).map(({ pid }) => pid);
}

/** Whether `pid` runs; one that only waits to be fetched does not. */
export async function isAlive(pid: number): Promise<boolean> {
  return (await processes()).some((one) => one.pid === pid && !one.state.startsWith("Z"));
}

/** Every process of this machine: from /proc, since small images have no ps, or else from ps. */
async function processes(): Promise<{ pid: number; parent: number; state: string }[]> {
  if (Deno.build.os !== "linux") {
    const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "pid=,ppid=,stat="] })
      .output();
    return new TextDecoder().decode(stdout).trim().split("\n").map((line) => {
      const [pid, parent, state] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), state };
    });
  }
  const found = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // One that ends while it is looked at is not there.
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (parent) found.push({ pid: Number(name), parent: Number(parent), state });
  }
  return found;
}

/** A moment, between two looks at another process. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
