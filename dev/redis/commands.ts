/**
 * The commands that Upstash documents: what each costs, whether REST takes it, where its keys are.
 *
 * It is also the allow-list: what a stock Redis knows but Upstash does not document is refused,
 * so that nothing works here that would fail there. A name in neither list is unknown.
 *
 * @module
 */

/** One command, as far as the gateway must understand it. */
export interface CommandDescription {
  /** Upper case; a container's subcommand follows after a space: `XGROUP CREATE`. */
  readonly name: string;
  /** `other` reads and writes nothing by itself: scripts, PUBLISH, PING. */
  readonly access: "read" | "write" | "other";
  /** Whether it counts as one billed command. */
  readonly billed: boolean;
  /** Whether `POST /`, the path form, `/pipeline` and `/multi-exec` run it. */
  readonly rest: "allowed" | "refused";
  /** Why it is refused, as the end of a sentence. */
  readonly because?: string;
  /** `gateway`: it speaks of the server or of a stream of events, so it never reaches an engine. */
  readonly answeredBy: "engine" | "gateway";
  /** Whether the read-only token may use it; SCAN, KEYS and scripts are refused although they read. */
  readonly readOnlyToken: boolean;
  /** The indexes of the keys in `command`, whose index 0 is the name; a malformed command may give none. */
  keys(command: readonly (Uint8Array | string)[]): number[];
}

type KeyShape = keyof typeof keyFinders;

const reads: Partial<Record<KeyShape, string>> = {
  first: "BITCOUNT BITFIELD_RO BITPOS DIGEST DUMP EXPIRETIME GEODIST GEOHASH GEOPOS " +
    "GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GET GETBIT GETRANGE HEXISTS HEXPIRETIME HGET " +
    "HGETALL HKEYS HLEN HMGET HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSTRLEN HTTL HVALS LINDEX LLEN " +
    "LPOS LRANGE PEXPIRETIME PTTL SCARD SISMEMBER SMEMBERS SMISMEMBER SRANDMEMBER SSCAN STRLEN " +
    "TTL TYPE XLEN XPENDING XRANGE XREVRANGE ZCARD ZCOUNT ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE " +
    "ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN " +
    "ZSCORE",
  all: "EXISTS MGET PFCOUNT SDIFF SINTER SUNION TOUCH",
  counted: "SINTERCARD ZDIFF ZINTER ZINTERCARD ZUNION",
  second: "MEMORY|USAGE XINFO|STREAM XINFO|GROUPS XINFO|CONSUMERS",
  streams: "XREAD",
  none: "DBSIZE KEYS PUBSUB|CHANNELS PUBSUB|NUMSUB PUBSUB|NUMPAT RANDOMKEY SCAN",
};

const writes: Partial<Record<KeyShape, string>> = {
  first: "APPEND BITFIELD DECR DECRBY DELEX EXPIRE EXPIREAT GEOADD GETDEL GETEX GETSET HDEL " +
    "HEXPIRE HEXPIREAT HGETDEL HGETEX HINCRBY HINCRBYFLOAT HMSET HPERSIST HPEXPIRE HPEXPIREAT " +
    "HSET HSETEX HSETNX INCR INCRBY INCRBYFLOAT LINSERT LPOP LPUSH LPUSHX LREM LSET LTRIM PERSIST " +
    "PEXPIRE PEXPIREAT PFADD PSETEX RESTORE RPOP RPUSH RPUSHX SADD SET SETBIT SETEX SETNX SETRANGE " +
    "SPOP SREM XACK XACKDEL XADD XAUTOCLAIM XCLAIM XDEL XDELEX XTRIM ZADD ZINCRBY ZPOPMAX ZPOPMIN " +
    "ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE",
  firstTwo: "COPY GEOSEARCHSTORE LMOVE RENAME RENAMENX RPOPLPUSH SMOVE ZRANGESTORE",
  all: "DEL PFMERGE SDIFFSTORE SINTERSTORE SUNIONSTORE UNLINK",
  pairs: "MSET MSETNX",
  fromSecond: "BITOP",
  counted: "LMPOP ZMPOP",
  storeCounted: "ZDIFFSTORE ZINTERSTORE ZUNIONSTORE",
  second: "XGROUP|CREATE XGROUP|CREATECONSUMER XGROUP|DELCONSUMER XGROUP|DESTROY XGROUP|SETID",
  streams: "XREADGROUP",
  geoRadius: "GEORADIUS GEORADIUSBYMEMBER",
  none: "FLUSHALL FLUSHDB",
};

const others: Partial<Record<KeyShape, string>> = {
  scriptCounted: "EVAL EVALSHA EVALSHA_RO EVAL_RO FCALL FCALL_RO",
  none: "CLIENT|SETINFO COMMAND CONFIG|GET CONFIG|SET ECHO FUNCTION|DELETE FUNCTION|FLUSH " +
    "FUNCTION|KILL FUNCTION|LIST FUNCTION|LOAD FUNCTION|STATS INFO PING PUBLISH SCRIPT|EXISTS " +
    "SCRIPT|FLUSH SCRIPT|KILL SCRIPT|LOAD TIME WAIT WAITAOF",
};

const refusals: Readonly<Record<string, string>> = {
  "it blocks, and a REST call may not":
    "BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN",
  "it belongs to a connection, and a REST call has none":
    "AUTH CLIENT DISCARD EXEC HELLO MULTI PUNSUBSCRIBE QUIT RESET SELECT UNSUBSCRIBE UNWATCH WATCH",
  "it answers with a stream of events: use its path form with Accept: text/event-stream":
    "MONITOR PSUBSCRIBE SUBSCRIBE",
  "access control lists are not in the local server": "ACL",
  "arrays are not in the local server":
    "ARCOUNT ARDEL ARDELRANGE ARGET ARGETRANGE ARGREP ARINFO ARINSERT ARLASTITEMS ARLEN ARMGET " +
    "ARMSET ARNEXT AROP ARRING ARSCAN ARSEEK ARSET",
  "Upstash does not document it": "ASKING BGREWRITEAOF BGSAVE CLUSTER CONFIG DEBUG FAILOVER " +
    "FUNCTION LASTSAVE LATENCY LCS LOLWUT MEMORY MIGRATE MODULE MOVE MSETEX OBJECT PFDEBUG " +
    "PFSELFTEST PSYNC PUBSUB READONLY READWRITE REPLCONF REPLICAOF RESTORE-ASKING ROLE SAVE SCRIPT " +
    "SHUTDOWN SLAVEOF SLOWLOG SORT SORT_RO SPUBLISH SSUBSCRIBE SUBSTR SUNSUBSCRIBE SWAPDB SYNC " +
    "VADD VSIM XGROUP XINFO XSETID",
};

const refusedModules: readonly { prefix: string; because: string }[] = [
  { prefix: "JSON.", because: "JSON documents are not in the local server" },
  { prefix: "SEARCH.", because: "search is not in the local server" },
  { prefix: "VECTOR.", because: "vectors are not in the local server" },
  { prefix: "FT.", because: "Upstash does not document it" },
  { prefix: "TS.", because: "Upstash does not document it" },
  { prefix: "BF.", because: "Upstash does not document it" },
  { prefix: "CF.", because: "Upstash does not document it" },
];

const free = new Set(
  "AUTH HELLO SELECT COMMAND CONFIG INFO PING RESET QUIT".split(" "),
);

const answeredByGateway = new Set(
  ("CLIENT COMMAND CONFIG INFO MONITOR PSUBSCRIBE SUBSCRIBE WAIT WAITAOF").split(" "),
);

const refusedToReadOnlyToken = new Set(
  ("SCAN KEYS EVAL EVALSHA EVALSHA_RO EVAL_RO FCALL FCALL_RO FUNCTION SCRIPT PUBLISH").split(" "),
);

const containers = new Set(
  "ACL CLIENT COMMAND CONFIG FUNCTION MEMORY OBJECT PUBSUB SCRIPT XGROUP XINFO".split(" "),
);

const decoder = new TextDecoder();

const keyFinders = {
  none: () => [],
  first: (command: Words) => span(1, Math.min(2, command.length)),
  second: (command: Words) => span(2, Math.min(3, command.length)),
  firstTwo: (command: Words) => span(1, Math.min(3, command.length)),
  all: (command: Words) => span(1, command.length),
  pairs: (command: Words) => span(1, command.length).filter((index) => index % 2 === 1),
  fromSecond: (command: Words) => span(2, command.length),
  counted: (command: Words) => countedKeys(command, 1),
  scriptCounted: (command: Words) => countedKeys(command, 2),
  storeCounted: (command: Words) => [1, ...countedKeys(command, 2)],
  streams: (command: Words) => {
    const first = optionIndex(command, "STREAMS", 1) + 1;
    return first === 0 ? [] : span(first, first + ((command.length - first) >> 1));
  },
  geoRadius: (command: Words) => {
    const stores = span(4, command.length - 1)
      .filter((index) => /^STORE(DIST)?$/.test(word(command[index])))
      .map((index) => index + 1);
    return [1, ...stores];
  },
} satisfies Record<string, (command: Words) => number[]>;

type Words = readonly (Uint8Array | string)[];

const table = buildTable();

/** Describes `command`; `undefined` when no Redis that we know of has a command of that name. */
export function describe(command: Words): CommandDescription | undefined {
  if (command.length === 0) return undefined;
  const name = word(command[0]);
  const found = containers.has(name) && command.length > 1
    ? table.get(`${name} ${word(command[1])}`) ?? table.get(name)
    : table.get(name);
  if (found === undefined) {
    const module = refusedModules.find(({ prefix }) => name.startsWith(prefix));
    return module && refused(name, module.because);
  }
  if ((name === "XREAD" || name === "XREADGROUP") && blocks(command, name)) {
    return { ...found, ...refusal("BLOCK waits, and a REST call may not") };
  }
  return found;
}

/** Describes a command of which only the name is known, as `XGROUP CREATE` or `XGROUP|CREATE`. */
export function describeName(name: string): CommandDescription | undefined {
  return describe(name.split(/[ |]/));
}

/** Every command that REST takes, by name. */
export function allowedCommands(): CommandDescription[] {
  return [...table.values()].filter((one) => one.rest === "allowed");
}

function buildTable(): Map<string, CommandDescription> {
  const rows = new Map<string, CommandDescription>();
  for (const [because, names] of Object.entries(refusals)) {
    for (const name of names.split(" ")) rows.set(name, refused(name, because));
  }
  const byAccess = { read: reads, write: writes, other: others };
  for (const [access, byShape] of Object.entries(byAccess)) {
    for (const [shape, names] of Object.entries(byShape)) {
      for (const name of names.split(" ").map((each) => each.replace("|", " "))) {
        rows.set(name, {
          ...common(name),
          access: access as CommandDescription["access"],
          rest: "allowed",
          readOnlyToken: access !== "write" && !refusedToReadOnlyToken.has(name.split(" ")[0]),
          keys: keyFinders[shape as KeyShape],
        });
      }
    }
  }
  return rows;
}

function common(name: string) {
  const first = name.split(" ")[0];
  const answeredBy = answeredByGateway.has(first) ? "gateway" as const : "engine" as const;
  return { name, billed: !free.has(first), answeredBy };
}

function refusal(because: string) {
  return { rest: "refused" as const, because, readOnlyToken: false };
}

function refused(name: string, because: string): CommandDescription {
  return { ...common(name), access: "other", ...refusal(because), keys: keyFinders.none };
}

function blocks(command: Words, name: string): boolean {
  // GROUP, group and consumer come first in XREADGROUP, and may be called anything.
  const start = name === "XREAD" ? 1 : 4;
  const streams = optionIndex(command, "STREAMS", start);
  const block = optionIndex(command, "BLOCK", start);
  return block !== -1 && (streams === -1 || block < streams);
}

function optionIndex(command: Words, option: string, start: number): number {
  return command.findIndex((each, index) => index >= start && word(each) === option);
}

function countedKeys(command: Words, at: number): number[] {
  const count = Number(word(command[at] ?? ""));
  if (!Number.isInteger(count) || count < 0) return [];
  return span(at + 1, Math.min(at + 1 + count, command.length));
}

function span(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
}

function word(argument: Uint8Array | string): string {
  return (typeof argument === "string" ? argument : decoder.decode(argument)).toUpperCase();
}
