/**
 * What is read of the feed, on every runtime.
 *
 * @module
 */
import assert from "node:assert/strict";
import { authorized, ended, enqueue, type PlatformCase } from "./calls.ts";

export const feedReadCases: readonly PlatformCase[] = [{
  name: "listings are said, ranked and read, page by page, with an ETag and no Redis command",
  run: async (cloud) => {
    const segment = `platform-${crypto.randomUUID()}`;
    const listings = ["a", "b", "c"].map((id) => ({
      kind: "services",
      id: `${segment}.${id}`,
      segments: [segment],
    }));
    const said = await cloud.fetch("/api/listings", {
      method: "POST",
      headers: { ...authorized(cloud), "content-type": "application/json" },
      body: JSON.stringify({ listings }),
    });
    assert.equal(said.status, 200, await said.clone().text());
    assert.deepEqual(await said.json(), { listings: 3, changed: 3 });
    const { id } = await (await enqueue(cloud, { input: {} }, "feed.rank")).json();
    assert.equal((await ended(cloud, id)).state, "succeeded");

    const path = `/api/feed/services:${segment}?limit=2`;
    const read = async (path: string, headers: Record<string, string> = {}) => {
      const response = await cloud.fetch(path, { headers });
      assert.match(response.headers.get("server-timing") ?? "", /desc="0 commands"/);
      return { response, text: await response.text() };
    };
    // Several at once: no connection of one may be another's.
    const [first, ...others] = await Promise.all(Array.from({ length: 4 }, () => read(path)));
    assert.equal(first.response.status, 200, first.text);
    for (const other of others) assert.equal(other.text, first.text);
    const page = JSON.parse(first.text);
    assert.equal(page.stale, undefined);
    const next = JSON.parse((await read(`${path}&cursor=${page.cursor}`)).text);
    assert.deepEqual(
      [...page.listings, ...next.listings].map(({ position, id }) => ({ position, id })),
      listings.map(({ id }, index) => ({ position: index + 1, id })),
    );
    const tag = first.response.headers.get("etag")!;
    const again = await read(path, { "if-none-match": tag });
    assert.deepEqual([again.response.status, again.text], [304, ""]);

    const one = await read(`/api/metrics/services/${encodeURIComponent(listings[0].id)}`);
    const counts = JSON.parse(one.text);
    assert.deepEqual(counts.days[30], { views: 0, impressions: 0, favorites: 0, bookings: 0 });
    const unknown = await read("/api/metrics/boats?id=1");
    assert.equal(JSON.parse(unknown.text).code, "feed_kind_unknown");
  },
}];
