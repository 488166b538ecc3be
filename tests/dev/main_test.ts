/**
 * `deno task dev` from its start to its end, in a copy of the tree, as a user would meet it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;

/** The running command, what it has printed so far, and its end. */
interface Session {
  readonly process: Deno.ChildProcess;
  printed(): string;
  /** Resolves with the first match in what is printed from `after` on. */
  until(pattern: RegExp, after?: number): Promise<RegExpExecArray>;
}

Deno.test("deno task dev prints its table, serves, starts afresh on a change, and ends whole", async () => {
  const folder = await copyOfTheTree();
  const session = start(folder);
  try {
    await session.until(/A first job:\n.*curl/);
    const table = session.printed();
    const addresses = Object.fromEntries(
      [...table.matchAll(/^(app|redis|qstash) +(http:\/\/127\.0\.0\.1:\d+)/gm)]
        .map(([, part, address]) => [part, address]),
    );
    assert.deepEqual(Object.keys(addresses), ["app", "redis", "qstash"], table);

    const health = await (await fetch(`${addresses.app}/health`)).json();
    assert.equal(health.status, "ok");
    const page = await fetch(`${addresses.qstash}/`);
    assert.equal(page.status, 200);
    await page.body?.cancel();
    assert.equal((await firstJob(table)).state, "succeeded");
    assert.equal((await jobInAnHour(table, addresses.qstash)).state, "succeeded");

    const file = join(folder, "functions/ops/health.ts");
    const source = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, source.replace('status: "ok"', 'status: "changed" as "ok"'));
    await session.until(/health\.ts changed: the app started again in \d+ ms/);
    assert.equal((await (await fetch(`${addresses.app}/health`)).json()).status, "changed");

    const before = session.printed().length;
    await Deno.writeTextFile(file, source + "\nthis is no code");
    await session.until(/the next change starts it again/, before);
    const broken = session.printed().length;
    await Deno.writeTextFile(file, source);
    await session.until(/health\.ts changed: the app started again/, broken);
    assert.equal((await (await fetch(`${addresses.app}/health`)).json()).status, "ok");

    const children = await childrenOf(session.process.pid);
    assert.equal(children.length, 1, "the app is the one child");
    session.process.kill("SIGINT");
    assert.equal((await session.process.status).code, 0);
    for (const pid of children) assert.equal(await isAlive(pid), false, `process ${pid} is left`);
    for (const [part, address] of Object.entries(addresses)) {
      await assert.rejects(fetch(address), `${part} still listens`);
    }
  } finally {
    await stop(session);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("deno task dev leaves no app behind when it is killed", async () => {
  const session = start(root);
  try {
    await session.until(/A first job:/);
    const [, app] = /^app +(http:\S+)/m.exec(session.printed())!;
    const [child] = await childrenOf(session.process.pid);
    session.process.kill("SIGKILL");
    await session.process.status;
    const deadline = Date.now() + 5_000;
    while (await isAlive(child) && Date.now() < deadline) await pause();
    assert.equal(await isAlive(child), false);
    await assert.rejects(fetch(app));
  } finally {
    await stop(session);
  }
});

/** Sends the printed command's request, and waits for the end of its job. */
async function firstJob(table: string) {
  return await (await enqueue(table)).ended();
}

/** A job that waits for an hour, which the clock of dev/qstash then skips. */
async function jobInAnHour(table: string, qstash: string) {
  const job = await enqueue(table, { delay: "1h" });
  const response = await fetch(`${qstash}/_clock`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ advanceMs: 3_600_000 }),
  });
  assert.equal(response.status, 200, await response.text());
  return await job.ended();
}

async function enqueue(table: string, options: Record<string, unknown> = {}) {
  const [, url, token, body] = /curl (\S+) .*Bearer ([^']+)'.* -d '([^']+)'/.exec(table) ??
    assert.fail("no curl");
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify({ ...JSON.parse(body), ...options }),
  });
  const text = await response.text();
  assert.equal(response.status, 202, text);
  const address = new URL(`/api/jobs/${JSON.parse(text).id}`, url);
  const ended = async () => {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const job = await (await fetch(address, { headers })).json();
      if (job.state === "succeeded" || Date.now() > deadline) return job;
      await pause();
    }
  };
  return { ended };
}

function start(folder: string): Session {
  const environment = { ...Deno.env.toObject(), NO_COLOR: "1" };
  for (const name of ["UPSTASH_REDIS_REST_URL", "QSTASH_URL", "REDIS_URL", "SERVICE_TOKENS"]) {
    delete (environment as Record<string, string>)[name];
  }
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "dev/main.ts"],
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
      const deadline = Date.now() + 20_000;
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
async function stop({ process }: Session): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended, as it should.
  }
  await process.status;
}

/** What dev runs from; the packages are linked, since they are only read. */
async function copyOfTheTree(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-dev-" });
  for (const name of ["deno.json", "deno.lock", "dev", "functions", "shared"]) {
    await copy(join(root, name), join(folder, name));
  }
  await Deno.symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

async function childrenOf(pid: number): Promise<number[]> {
  return (await processes()).filter(({ parent }) => parent === pid).map(({ pid }) => pid);
}

async function isAlive(pid: number): Promise<boolean> {
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

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
