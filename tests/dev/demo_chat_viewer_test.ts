import assert from "node:assert/strict";
import { patiently, Viewer } from "../../dev/demo_chat_viewer.ts";

const answers = (...statuses: number[]) => {
  let asked = 0;
  return {
    ask: () => Promise.resolve(new Response(null, { status: statuses[asked++] })),
    asked: () => asked,
  };
};

Deno.test("an app that cannot answer for now is asked again, and its last word holds", async () => {
  const away = answers(503, 500, 200);
  assert.equal((await patiently(away.ask, [0, 0, 0])).status, 200);
  assert.equal(away.asked(), 3);
  const gone = answers(503, 503, 503);
  assert.equal((await patiently(gone.ask, [0, 0])).status, 503);
  assert.equal(gone.asked(), 3);
  const refused = answers(422);
  assert.equal((await patiently(refused.ask, [0, 0])).status, 422);
  assert.equal(refused.asked(), 1);
});

Deno.test("a message that is not accepted says why", async () => {
  const viewer = new Viewer();
  await viewer.read(() => Promise.resolve(new Response("Postgres is slow", { status: 422 })));
  await assert.rejects(
    viewer.accepted.promise,
    /not accepted: a stream broke: 422 Postgres is slow/,
  );
});
