/**
 * Bodies of callers who are not known yet: nothing is read in vain, and memory has a bound.
 *
 * @module
 */
import assert from "node:assert/strict";
import { BodyMemory, MOST_HELD_BYTES } from "../../functions/middleware/body_memory.ts";
import { createAppWorld, GITHUB_SECRET, hmac, STANDARD_SECRET, toHex } from "./app_world.ts";

const MIB = 1024 * 1024;
const settings = {
  WEBHOOK_SECRET_RESEND: STANDARD_SECRET,
  WEBHOOK_SECRET_PAYLOAD: STANDARD_SECRET,
  WEBHOOK_SECRET_SUPABASE: "secret-of-a-database",
};

/** A body in pieces of 64 KiB that says how much of it was taken. */
function counted(bytes: number) {
  const state = { taken: 0, isCancelled: false };
  const piece = new Uint8Array(64 * 1024).fill(32);
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (state.taken >= bytes) return controller.close();
      state.taken += piece.length;
      controller.enqueue(piece);
    },
    cancel() {
      state.isCancelled = true;
    },
  }, { highWaterMark: 0 });
  return { state, stream };
}

const post = (headers: Record<string, string>, body: ReadableStream<Uint8Array>) =>
  ({ method: "POST", headers, body, duplex: "half" }) as RequestInit;

const now = () => `${Math.floor(Date.now() / 1_000)}`;
const mac = btoa("\0".repeat(32));
const github = (more: Record<string, string> = {}) => ({
  "X-GitHub-Event": "push",
  "X-GitHub-Delivery": "d1",
  "X-Hub-Signature-256": `sha256=${"0".repeat(64)}`,
  ...more,
});
const standard = (prefix: string, more: Record<string, string> = {}) => ({
  [`${prefix}-id`]: "msg_1",
  [`${prefix}-timestamp`]: now(),
  [`${prefix}-signature`]: `v1,${mac}`,
  ...more,
});

const unread: { what: string; path: string; headers: Record<string, string>; code: string }[] = [
  { what: "no signature", path: "/hooks/github", headers: {}, code: "signature_missing" },
  {
    what: "a signature that is none",
    path: "/hooks/github",
    headers: github({ "X-Hub-Signature-256": "sha256=abc" }),
    code: "signature_invalid",
  },
  { what: "no signature", path: "/hooks/standard", headers: {}, code: "signature_missing" },
  {
    what: "a signature of another kind",
    path: "/hooks/standard",
    headers: standard("webhook", { "webhook-signature": "v1a,AAAA" }),
    code: "signature_invalid",
  },
  {
    what: "an old timestamp",
    path: "/hooks/standard",
    headers: standard("webhook", { "webhook-timestamp": "1000000000" }),
    code: "signature_expired",
  },
  { what: "no signature", path: "/hooks/resend", headers: {}, code: "signature_missing" },
  { what: "no signature", path: "/hooks/payload", headers: {}, code: "signature_missing" },
  { what: "no token", path: "/hooks/supabase", headers: {}, code: "token_missing" },
  { what: "no signature", path: "/qstash/jobs/debug.echo", headers: {}, code: "signature_missing" },
  {
    what: "somebody's signature",
    path: "/qstash/jobs/debug.echo",
    headers: { "Upstash-Signature": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA" },
    code: "signature_invalid",
  },
  { what: "no signature", path: "/qstash/failures", headers: {}, code: "signature_missing" },
  { what: "no token", path: "/api/jobs/debug.echo", headers: {}, code: "token_missing" },
  { what: "no token", path: "/api/groups", headers: {}, code: "token_missing" },
  { what: "no token", path: "/api/dead-letters/x/replay", headers: {}, code: "token_missing" },
  { what: "no token", path: "/api/notifications", headers: {}, code: "token_missing" },
  { what: "no token", path: "/api/activity", headers: {}, code: "token_missing" },
  { what: "no token", path: "/api/listings", headers: {}, code: "token_missing" },
  { what: "no token", path: "/api/limits/spotify/check", headers: {}, code: "token_missing" },
];
for (const { what, path, headers, code } of unread) {
  Deno.test(`POST ${path} with ${what} answers ${code}, before a byte is read`, async () => {
    await using world = createAppWorld({ environment: settings });
    const { state, stream } = counted(10 * MIB);
    const { response, body } = await world.request(path, post(headers, stream));
    assert.equal(response.status, 401);
    assert.equal(body.code, code);
    assert.equal(state.taken, 0);
  });
}

for (
  const [path, headers, most] of [
    ["/hooks/github", github(), 26_214_400],
    ["/hooks/standard", standard("webhook"), 10_000_000],
    ["/hooks/resend", standard("svix"), 1_000_000],
    ["/hooks/payload", standard("webhook"), 2_000_000],
  ] as const
) {
  Deno.test(`POST ${path} of more than ${most} bytes answers 413, unread where it is announced`, async () => {
    await using world = createAppWorld({ environment: settings });
    const said = counted(most);
    const announced = { ...headers, "Content-Length": `${most + 1}` };
    const first = await world.request(path, post(announced, said.stream));
    assert.deepEqual([first.response.status, said.state.taken], [413, 0]);
    const silent = counted(4 * most);
    const second = await world.request(path, post(headers, silent.stream));
    assert.equal(second.response.status, 413);
    assert(silent.state.isCancelled && silent.state.taken <= most + 128 * 1024);
  });
}

Deno.test("of 100 webhooks at once no more than 50 MiB are held, and the rest is asked to come again", async () => {
  await using world = createAppWorld();
  const bodies = Array.from({ length: 100 }, () => counted(20 * MIB));
  let most = 0;
  const watched = bodies.map(({ state, stream }) => ({
    state,
    stream: stream.pipeThrough(
      new TransformStream({
        transform(piece, controller) {
          const held = bodies.filter(({ state }) => !state.isCancelled)
            .reduce((sum, { state }) => sum + state.taken, 0);
          most = Math.max(most, held);
          controller.enqueue(piece);
        },
      }),
    ),
  }));
  const answers = await Promise.all(
    watched.map(({ stream }) => world.request("/hooks/github", post(github(), stream))),
  );
  const busy = answers.filter(({ response }) => response.status === 503);
  assert(busy.length >= 90, `${busy.length} were refused`);
  for (const { response, body } of busy) {
    assert.equal(body.code, "overloaded");
    assert.equal(response.headers.get("Retry-After"), "5");
  }
  // Each of them may have some pieces on their way besides.
  assert(most <= MOST_HELD_BYTES + 100 * 256 * 1024, `${most / MIB} MiB`);
  // What was held is free again.
  const body = "{}";
  const signature = `sha256=${toHex(await hmac(GITHUB_SECRET, body))}`;
  const { response } = await world.request("/hooks/github", {
    method: "POST",
    headers: github({ "X-GitHub-Event": "ping", "X-Hub-Signature-256": signature }),
    body,
  });
  assert.equal(response.status, 200);
});

Deno.test("a body that comes too slowly gives its room to others, where none is left", () => {
  let at = 0;
  const memory = new BodyMemory({ now: () => at });
  const none = new Uint8Array();
  const slow = memory.begin(false, none);
  memory.hold(slow, 40 * MIB);
  slow.bytes = new Uint8Array(40 * MIB);
  const other = memory.begin(false, none);
  assert.throws(() => memory.hold(other, 20 * MIB), { code: "overloaded", retryAfterMs: 5_000 });
  const proven = memory.begin(true, none);
  memory.hold(proven, 20 * MIB);
  at += 15_000;
  memory.hold(other, 20 * MIB);
  assert.equal(slow.bytes.length, 0);
  assert.throws(() => memory.hold(slow, 41 * MIB), { code: "overloaded" });
  assert.equal(proven.isGivenUp, false);
});

Deno.test("room that was released is free", () => {
  const memory = new BodyMemory({ now: () => 0 });
  const first = memory.begin(true, new Uint8Array());
  memory.hold(first, MOST_HELD_BYTES);
  first.bytes = new Uint8Array(MOST_HELD_BYTES);
  memory.release(first);
  memory.hold(memory.begin(true, new Uint8Array()), MOST_HELD_BYTES);
});
