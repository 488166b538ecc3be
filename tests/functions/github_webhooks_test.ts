import assert from "node:assert/strict";
import { githubPush } from "../../functions/jobs/github_push.ts";
import { createAppWorld, GITHUB_SECRET, hmac, toHex } from "./app_world.ts";

const push = JSON.stringify({
  ref: "refs/heads/main",
  after: "9b1c",
  repository: { full_name: "octo/hello" },
  pusher: { name: "octocat" },
  commits: [],
});

async function githubRequest(
  { body = push, event = "push", id = "72d3162e-cc78-11e3", secret = GITHUB_SECRET } = {},
): Promise<RequestInit & { headers: Record<string, string> }> {
  return {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/json",
      "X-GitHub-Event": event,
      "X-GitHub-Delivery": id,
      "X-Hub-Signature-256": `sha256=${toHex(await hmac(secret, body))}`,
    },
  };
}

Deno.test("GitHub's own example of a signature is accepted", async () => {
  await using world = createAppWorld();
  const { response } = await world.request("/hooks/github", {
    method: "POST",
    body: "Hello, World!",
    headers: {
      "X-GitHub-Event": "issues",
      "X-GitHub-Delivery": "d1",
      "X-Hub-Signature-256":
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    },
  });
  assert.equal(response.status, 202);
});

Deno.test("a push in a form's field is taken as well, and only what the job reads is passed on", async () => {
  await using world = createAppWorld();
  const payload = JSON.stringify({ ...JSON.parse(push), padding: "x".repeat(2_000_000) });
  const init = await githubRequest({ body: new URLSearchParams({ payload }).toString() });
  init.headers["Content-Type"] = "application/x-www-form-urlencoded";
  const { response, body } = await world.request("/hooks/github", init);
  assert.equal(response.status, 202, JSON.stringify(body));
  const [entry] = world.qstash.logs();
  const carried = JSON.parse(atob(entry.body as string));
  assert.equal(carried.input.repository.full_name, "octo/hello");
  assert.equal(carried.input.padding, undefined);
});

Deno.test("a push of GitHub's largest size is one small message, with its files counted", async () => {
  await using world = createAppWorld();
  const file = (commit: number, n: number) => `packages/package-${commit % 10}/src/file-${n}.tsx`;
  const commits = Array.from({ length: 600 }, (_, commit) => ({
    id: `${commit}`,
    message: `Generate ${commit}\n\n${"x".repeat(1_000)}`,
    author: { name: "Mona", username: commit % 2 === 0 ? "mona" : undefined },
    added: Array.from({ length: 1_100 }, (_, n) => file(commit, n)),
    modified: [],
    removed: null,
  }));
  const body = JSON.stringify({ ...JSON.parse(push), commits });
  assert(body.length > 24e6 && body.length < 26_214_400, `${body.length}`);
  const { response } = await world.request("/hooks/github", await githubRequest({ body }));
  assert.equal(response.status, 202);
  const carried = JSON.parse(atob(world.qstash.logs()[0].body as string));
  assert.deepEqual(carried.input.files, { added: 11_000, modified: 0, removed: 0 });
  assert.equal(carried.input.commits.length, 600);
  assert.equal(carried.input.commits.at(-1).message, "Generate 599");
  assert(JSON.stringify(carried).length < 100_000);
  const { run, input } = githubPush;
  const summary = await run(input.parse(carried.input), undefined as never);
  assert.deepEqual([summary.commits, summary.authors], [600, ["mona", "Mona"]]);
  assert.equal(summary.subject, "Generate 599");
});

Deno.test("a push of those that write null for nothing is taken", async () => {
  await using world = createAppWorld();
  const commit = {
    id: "1",
    message: "Fix",
    author: null,
    added: null,
    modified: ["a"],
    removed: null,
  };
  const nulls = { ...JSON.parse(push), deleted: null, forced: null, commits: [null, commit] };
  for (const body of [{ ...nulls }, { ...nulls, commits: null }]) {
    const init = await githubRequest({ body: JSON.stringify(body), id: crypto.randomUUID() });
    const { response, body: problem } = await world.request("/hooks/github", init);
    assert.equal(response.status, 202, JSON.stringify(problem));
  }
});

Deno.test("a form is one in any case of its content type", async () => {
  await using world = createAppWorld();
  const init = await githubRequest({ body: new URLSearchParams({ payload: push }).toString() });
  init.headers["Content-Type"] = "Application/X-WWW-Form-URLEncoded; Charset=UTF-8";
  assert.equal((await world.request("/hooks/github", init)).response.status, 202);
});

Deno.test("a push becomes the job github.push, and again is the same job", async () => {
  await using world = createAppWorld();
  const first = await world.request("/hooks/github", await githubRequest());
  assert.equal(first.response.status, 202);
  assert.equal(first.body.job, "github.push");
  assert.equal(first.body.deduplicated, false);
  assert.equal(first.response.headers.get("Location"), `/api/jobs/${first.body.id}`);
  const second = await world.request("/hooks/github", await githubRequest());
  assert.deepEqual(second.body, { ...first.body, deduplicated: true });
  assert.equal(world.qstash.messages().length, 1);
  assert.equal(world.sentToRedis.length, 0, "enqueueing costs no Redis command");
  const other = await world.request("/hooks/github", await githubRequest({ id: "another" }));
  assert.notEqual(other.body.id, first.body.id);
});

Deno.test("GitHub's ping is answered, and makes no job", async () => {
  await using world = createAppWorld();
  const ping = await githubRequest({ event: "ping", body: '{"zen":"Keep it simple"}' });
  const { response, body } = await world.request("/hooks/github", ping);
  assert.equal(response.status, 200);
  assert.deepEqual(body, { pong: true });
  assert.equal(world.qstash.messages().length, 0);
});

Deno.test("an event that no job is made of is let go with 202", async () => {
  await using world = createAppWorld();
  for (const event of ["star", "constructor"]) {
    const { response, body } = await world.request(
      "/hooks/github",
      await githubRequest({ event }),
    );
    assert.equal(response.status, 202);
    assert.deepEqual(body, { accepted: false, because: `no job is made of "${event}"` });
  }
  assert.equal(world.qstash.messages().length, 0);
});

const githubFaults: [
  name: string,
  status: number,
  code: string,
  change: (init: Awaited<ReturnType<typeof githubRequest>>) => void,
][] = [
  [
    "without a signature",
    401,
    "signature_missing",
    (init) => delete init.headers["X-Hub-Signature-256"],
  ],
  ["with another body", 401, "signature_invalid", (init) => init.body = `${push} `],
  [
    "with the old SHA-1 signature alone",
    401,
    "signature_missing",
    (init) => {
      init.headers["X-Hub-Signature"] = "sha1=0123456789012345678901234567890123456789";
      delete init.headers["X-Hub-Signature-256"];
    },
  ],
  [
    "with a signature that is no hex",
    401,
    "signature_invalid",
    (init) => init.headers["X-Hub-Signature-256"] = `sha256=${"zz".repeat(32)}`,
  ],
  [
    "with half a signature",
    401,
    "signature_invalid",
    (init) =>
      init.headers["X-Hub-Signature-256"] = init.headers["X-Hub-Signature-256"].slice(0, 39),
  ],
  [
    "without a delivery id",
    422,
    "body_invalid",
    (init) => delete init.headers["X-GitHub-Delivery"],
  ],
  ["without an event", 422, "body_invalid", (init) => delete init.headers["X-GitHub-Event"]],
  [
    "with an endless delivery id",
    422,
    "body_invalid",
    (init) => init.headers["X-GitHub-Delivery"] = "x".repeat(201),
  ],
];
for (const [name, status, code, change] of githubFaults) {
  Deno.test(`a GitHub delivery ${name} answers ${code}, and makes no job`, async () => {
    await using world = createAppWorld();
    const init = await githubRequest();
    change(init);
    const { response, body } = await world.request("/hooks/github", init);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("Content-Type"), "application/problem+json");
    assert.equal(body.code, code);
    assert.equal(world.qstash.messages().length, 0);
  });
}

const signedFaults: [name: string, body: string, status: number, code: string, field?: string][] = [
  ["that is not JSON", "payload=%7B%7D", 400, "body_malformed"],
  ["that is empty", "", 400, "body_malformed"],
  [
    "of another shape",
    JSON.stringify({ ...JSON.parse(push), repository: 7 }),
    422,
    "body_invalid",
    "repository",
  ],
  ["of more than 25 MB", JSON.stringify("x".repeat(26_214_400)), 413, "body_too_large"],
];
for (const [name, payload, status, code, field] of signedFaults) {
  Deno.test(`a signed push ${name} answers ${code}, and makes no job`, async () => {
    await using world = createAppWorld();
    const init = await githubRequest({ body: payload });
    const { response, body } = await world.request("/hooks/github", init);
    assert.equal(response.status, status);
    assert.equal(body.code, code);
    assert.equal(body.fields?.[0].path, field);
    assert.equal(world.qstash.messages().length, 0);
  });
}

Deno.test("a webhook whose secret is not set is switched off, and names the setting", async () => {
  const environment = { WEBHOOK_SECRET_GITHUB: "", WEBHOOK_SECRET_STANDARD: "" };
  await using world = createAppWorld({ environment });
  for (const sender of ["github", "standard"]) {
    const { response, body } = await world.request(`/hooks/${sender}`, await githubRequest());
    assert.equal(response.status, 503);
    assert.equal(body.code, "not_configured");
    assert.match(body.detail, new RegExp(`WEBHOOK_SECRET_${sender.toUpperCase()}`));
  }
});

Deno.test("with QStash away a webhook answers 503 with Retry-After, so that the sender comes again", async () => {
  await using world = createAppWorld();
  world.qstash.faults.add({ kind: "publishRefused", status: 503 });
  const refused = await world.request("/hooks/github", await githubRequest());
  assert.equal(refused.response.status, 503);
  assert.equal(refused.body.code, "queue_unavailable");
  assert.equal(refused.response.headers.get("Retry-After"), "5");
  const again = await world.request("/hooks/github", await githubRequest());
  assert.equal(again.response.status, 202);
  assert.equal(again.body.deduplicated, false);
});
