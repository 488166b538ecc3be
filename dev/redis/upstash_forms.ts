/**
 * Commands that Upstash takes otherwise than Redis does, turned into what an engine understands.
 *
 * What is asked of the engine beside the command is not the caller's, and is billed to nobody.
 *
 * @module
 */
import type { Command, Engine, Reply } from "./engines/engine.ts";

/** What goes to the engine in place of a command, or the answer that needs none. */
export interface UpstashForm {
  command?: Command;
  reply?: Reply;
  /** Makes the engine's reply the caller's. */
  settle?(reply: Reply): Reply;
  /** Runs in one transaction with the command, around it. */
  around?: { before: Command; after: Command };
  /** Runs once the command has. */
  afterwards?(): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const words = (...texts: string[]): Command => texts.map((text) => encoder.encode(text));

/** The form that `command` has to take; nothing where both mean the same by it. */
export function upstashForm(
  name: string,
  command: Command,
  engine: Engine,
): UpstashForm | undefined | Promise<UpstashForm | undefined> {
  switch (name) {
    case "COPY":
      return copied(command);
    case "XADD":
    case "XTRIM":
      return withExactTrim(command);
    case "XREADGROUP":
      return textAt(command, optionAt(command, "NOACK", 4)) === undefined
        ? undefined
        : withoutNewConsumer(command, engine);
    case "FCALL_RO":
      // The embedded engine takes such a function as it is.
      return engine.name === "embedded" ? undefined : withoutWrites(command, engine);
    default:
      return undefined;
  }
}

/** A key copied onto itself is not copied, where Redis refuses; and there is one database alone. */
function copied(command: Command): UpstashForm | undefined {
  if (command.length < 3) return undefined;
  let without = command;
  for (let at = 3; at < command.length; at++) {
    if (textAt(command, at) === "REPLACE") continue;
    if (textAt(command, at) !== "DB" || at + 1 === command.length) return undefined;
    const database = decoder.decode(command[at + 1]);
    if (!/^-?\d+$/.test(database)) return undefined;
    if (Number(database) !== 0) return { reply: error("ERR DB index is out of range") };
    // Not the engine's own database 0: REDIS_URL may name another one.
    without = without.filter((word) => word !== command[at] && word !== command[at + 1]);
    at++;
  }
  const [, from, to] = command;
  if (decoder.decode(from) === decoder.decode(to)) return { reply: { type: "integer", value: 0n } };
  return without === command ? undefined : { command: without };
}

/** `MAXLEN ~ n` keeps n entries, where Redis keeps whole nodes of a hundred. */
function withExactTrim(command: Command): UpstashForm | undefined {
  const at = command.findIndex((_, index) =>
    index >= 2 && index <= 3 && /^(MAXLEN|MINID)$/.test(textAt(command, index)!)
  );
  // With a LIMIT it is about how much one call may do; Redis takes that with `~` alone.
  const isLimited = textAt(command, at + 3) === "LIMIT";
  if (at === -1 || textAt(command, at + 1) !== "~" || isLimited) return undefined;
  return { command: command.map((word, index) => index === at + 1 ? encoder.encode("=") : word) };
}

/** Who reads by NOACK, and was not known to the group, is not made known by it. */
async function withoutNewConsumer(command: Command, engine: Engine): Promise<UpstashForm> {
  const [group, consumer] = command.slice(2, 4);
  const first = optionAt(command, "STREAMS", 4) + 1;
  const keys = first === 0 ? [] : command.slice(first, first + ((command.length - first) >> 1));
  const unknown: Uint8Array[] = [];
  for (const key of keys) {
    const { reply } = await engine.run([...words("XINFO", "CONSUMERS"), key, group]);
    if (reply.type !== "array") continue;
    const names = (reply.items ?? []).map((each) =>
      each.type === "array" && each.items?.[1]?.type === "bulk" ? each.items[1].bytes : null
    );
    if (!names.some((name) => name && equal(name, consumer))) unknown.push(key);
  }
  return {
    command,
    afterwards: async () => {
      for (const key of unknown) {
        await engine.run([...words("EVAL", FORGET, "1"), key, group, consumer]);
      }
    },
  };
}

/** One that meanwhile reads in earnest, under the same name, stays. */
const FORGET = `for _, one in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  if one[2] == ARGV[2] and one[4] == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
  end
end`;

/**
 * Upstash lets FCALL_RO call any function that only reads; Redis wants the flag `no-writes`. Such a
 * function is loaded once more under another name, with the flag, for this one call.
 */
async function withoutWrites(command: Command, engine: Engine): Promise<UpstashForm | undefined> {
  if (command.length < 3) return undefined;
  const name = decoder.decode(command[1]);
  const { reply } = await engine.run(words("FUNCTION", "LIST", "WITHCODE"));
  for (const library of itemsOf(reply)) {
    const [, libraryName, , , , functions, , code] = itemsOf(library);
    const found = itemsOf(functions).map(itemsOf).find((each) => textOf(each[1]) === name);
    if (found === undefined) continue;
    if (itemsOf(found[5]).some((flag) => textOf(flag) === "no-writes")) return undefined;
    const twin = `zeropoll_ro_${textOf(libraryName)}`;
    return {
      command: [command[0], encoder.encode(PREFIX + name), ...command.slice(2)],
      settle: (reply) =>
        reply.type === "error" ? error(reply.message.replaceAll(PREFIX, "")) : reply,
      around: {
        before: words("FUNCTION", "LOAD", "REPLACE", twinOf(textOf(code), twin)),
        after: words("FUNCTION", "DELETE", twin),
      },
    };
  }
  return undefined;
}

const PREFIX = "zeropoll_ro_";

/** A library may not change `redis`, so its own word for registering is changed. */
function twinOf(code: string, name: string): string {
  const end = code.indexOf("\n");
  const body = end === -1 ? "" : code.slice(end + 1);
  const changed = body.replaceAll(/\bredis\s*\.\s*register_function\b/g, "zeropoll_register");
  return `#!lua name=${name}\n${REGISTER}${changed}`;
}

// On the library's first line, so that errors name the right one.
const REGISTER = `local function zeropoll_register(one, two)
  local it = two and { function_name = one, callback = two } or one
  redis.register_function{
    function_name = '${PREFIX}' .. it.function_name, callback = it.callback, flags = { 'no-writes' }
  }
end `.replace(/\s*\n\s*/g, " ");

function itemsOf(reply: Reply | undefined): readonly Reply[] {
  return reply?.type === "array" ? reply.items ?? [] : [];
}

function textOf(reply: Reply | undefined): string {
  if (reply?.type === "status") return reply.text;
  return reply?.type === "bulk" && reply.bytes ? decoder.decode(reply.bytes) : "";
}

function optionAt(command: Command, option: string, from: number): number {
  const streams = command.findIndex((_, at) => at >= from && textAt(command, at) === "STREAMS");
  if (option === "STREAMS") return streams;
  const at = command.findIndex((_, index) => index >= from && textAt(command, index) === option);
  return at < streams ? at : -1;
}

function textAt(command: Command, at: number): string | undefined {
  const word = at < 0 ? undefined : command[at];
  return word && decoder.decode(word.subarray(0, 32)).toUpperCase();
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function error(message: string): Reply {
  return { type: "error", message };
}
