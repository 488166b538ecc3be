/**
 * What requests share for events, under Deno and under workerd: keys that one fetched, and a message
 * that one sends for all. workerd fails where it is more than plain data.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Cloud, createCloud } from "../../dev/cloud.ts";
import { listen } from "../../dev/server.ts";
import { createApp } from "../../functions/app.ts";
import { createDeps } from "../../functions/deps.ts";
import { readConfig } from "../../shared/config.ts";
import { needs } from "../support/needs.ts";
import { silentLog } from "../support/silent_log.ts";
import { startWorker } from "../support/workerd.ts";
import { sendEvent } from "./feed_events.ts";

interface Running {
  url: string;
  close(): Promise<void>;
}

const runtimes: {
  name: string;
  ignore: boolean;
  start(environment: Record<string, string>): Promise<Running>;
}[] = [
  {
    name: "Deno",
    ignore: false,
    start: (environment) => {
      const app = createApp(createDeps(readConfig(environment), { log: silentLog }));
      return Promise.resolve(listen((request) => app.fetch(request)));
    },
  },
  { name: "workerd", ...needs("workerd"), start: startWorker },
];

/** A cloud without an app, and one in the runtime beside it. */
async function withApp(
  start: (environment: Record<string, string>) => Promise<Running>,
  environment: Record<string, string>,
  work: (app: Running, cloud: Cloud) => Promise<void>,
) {
  await using cloud = await createCloud({
    clock: "wall",
    environment: { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none", ...environment },
    // What is delivered waits there: it is the sending that is looked at.
    app: () => ({ fetch: () => new Response("later", { status: 503 }) }),
  });
  const app = await start({ ...cloud.environment });
  try {
    await work(app, cloud);
  } finally {
    await app.close();
  }
}

const view = (id: number) => ({ kind: "locations", id, session: `session-${id}` });

function eventsOf(cloud: Cloud): string[][] {
  return cloud.qstash.logs()
    .filter(({ url, state }) => state === "CREATED" && `${url}`.endsWith("/feed.record"))
    .map(({ body }) => {
      const text = new TextDecoder().decode(Uint8Array.fromBase64(body as string));
      return JSON.parse(text).input.events.map(({ id }: { id: string }) => id);
    });
}

for (const { name, ignore, start } of runtimes) {
  Deno.test({
    name:
      `${name}: under load with Redis away one message carries a second's events, each of them once`,
    ignore,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () =>
      withApp(start, {}, async (app, cloud) => {
        cloud.redis.faults.add({ kind: "refuse", times: 1_000_000 });
        const sent = Array.from({ length: 80 }, (_, id) => sendEvent(app, "views", view(id)));
        for (const { status, body } of await Promise.all(sent)) {
          assert.equal(status, 202, JSON.stringify(body));
        }
        const messages = eventsOf(cloud);
        const ids = messages.flat().map(Number).sort((one, other) => one - other);
        assert.deepEqual(ids, Array.from({ length: 80 }, (_, id) => id));
        // Five alone and one for the rest; requests on their way for seconds may need some more.
        assert.ok(messages.length <= 20, `${messages.length} messages`);
      }),
  });

  Deno.test({
    name: `${name}: requests at once arm a slot once`,
    ignore,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () =>
      withApp(start, {}, async (app, cloud) => {
        const sent = Array.from({ length: 40 }, (_, id) => sendEvent(app, "views", view(id)));
        for (const { body } of await Promise.all(sent)) assert.equal(body.outcome, "counted");
        const { byCommand } = cloud.redis.meter.snapshot();
        assert.ok(byCommand.MGET <= 2, `${byCommand.MGET} reads`);
        assert.equal(byCommand.SADD, 40);
      }),
  });

  Deno.test({
    name: `${name}: users' keys are fetched once, and serve every request after`,
    ignore,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const pair = await crypto.subtle.generateKey(
        { name: "ECDSA", namedCurve: "P-256" },
        true,
        ["sign", "verify"],
      );
      const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
      let asked = 0;
      const issuer = listen(() => {
        asked++;
        return Promise.resolve(Response.json({ keys: [{ ...jwk, kid: "one" }] }));
      });
      try {
        await withApp(start, {
          AUTH_JWKS_URL: `${issuer.url}/keys`,
          AUTH_ISSUER: ISSUER,
          AUTH_AUDIENCE: "ours",
        }, async (app) => {
          const token = await tokenBy(pair.privateKey, { alg: "ES256", kid: "one" }, "u1");
          const listing = { kind: "locations", id: 42 };
          const outcomes = [];
          for (let time = 0; time < 3; time++) {
            const headers = { authorization: `Bearer ${token}` };
            outcomes.push((await sendEvent(app, "views", listing, headers)).body.outcome);
          }
          outcomes.push((await sendEvent(app, "views", { ...listing, token })).body.outcome);
          assert.deepEqual(outcomes, ["counted", "repeated", "repeated", "repeated"]);
          const forged = await sendEvent(app, "views", { ...listing, token: `${token}A` });
          assert.equal(forged.status, 401);
          assert.equal(asked, 1);
        });
      } finally {
        await issuer.close();
      }
    },
  });
}

const ISSUER = "https://issuer.example/";

async function tokenBy(key: CryptoKey, header: unknown, sub: string): Promise<string> {
  const segment = (bytes: Uint8Array<ArrayBuffer>) =>
    bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  const json = (value: unknown) => segment(new TextEncoder().encode(JSON.stringify(value)));
  const text = `${json(header)}.${
    json({ sub, iss: ISSUER, aud: "ours", exp: Math.floor(Date.now() / 1_000) + 3_600 })
  }`;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const bytes = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(text));
  return `${text}.${segment(new Uint8Array(bytes))}`;
}
