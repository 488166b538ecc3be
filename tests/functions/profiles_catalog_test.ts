/**
 * Items are looked up with a provider over HTTP, each once, and never past the provider's limit.
 *
 * @module
 */
import assert from "node:assert/strict";
import { listen } from "../../dev/server.ts";
import type { Catalog } from "../../functions/profiles/catalogs.ts";
import { postgresEngines } from "../support/postgres_engines.ts";
import { createProfilesWorld, people } from "./profiles_world.ts";

const [engine] = postgresEngines();
const MINUTE_MS = 60_000;

/** A provider on loopback that knows songs by number, and a catalog that asks it. */
function startProvider() {
  const calls: { at: number; items: string[] }[] = [];
  let failures = 0;
  const server = listen((request) => {
    if (failures-- > 0) return new Response("busy", { status: 503 });
    const items = new URL(request.url).searchParams.getAll("id");
    calls.push({ at: Date.now(), items });
    const known = items.filter((item) => !item.includes("unknown"));
    return Response.json(Object.fromEntries(known.map((item) => [item, ["Jazz", " jazz ", ""]])));
  });
  const catalog: Catalog = {
    async describe(items) {
      const query = new URLSearchParams(items.map((item) => ["id", item]));
      const response = await fetch(`${server.url}/tracks?${query}`);
      if (!response.ok) throw new Error(`the provider answered ${await response.text()}`);
      return new Map(Object.entries(await response.json()));
    },
  };
  return {
    calls,
    catalog,
    fail: (times: number) => failures = times,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

engine.test("items without tags are looked up once, and the profile is made again with their tags", async () => {
  await using provider = startProvider();
  await using world = await createProfilesWorld(engine, {
    outside: { catalogs: { music: provider.catalog } },
  });
  await world.act(
    { user: "ann", domain: "music", item: "song-1", id: "a" },
    { user: "ann", domain: "music", item: "unknown", id: "b" },
    { user: "ann", domain: "music", item: "song-2", tags: ["pop"], id: "c" },
    { user: "ann", domain: "video", item: "film", id: "d" },
    { user: "bob", domain: "music", item: "song-1", id: "e" },
  );
  await world.cloud.advance("15h");
  assert.deepEqual(provider.calls.map(({ items }) => items), [["song-1", "unknown"]]);
  for (const user of ["ann", "bob"]) {
    const { body } = await world.call("GET", `/api/profiles/${user}`, "backend");
    const { value, source, of } = body.scores["music.tags"];
    assert.equal(source, "activities and catalog");
    assert.deepEqual([value[0].tag, of], ["jazz", user === "ann" ? 2 : 1]);
    assert.equal(body.scores["video.tags"], undefined);
  }
  await world.act({ user: "ann", domain: "music", item: "song-1" }, {
    user: "bob",
    domain: "music",
    item: "unknown",
  });
  await world.cloud.advance("24h");
  assert.equal(provider.calls.length, 1, "what was asked for is not asked for again");
});

engine.test("over the provider's limit jobs wait for the window, and spend no attempt", async () => {
  await using provider = startProvider();
  await using world = await createProfilesWorld(engine, {
    outside: { catalogs: { music: provider.catalog } },
  });
  const users = people(130);
  const activity = (user: string) => ({ user, domain: "music", item: `song of ${user}` });
  await world.act(...users.slice(0, 100).map(activity));
  await world.act(...users.slice(100).map(activity));
  await world.cloud.advance("14h30m");
  assert.equal(provider.calls.length, 130, "each user's, once");
  const [{ at: start }] = provider.calls;
  const first = provider.calls.filter(({ at }) => at < start + MINUTE_MS);
  assert.equal(first.length, 100, "spotify: 100 a minute");
  for (const { at } of provider.calls) {
    const window = provider.calls.filter((call) => call.at >= at && call.at < at + MINUTE_MS);
    assert.ok(window.length <= 100, `${window.length} in a minute`);
  }
  const ended = world.lines.filter(({ event, job }) =>
    event === "job.succeeded" && job === "profile.enrich.music"
  );
  assert.equal(ended.length, 130);
  assert.ok(ended.every(({ attempt }) => attempt === 0));
  assert.deepEqual(await world.rows("SELECT FROM dead_letters"), []);
});

engine.test("a provider that fails is asked again, and the profile does not wait for it", async () => {
  await using provider = startProvider();
  await using world = await createProfilesWorld(engine, {
    outside: { catalogs: { games: provider.catalog } },
  });
  provider.fail(1);
  await world.act({ user: "ann", domain: "games", item: "7" }, {
    user: "bob",
    domain: "games",
    item: "unknown",
  });
  await world.cloud.advance("14h10m5s");
  const made = async () =>
    Object.keys((await world.call("GET", "/api/profiles/ann", "backend")).body.scores);
  assert.deepEqual(await made(), ["games.minutes", "games.share"]);
  await world.cloud.advance("1m");
  assert.deepEqual(await made(), ["games.minutes", "games.share", "games.tags"]);
});

engine.test("without a catalog nothing is looked up, and to ask for it is an error for good", async () => {
  await using world = await createProfilesWorld(engine);
  await world.act({ user: "ann", domain: "video", item: "film" });
  const { id } = await world.deps.jobs.enqueue("profile.enrich.video", { user: "ann" });
  await world.cloud.settle();
  const { state, error } = await world.deps.jobs.state(id);
  assert.equal(state, "failed");
  assert.match(String(error?.message), /there is no catalog/);
});
