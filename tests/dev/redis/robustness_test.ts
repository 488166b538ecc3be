/**
 * What the server bears: many at once, large bodies, callers that leave.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Rest, withRest } from "./rest.ts";

Deno.test("1,000 requests at once are all answered, each with a number of its own", () =>
  withRest(async ({ run }) => {
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => run("INCR", "n")));
    assert.equal(new Set(answers).size, 1_000);
    assert.equal(await run("GET", "n"), "1000");
  }));

Deno.test("10 MB go in and come out, one byte more does not", () =>
  withRest(async ({ fetch, run }) => {
    const put = async (valueBytes: number) => {
      const response = await fetch("/set/k", {
        method: "PUT",
        body: new Uint8Array(valueBytes).fill(65),
      });
      return `${response.status} ${await response.text()}`;
    };
    const most = 10 * 1024 * 1024 - "setk".length;
    assert.equal(await put(most), `200 {"result":"OK"}`);
    assert.equal(
      await put(most + 1),
      `413 {"error":"ERR max request size exceeded. Limit: 10485760, Actual: 10485761"}`,
    );
    assert.equal(await run("STRLEN", "k"), most);
    const response = await fetch("/get/k");
    assert.equal((await response.json()).result.length, most);
  }));

Deno.test("a caller that leaves before its body is whole has asked for nothing", () =>
  withRest(async (rest) => {
    for (let caller = 0; caller < 10; caller++) {
      await leaveAfter(rest, `POST /incr/n HTTP/1.1\r\ncontent-length: 100\r\n`, "ha");
    }
    assert.equal(await rest.run("EXISTS", "n"), 0);
  }));

Deno.test("a caller that leaves before its answer does not disturb the others", () =>
  withRest(async (rest) => {
    for (let caller = 0; caller < 10; caller++) {
      await leaveAfter(rest, "GET /lrange/l/0/-1 HTTP/1.1\r\n");
      assert.equal(await rest.run("RPUSH", "l", "x".repeat(10_000)), caller + 1);
    }
  }));

/** Sends a request, or the beginning of one, and closes the connection at once. */
async function leaveAfter({ url, server }: Rest, head: string, body = ""): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  const request = `${head}host: local\r\nauthorization: Bearer ${server.token}\r\n\r\n${body}`;
  await connection.write(new TextEncoder().encode(request));
  connection.close();
}
