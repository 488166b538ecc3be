import assert from "node:assert/strict";
import { createAppWorld, STANDARD_SECRET, toBase64 } from "./app_world.ts";
import { signStandard } from "./standard_signature.ts";

const echo = JSON.stringify({ type: "debug.echo", data: { message: "hello" } });

const standardRequest = (
  now: number,
  { body = echo, id = "msg_1", secret = STANDARD_SECRET, atMs = now } = {},
) => signStandard({ body, id, secret, atMs });

Deno.test("the signature of the Standard Webhooks specification's own example is accepted", async () => {
  await using world = createAppWorld();
  const body = '{"test": 2432232314}';
  const init = await standardRequest(0, {
    body,
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    atMs: 1614265330_000,
  });
  assert.equal(
    init.headers["webhook-signature"],
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
  const { body: answer } = await world.request("/hooks/standard", init);
  assert.equal(
    answer.code,
    "signature_expired",
    "it is from 2021, and nothing else is wrong with it",
  );
});

Deno.test("a known type becomes its job with the event's data, and again is the same job", async () => {
  await using world = createAppWorld();
  const first = await world.request("/hooks/standard", await standardRequest(world.clock.now()));
  assert.equal(first.response.status, 202);
  assert.equal(first.body.job, "debug.echo");
  await world.clock.advance(60_000);
  const second = await world.request("/hooks/standard", await standardRequest(world.clock.now()));
  assert.deepEqual(second.body, { ...first.body, deduplicated: true });
});

Deno.test("one good signature among several is enough, as while a secret is rotated", async () => {
  await using world = createAppWorld();
  const init = await standardRequest(world.clock.now());
  const good = init.headers["webhook-signature"];
  init.headers["webhook-signature"] = `v1a,ed25519 v1,${
    toBase64(new Uint8Array(32))
  } v1,!! ${good}`;
  assert.equal((await world.request("/hooks/standard", init)).response.status, 202);
});

Deno.test("an unknown type is let go with 202", async () => {
  await using world = createAppWorld();
  const body = JSON.stringify({ type: "invoice.paid", data: {} });
  const init = await standardRequest(world.clock.now(), { body });
  const answer = await world.request("/hooks/standard", init);
  assert.equal(answer.response.status, 202);
  assert.equal(answer.body.accepted, false);
});

type Change = (init: Awaited<ReturnType<typeof standardRequest>>) => void;
const standardFaults: [
  name: string,
  code: string,
  options: { atMs?: number; body?: string; secret?: string },
  change?: Change,
][] = [
  ["6 minutes old", "signature_expired", { atMs: -360_000 }],
  ["6 minutes ahead", "signature_expired", { atMs: 360_000 }],
  ["of another secret", "signature_invalid", { secret: "whsec_AAAA" }],
  ["without an id", "signature_missing", {}, (init) => delete init.headers["webhook-id"]],
  ["without a time", "signature_missing", {}, (init) => delete init.headers["webhook-timestamp"]],
  [
    "without a signature",
    "signature_missing",
    {},
    (init) => delete init.headers["webhook-signature"],
  ],
  ["with another id", "signature_invalid", {}, (init) => init.headers["webhook-id"] = "msg_2"],
  ["with another body", "signature_invalid", {}, (init) => init.body = `${echo} `],
  [
    "with a bare signature",
    "signature_invalid",
    {},
    (init) => init.headers["webhook-signature"] = init.headers["webhook-signature"].slice(3),
  ],
  ["that is not JSON", "body_malformed", { body: "{" }],
  ["without a type", "body_invalid", { body: '{"data":{}}' }],
  [
    "whose data the job refuses",
    "body_invalid",
    { body: '{"type":"debug.echo","data":{"message":1}}' },
  ],
];
for (const [name, code, { atMs = 0, ...options }, change] of standardFaults) {
  Deno.test(`a Standard Webhooks delivery ${name} answers ${code}, and makes no job`, async () => {
    await using world = createAppWorld();
    const now = world.clock.now();
    const init = await standardRequest(now, { ...options, atMs: now + atMs });
    change?.(init);
    const { body } = await world.request("/hooks/standard", init);
    assert.equal(body.code, code);
    assert.equal(world.qstash.messages().length, 0);
  });
}
