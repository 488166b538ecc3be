/**
 * What an HTTP request asks for: the forms of Upstash's REST protocol, read.
 *
 * @module
 */
import type { Command } from "./engines/engine.ts";

/** One request, understood. An empty command stands for an empty array in a pipeline. */
export type Call =
  | { form: "command"; command: Command }
  | { form: "pipeline" | "transaction"; commands: Command[] }
  | { form: "subscribe" | "psubscribe"; names: string[] }
  | { form: "monitor" };

/** A request that cannot be understood; its message is the `error` of a 400. */
export class CallError extends Error {
  override readonly name = "CallError";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Reads the call from a request's URL and its body's bytes.
 *
 * @throws {CallError}
 */
export function readCall(url: URL, body: Uint8Array): Call {
  const segments = url.pathname.slice(1).split("/").map(percentDecoded);
  const first = decoder.decode(segments[0]).toLowerCase();
  switch (first) {
    case "":
      if (segments.length === 1) return { form: "command", command: commandIn(body) };
      break;
    case "pipeline":
      if (segments.length === 1) return { form: "pipeline", commands: commandsIn(body) };
      break;
    case "multi-exec":
      if (segments.length === 1) return { form: "transaction", commands: commandsIn(body) };
      break;
    case "subscribe":
    case "psubscribe": {
      const names = segments.slice(1).map((name) => decoder.decode(name));
      if (names.length === 0) {
        throw new CallError(`ERR wrong number of arguments for '${first}' command`);
      }
      return { form: first, names };
    }
    case "monitor":
      if (segments.length === 1) return { form: "monitor" };
  }
  return { form: "command", command: [...segments, ...bodyArgument(body), ...queryOf(url)] };
}

function commandIn(body: Uint8Array): Command {
  const command = parsed(body);
  if (!Array.isArray(command)) throw new CallError("ERR failed to parse command");
  if (command.length === 0) throw new CallError("ERR empty command");
  return command.map((word) => argumentOf(word, "ERR failed to parse command"));
}

function commandsIn(body: Uint8Array): Command[] {
  const unreadable = "ERR failed to parse pipeline request";
  const commands = parsed(body, unreadable);
  if (!Array.isArray(commands)) throw new CallError(unreadable);
  if (commands.length === 0) throw new CallError("ERR empty pipeline request");
  return commands.map((command) => {
    if (!Array.isArray(command)) throw new CallError(unreadable);
    return command.map((word) => argumentOf(word, unreadable));
  });
}

function parsed(body: Uint8Array, unreadable = "ERR failed to parse command"): unknown {
  const text = decoder.decode(body);
  try {
    // Long digits lose their end as a JavaScript number; such a text is read with care.
    return /[^"\w.-]-?\d{16,}\s*[,\]]/.test(text)
      ? JSON.parse(text, keepLongIntegers as (key: string, value: unknown) => unknown)
      : JSON.parse(text);
  } catch {
    throw new CallError(unreadable);
  }
}

function keepLongIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === "number" && !Number.isSafeInteger(value) && context?.source
    ? context.source
    : value;
}

function argumentOf(word: unknown, unreadable: string): Uint8Array {
  switch (typeof word) {
    case "string":
      return encoder.encode(word);
    case "number":
    case "boolean":
      return encoder.encode(String(word));
    default:
      throw new CallError(unreadable);
  }
}

function bodyArgument(body: Uint8Array): Uint8Array[] {
  return body.byteLength === 0 ? [] : [body];
}

/** The query as arguments; a parameter without a value, as `NX`, is one argument. */
function queryOf(url: URL): Uint8Array[] {
  return [...url.searchParams].flatMap(([name, value]) => {
    if (name === "_token") return [];
    return (value === "" ? [name] : [name, value]).map((word) => encoder.encode(word));
  });
}

/** Decodes `%xx` to bytes, since an argument need not be text. */
function percentDecoded(segment: string): Uint8Array {
  if (!segment.includes("%")) return encoder.encode(segment);
  const bytes: number[] = [];
  for (let at = 0; at < segment.length; at++) {
    if (segment[at] !== "%") {
      bytes.push(...encoder.encode(segment[at]));
      continue;
    }
    const hex = segment.slice(at + 1, at + 3);
    if (!/^[0-9a-f]{2}$/i.test(hex)) throw new CallError("ERR failed to parse command");
    bytes.push(parseInt(hex, 16));
    at += 2;
  }
  return new Uint8Array(bytes);
}
