/**
 * Commands that speak of the server, not of data: Upstash answers them in its own way.
 *
 * @module
 */
import type { CommandDescription } from "./commands.ts";
import type { Command, Engine, Reply } from "./engines/engine.ts";
import { type InfoSource, infoText } from "./info.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NOTIFICATIONS = "notify-keyspace-events";
const OK: Reply = { type: "status", text: "OK" };

/** The answer of the gateway itself to `command`. */
export async function answer(
  described: CommandDescription,
  command: Command,
  source: InfoSource,
): Promise<Reply> {
  const words = command.map((word) => decoder.decode(word));
  switch (described.name) {
    case "COMMAND":
      return { type: "array", items: [] };
    case "CLIENT SETINFO":
      return words.length === 4 ? OK : wrongArity("client|setinfo");
    case "CONFIG GET":
      return await getConfiguration(words.slice(2), source.engine);
    case "CONFIG SET":
      return await setConfiguration(command, words, source.engine);
    case "INFO":
      return bulk(await infoText(source, words.slice(1)));
    case "SELECT":
      if (words.length !== 2) return wrongArity("select");
      return words[1] === "0" ? OK : error("ERR DB index is out of range");
    case "WAIT":
      return words.length === 3 ? { type: "integer", value: 0n } : wrongArity("wait");
    case "WAITAOF":
      if (words.length !== 4) return wrongArity("waitaof");
      return { type: "array", items: [0n, 0n].map((value) => ({ type: "integer", value })) };
    default:
      return error(`ERR Command is not available: '${described.name}'`);
  }
}

async function getConfiguration(patterns: string[], engine: Engine): Promise<Reply> {
  if (patterns.length === 0) return wrongArity("config|get");
  if (!patterns.some(matchesNotifications)) return { type: "array", items: [] };
  const question = ["CONFIG", "GET", NOTIFICATIONS].map((word) => encoder.encode(word));
  return (await engine.run(question)).reply;
}

async function setConfiguration(
  command: Command,
  words: string[],
  engine: Engine,
): Promise<Reply> {
  if (words.length < 4 || words.length % 2 !== 0) return wrongArity("config|set");
  const other = words.find((word, at) =>
    at >= 2 && at % 2 === 0 && word.toLowerCase() !== NOTIFICATIONS
  );
  return other === undefined
    ? (await engine.run(command)).reply
    : error(`ERR Unknown option or number of arguments for CONFIG SET - '${other}'`);
}

function matchesNotifications(pattern: string): boolean {
  const expression = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "i").test(NOTIFICATIONS);
}

function wrongArity(name: string): Reply {
  return error(`ERR wrong number of arguments for '${name}' command`);
}

function error(message: string): Reply {
  return { type: "error", message };
}

function bulk(text: string): Reply {
  return { type: "bulk", bytes: encoder.encode(text) };
}
