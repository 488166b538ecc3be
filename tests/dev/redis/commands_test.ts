/**
 * Commands that Upstash refuses over REST, and those that it answers in its own way.
 *
 * @module
 */
import assert from "node:assert/strict";
import { withRest } from "./rest.ts";

const refused: [command: string[], because: RegExp][] = [
  [["BLPOP", "l", "1"], /blocks/],
  [["BZMPOP", "1", "1", "z", "MIN"], /blocks/],
  [["XREAD", "BLOCK", "10", "STREAMS", "s", "$"], /BLOCK waits/],
  [["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"], /BLOCK waits/],
  [["WATCH", "k"], /belongs to a connection/],
  [["MULTI"], /belongs to a connection/],
  [["AUTH", "p"], /belongs to a connection/],
  [["CLIENT", "LIST"], /belongs to a connection/],
  [["SUBSCRIBE", "c"], /stream of events/],
  [["MONITOR"], /stream of events/],
  [["OBJECT", "ENCODING", "k"], /does not document/],
  [["SORT", "l"], /does not document/],
  [["CONFIG", "RESETSTAT"], /does not document/],
  [["JSON.SET", "k", "$", "1"], /JSON documents are not in the local server/],
  [["SEARCH.QUERY", "i", "q"], /search is not in the local server/],
];
for (const [command, because] of refused) {
  Deno.test(`${command.join(" ")} is refused, and says why`, () =>
    withRest(async ({ post, server }) => {
      const { status, body } = await post("/", command);
      assert.equal(status, 400);
      const { error } = body as { error: string };
      assert.match(error, /^ERR Command is not available: '/);
      assert.match(error, because);
      assert.equal(server.meter.snapshot().commands, 0, "a refused command is not billed");
    }));
}

const answers: [command: string[], result: unknown][] = [
  [["COMMAND"], []],
  [["COMMAND", "COUNT"], []],
  [["CLIENT", "SETINFO", "LIB-NAME", "x"], "OK"],
  [["SELECT", "0"], "OK"],
  [["SELECT", "1"], "!ERR DB index is out of range"],
  [["CONFIG", "GET", "maxmemory"], []],
  [["CONFIG", "GET", "notify*"], ["notify-keyspace-events", ""]],
  [["CONFIG", "SET", "notify-keyspace-events", "KEA"], "OK"],
  [
    ["CONFIG", "SET", "maxmemory", "1"],
    "!ERR Unknown option or number of arguments for CONFIG SET - 'maxmemory'",
  ],
  [["SCRIPT", "KILL"], "!NOTBUSY No scripts in execution right now."],
  [["FUNCTION", "KILL"], "!NOTBUSY No scripts in execution right now."],
  [["WAIT", "1", "0"], 0],
  [["WAITAOF", "0", "0", "0"], [0, 0]],
  [["PING"], "PONG"],
  [["PING", "hi"], "hi"],
  [["ECHO", "hi"], "hi"],
];
for (const [command, result] of answers) {
  Deno.test(`${command.join(" ")} answers ${JSON.stringify(result)}`, () =>
    withRest(async ({ run }) => assert.deepEqual(await run(...command), result)));
}

Deno.test("FLUSHDB and FLUSHALL both empty the database", () =>
  withRest(async ({ run }) => {
    for (const flush of ["FLUSHDB", "FLUSHALL"]) {
      await run("SET", "k", "v");
      assert.equal(await run(flush), "OK");
      assert.equal(await run("DBSIZE"), 0);
    }
  }));

Deno.test("a documented command that the engine lacks is refused as such, and not billed", () =>
  withRest(async ({ run, server }) => {
    assert.equal(
      await run("DUMP", "k"),
      "!ERR unknown command 'DUMP': Upstash has it, but not the local server on its embedded engine",
    );
    assert.equal(server.meter.snapshot().commands, 0);
  }));

Deno.test("keyspace notifications reach a subscriber once they are switched on", () =>
  withRest(async ({ run, server }) => {
    const seen: string[] = [];
    await server.engine.subscribe(
      "pattern",
      "__keyevent@0__:*",
      ({ channel }) => seen.push(channel),
      () => {},
    );
    await run("SET", "k", "v");
    await run("CONFIG", "SET", "notify-keyspace-events", "KEA");
    await run("SET", "k", "v");
    await run("DEL", "k");
    assert.deepEqual(seen, ["__keyevent@0__:set", "__keyevent@0__:del"]);
  }));

Deno.test("INFO has the sections and fields that Upstash reports", () =>
  withRest(async ({ run }) => {
    await run("SET", "k", "v", "EX", 100);
    await run("GET", "k");
    await run("GET", "k");
    const info = await run("INFO") as string;
    assert.deepEqual(
      [...info.matchAll(/^# (\w+)\r$/gm)].map(([, name]) => name),
      ["Server", "Clients", "Memory", "Stats", "Cluster", "Keyspace"],
    );
    const field = (name: string) => new RegExp(`^${name}:(.*)\r$`, "m").exec(info)?.[1];
    assert.equal(field("redis_version"), "6.2.6");
    assert.equal(field("redis_mode"), "standalone");
    assert.equal(field("maxmemory"), "67108864");
    assert.equal(field("maxmemory_policy"), "noeviction");
    assert.equal(field("total_commands_processed"), "3");
    assert.equal(field("total_reads_processed"), "2");
    assert.equal(field("total_writes_processed"), "1");
    assert.equal(field("total_keys"), "1");
    assert.equal(field("cluster_enabled"), "0");
    assert.ok(Number(field("used_memory")) > 0);
    assert.match(field("db0")!, /^keys=1,expires=1,avg_ttl=(100000|99\d{3})$/);
  }));

const infoSections: [sections: string[], headings: string[]][] = [
  [["memory"], ["Memory"]],
  [["STATS", "Cluster"], ["Stats", "Cluster"]],
  [["all"], ["Server", "Clients", "Memory", "Stats", "Cluster", "Keyspace"]],
  [["replication"], ["Replication"]],
];
for (const [sections, headings] of infoSections) {
  Deno.test(`INFO ${sections.join(" ")} has ${headings.join(", ")}`, () =>
    withRest(async ({ run }) => {
      const info = await run("INFO", ...sections) as string;
      assert.deepEqual([...info.matchAll(/^# (\w+)\r$/gm)].map(([, name]) => name), headings);
      if (sections[0] === "replication") assert.equal(info, "# Replication\r\n");
    }));
}
