/**
 * `deno task dev` from its start to its end, in a copy of the tree, as a user would meet it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import packagesOf from "../../deno.json" with { type: "json" };
import {
  childrenOf,
  copyOfTheTree,
  isAlive,
  pause,
  runIn,
  startDev,
  stopDev,
} from "../support/dev_session.ts";
import { needs } from "../support/needs.ts";

Deno.test("deno task dev prints its table, serves, starts afresh on a change, and ends whole", async () => {
  const folder = await copyOfTheTree();
  const session = startDev(folder);
  try {
    await session.until(/A first job:\n(?:.*\n){3}/);
    const table = session.printed();
    const addresses = Object.fromEntries(
      [...table.matchAll(/^(app|redis|qstash|mail|llm) +(http:\/\/127\.0\.0\.1:\d+)/gm)]
        .map(([, part, address]) => [part, address]),
    );
    assert.deepEqual(Object.keys(addresses), ["app", "redis", "qstash", "mail", "llm"], table);
    for (const line of table.split("\n")) {
      const isLink = /^ {4}http\S+#token=\S+$/.test(line);
      assert.ok(isLink || line.length <= 80, `wider than 80: ${line}`);
    }

    const health = await (await fetch(`${addresses.app}/health`)).json();
    assert.equal(health.status, "ok");
    for (const address of Object.values(addresses)) await refusesOtherPages(address);
    const page = await fetch(`${addresses.qstash}/`);
    assert.equal(page.status, 200);
    await page.body?.cancel();
    await openDashboards(table);
    await openChat(table);
    assert.equal((await firstJob(table)).state, "succeeded");
    const marked = await markFor(600, addresses.redis);
    assert.equal((await jobInAnHour(table, addresses.qstash)).state, "succeeded");
    assert.equal(await marked(), null, "the hour ended the TTL in Redis as well");

    await session.until(/^[\d:]{8} 202 POST \/api\/jobs\/:name {2}\d+ ms, 0 commands$/m);
    await session.until(/^[\d:]{8} {5}job.succeeded job=debug.echo id=\w+ /m);

    const plan = packagesOf.tasks["dev:schedules"].split(" ").slice(1);
    assert.deepEqual(await runIn(folder, ...plan), {
      code: 0,
      printed: ["feed.flush", "profile.daily", "sentiment.hourly", "feed.close"]
        .map((name) => `  armed    ${name} (by work; QStash holds nothing)\n`).join("") +
        `QStash at ${addresses.qstash} holds exactly the table: 0 schedules\n`,
    });

    const file = join(folder, "functions/ops/health.ts");
    const source = await Deno.readTextFile(file);
    const changed = source.replace(': "ok",', ': "changed" as "ok",');
    assert.notEqual(changed, source, "there is something to change");
    await Deno.writeTextFile(file, changed);
    await session.until(/health\.ts changed: the app started again in \d+ ms/);
    assert.equal((await (await fetch(`${addresses.app}/health`)).json()).status, "changed");

    const before = session.printed().length;
    await Deno.writeTextFile(file, source + "\nthis is no code");
    await session.until(/the next change starts it again/, before);
    const broken = session.printed().length;
    const held = await fetch(`${addresses.app}/health`);
    assert.equal(held.status, 503, "the port is held for the next app");
    assert.match(await held.text(), /^The app does not run/);
    await Deno.writeTextFile(file, source);
    await session.until(/health\.ts changed: the app started again/, broken);
    assert.equal((await (await fetch(`${addresses.app}/health`)).json()).status, "ok");

    const [lost] = await childrenOf(session.process.pid);
    Deno.kill(lost, "SIGKILL");
    await session.until(/The app ended with code 137; the next change starts it again/);
    const missed = await fetch(`${addresses.app}/health`);
    assert.equal(missed.status, 503, "the port is held when the app is lost");
    await missed.body?.cancel();
    const lostAt = session.printed().length;
    await Deno.writeTextFile(file, source);
    await session.until(/health\.ts changed: the app started again/, lostAt);

    const children = await childrenOf(session.process.pid);
    assert.equal(children.length, 1, "the app is the one child");
    if (Deno.build.os === "linux") {
      const line = (await Deno.readTextFile(`/proc/${children[0]}/cmdline`)).split("\0");
      const allowed = line.filter((word) => /^(-A|--allow-)/.test(word));
      assert.deepEqual(allowed, ["--allow-net", "--allow-env"]);
    }
    session.process.kill("SIGINT");
    assert.equal((await session.process.status).code, 0);
    for (const pid of children) assert.equal(await isAlive(pid), false, `process ${pid} is left`);
    for (const [part, address] of Object.entries(addresses)) {
      await assert.rejects(fetch(address), `${part} still listens`);
    }
    await assert.rejects(Deno.stat(join(folder, ".dev.env")), "its settings are gone with it");
  } finally {
    await stopDev(session);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("deno task dev leaves no app behind when it is killed", async () => {
  const folder = await copyOfTheTree();
  const session = startDev(folder);
  try {
    await session.until(/A first job:/);
    const [, app] = /^app +(http:\S+)/m.exec(session.printed())!;
    const [child] = await childrenOf(session.process.pid);
    session.process.kill("SIGKILL");
    await session.process.status;
    const deadline = Date.now() + 120_000;
    while (await isAlive(child) && Date.now() < deadline) await pause();
    assert.equal(await isAlive(child), false);
    await assert.rejects(fetch(app));
  } finally {
    await stopDev(session);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "deno task dev:workers runs the app in workerd, shows its log, and ends whole",
  ...needs("workerd"),
  fn: async () => {
    const folder = await copyOfTheTree();
    const session = startDev(folder, "--workers");
    try {
      await session.until(/A first job:\n(?:.*\n){3}/);
      assert.match(session.printed(), /stands in for +Cloudflare Workers \(workerd\)/);
      assert.equal((await firstJob(session.printed())).state, "succeeded");
      await session.until(/^[\d:]{8} {5}job.succeeded job=debug.echo id=\w+ /m);
      assert.doesNotMatch(session.printed(), /wrangler:info|env\./);
      await refusesOtherPages(/^app +(http:\S+)/m.exec(session.printed())![1]);
      const [app] = await childrenOf(session.process.pid);
      const children = [app, ...await childrenOf(app)];
      session.process.kill("SIGINT");
      assert.equal((await session.process.status).code, 0);
      for (const pid of children) assert.equal(await isAlive(pid), false, `process ${pid} is left`);
    } finally {
      await stopDev(session);
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Sends the printed command's request, and waits for the end of its job. */
/** A page of somebody else's, open in the browser of whoever runs dev, gets nothing done. */
async function refusesOtherPages(address: string): Promise<void> {
  const answer = await fetch(address, { headers: { origin: "https://evil.example" } });
  assert.equal(answer.status, 403, address);
  await answer.body?.cancel();
}

async function firstJob(table: string) {
  return await (await enqueue(table)).ended();
}

/** Signs in with what stands behind the `#` of the printed link, as its page does. */
async function openDashboards(table: string) {
  const [, link] = /^dashboards +(\S+)$/m.exec(table) ?? assert.fail("no link");
  const { origin, pathname, hash } = new URL(link);
  const answer = await fetch(origin + pathname, {
    method: "POST",
    headers: { origin },
    body: new URLSearchParams({ token: hash.slice(1) }),
    redirect: "manual",
  });
  assert.equal(answer.status, 303, await answer.text());
  const cookie = answer.headers.getSetCookie()[0].split(";")[0];
  const page = await fetch(`${origin}/admin/analytics/feed`, { headers: { cookie } });
  assert.equal(page.status, 200);
  assert.match(await page.text(), /Nothing was counted yet/);
}

/** Asks as the user whose token stands behind the `#` of the printed link. */
async function openChat(table: string) {
  const [, link] = /^chat\s+(\S+)$/m.exec(table) ?? assert.fail("no link");
  const { origin, pathname, hash } = new URL(link);
  const page = await fetch(origin + pathname);
  assert.equal(page.status, 200);
  await page.body?.cancel();
  const authorization = `Bearer ${hash.replace("#token=", "")}`;
  const answer = await fetch(`${origin}/api/chat/conversations`, { headers: { authorization } });
  assert.deepEqual(await answer.json(), { conversations: [] });
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

/** Sets a key for some seconds; what comes back reads it. */
async function markFor(seconds: number, redis: string) {
  const command = async (path: string) =>
    (await (await fetch(`${redis}/${path}?_token=dev-redis-token`)).json()).result;
  assert.equal(await command(`set/mark/1/EX/${seconds}`), "OK");
  return () => command("get/mark");
}

async function enqueue(table: string, options: Record<string, unknown> = {}) {
  const [, url, token, body] = /curl -s (\S+) .*Bearer ([^']+)'.* -d '([^']+)'/s.exec(table) ??
    assert.fail("no curl");
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify({ ...JSON.parse(body), ...options }),
  });
  const text = await response.text();
  assert.equal(response.status, 202, text);
  const address = new URL(`/api/jobs/${JSON.parse(text).id}`, url);
  const ended = async () => {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const job = await (await fetch(address, { headers })).json();
      if (job.state === "succeeded" || Date.now() > deadline) return job;
      await pause();
    }
  };
  return { ended };
}
