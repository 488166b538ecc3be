/**
 * Workflows are refused in clear words: a message that was taken and never ran would be worse.
 *
 * @module
 */
import assert from "node:assert/strict";
import { withCloud } from "./qstash_cloud.ts";

const REFUSED = /workflows do not run on the local server yet; set QSTASH_URL to a real QStash/;

const headers: Record<string, string>[] = [
  { "Upstash-Workflow-RunId": "wfr_1" },
  { "Upstash-Workflow-Init": "true" },
  { "Upstash-Callback-Workflow-RunId": "wfr_1" },
  { "Upstash-Failure-Callback-Workflow-Runid": "wfr_1" },
];
for (const header of headers) {
  const [name] = Object.keys(header);
  Deno.test(`a publish with ${name} is refused, and names it`, () =>
    withCloud(async ({ client, server }) => {
      const url = "https://x.dev/flow";
      const attempts = [
        () => client.publish({ url, headers: header }),
        () => client.queue({ queueName: "q" }).enqueue({ url, headers: header }),
        () => client.batch([{ url }, { url, headers: header }]),
        () => client.schedules.create({ destination: url, cron: "* * * * *", headers: header }),
      ];
      for (const attempt of attempts) {
        const error = await attempt().then(() => undefined, (error: Error) => error);
        assert.match(error?.message ?? "it was taken", REFUSED);
        assert.match(error!.message, new RegExp(name, "i"));
      }
      assert.deepEqual(server.messages(), []);
      assert.deepEqual(server.schedules(), []);
    }));
}

for (
  const [method, path] of [
    ["POST", "/v2/trigger/https://x.dev/flow"],
    ["POST", "/v2/batch/trigger"],
    ["DELETE", "/v2/workflows/runs/wfr_1?cancel=true"],
    ["GET", "/v2/workflows/logs"],
    ["POST", "/v2/notify/event"],
    ["GET", "/v2/waiters/event"],
  ]
) {
  Deno.test(`${method} ${path} is refused in the same words`, () =>
    withCloud(async ({ api }) => {
      const answer = await api(method, path);
      assert.equal(answer.status, 501);
      assert.match((await answer.json()).error, REFUSED);
    }));
}

Deno.test("what an endpoint is sent may be called as it likes", () =>
  withCloud(async ({ client, clock, endpoint }) => {
    await client.publish({
      url: endpoint.url("/hook"),
      headers: { "Upstash-Forward-Upstash-Workflow-Note": "mine" },
    });
    await clock.advance(0);
    assert.equal(endpoint.calls[0].headers.get("upstash-workflow-note"), "mine");
  }));
