/**
 * Puts two engines' replies side by side, without what no two servers can agree on.
 *
 * @module
 */

import type { Execution, Reply } from "../../dev/redis/engines/engine.ts";

/** A reply as plain data: bulks as Latin-1 text, errors by their first word. */
export type Outcome = string | null | Outcome[] | { status: string } | { error: string } | {
  integer: string;
};

/** What one engine did, ready to be compared. */
export interface Result {
  readonly outcome: Outcome;
  /** Names of the commands that ran inside, sorted. */
  readonly inner: readonly string[];
  /** The whole text of an error; it is not compared. */
  readonly text?: string;
}

/** Reads an execution of `command` as data that is equal where the engines agree. */
export function resultOf(command: readonly string[], execution: Execution): Result {
  const { reply, inner } = execution;
  return {
    outcome: settle(command, plain(reply)),
    inner: [...inner].sort(),
    ...(reply.type === "error" && { text: reply.message }),
  };
}

/** Whether both came to the same. */
export function agree(one: Result, other: Result): boolean {
  const comparable = ({ outcome, inner }: Result) => JSON.stringify([outcome, inner]);
  return comparable(one) === comparable(other);
}

/** A reply as plain data, as it stands. */
export function plain(reply: Reply): Outcome {
  switch (reply.type) {
    case "status":
      return { status: reply.text };
    case "error":
      return { error: reply.message.split(" ")[0] };
    case "integer":
      return { integer: String(reply.value) };
    case "bulk":
      return reply.bytes && Array.from(reply.bytes, (byte) => String.fromCharCode(byte)).join("");
    case "array":
      return reply.items && reply.items.map(plain);
  }
}

const unordered = new Set(
  "SMEMBERS SINTER SUNION SDIFF SPOP HKEYS HVALS KEYS GEOSEARCH".split(" "),
);
const random = new Set("HRANDFIELD SRANDMEMBER ZRANDMEMBER".split(" "));

/** Sorts what has no order, and takes out what comes of chance, the clock or memory layout. */
function settle([name, ...words]: readonly string[], outcome: Outcome): Outcome {
  if (!Array.isArray(outcome)) return random.has(name) && isText(outcome) ? "any" : outcome;
  if (random.has(name)) return [String(outcome.length)];
  if (name === "GEOSEARCH" && (words.includes("ASC") || words.includes("DESC"))) return outcome;
  if (unordered.has(name)) return sorted(outcome);
  if (name === "HGETALL") return sorted(pairs(outcome));
  if (name === "SCAN" || name === "SSCAN") return [outcome[0], sorted(listOf(outcome[1]))];
  if (name === "HSCAN" || name === "ZSCAN") return [outcome[0], sorted(pairs(listOf(outcome[1])))];
  if (name === "XPENDING" && words.length > 2) {
    return outcome.map((entry) => listOf(entry).toSpliced(2, 1));
  }
  if (name === "XINFO" && /^full$/i.test(words[2] ?? "")) return fullView(outcome);
  if (name === "FUNCTION") return /^list$/i.test(words[0]) ? libraries(outcome) : outcome;
  if (name === "XINFO") {
    return /^consumers$/i.test(words[0]) || /^groups$/i.test(words[0])
      ? sorted(outcome.map((entry) => facts(listOf(entry))))
      : facts(outcome);
  }
  return outcome;
}

/** `XINFO STREAM key FULL` without the moments of deliveries. */
function fullView(outcome: Outcome[]): Outcome {
  const timeless = (at: number) => (entry: Outcome) => listOf(entry).toSpliced(at, 1);
  const within = (flat: Outcome, at: number): Outcome =>
    facts(listOf(flat)).map((fact) => {
      const [name, value] = listOf(fact);
      if (name === "pending") return [name, listOf(value).map(timeless(at))];
      if (name === "consumers") return [name, listOf(value).map((each) => within(each, 1))];
      return name === "groups" ? [name, listOf(value).map((each) => within(each, 2))] : fact;
    });
  return within(outcome, 2);
}

/** `FUNCTION LIST`, whose libraries, functions and flags come in no order. */
function libraries(outcome: Outcome[]): Outcome {
  return sorted(
    outcome.map((library) =>
      listOf(library).map((value, at) =>
        at === 5
          ? sorted(listOf(value).map((one) => listOf(one).with(5, sorted(texts(listOf(one)[5])))))
          : value
      )
    ),
  );
}

/** A status in a list reads as the text it is. */
function texts(outcome: Outcome): Outcome[] {
  return listOf(outcome).map((each) =>
    each !== null && typeof each === "object" && "status" in each ? each.status : each
  );
}

/** Name and value pairs by name, without the age of things and the shape of trees. */
function facts(flat: Outcome[]): Outcome[] {
  return sorted(
    pairs(flat).filter((pair) =>
      !/^(idle|inactive|seen-time|active-time|radix-tree-)/.test(String(listOf(pair)[0]))
    ),
  );
}

function pairs(flat: readonly Outcome[]): Outcome[] {
  return flat.flatMap((item, index) => index % 2 === 0 ? [[item, flat[index + 1] ?? null]] : []);
}

function sorted(items: readonly Outcome[]): Outcome[] {
  return items.map((item) => JSON.stringify(item)).sort().map((text) => JSON.parse(text));
}

function listOf(outcome: Outcome): Outcome[] {
  return Array.isArray(outcome) ? outcome : [outcome];
}

function isText(outcome: Outcome): boolean {
  return typeof outcome === "string";
}
