/**
 * Values of js-redis-server as RESP2 replies, the way a RESP2 connection would carry them.
 *
 * @module
 */
import type { RedisValue } from "js-redis-server/core";
import type { Reply } from "./engine.ts";

const encoder = new TextEncoder();

/** Turns `value` into the reply that a RESP2 client would read. */
export function replyOf(value: RedisValue): Reply {
  switch (value.kind) {
    case "simple-string":
      return { type: "status", text: value.value };
    case "bulk-string":
    case "verbatim":
      return { type: "bulk", bytes: value.value };
    case "integer":
      return { type: "integer", value: BigInt(value.value) };
    case "boolean":
      return { type: "integer", value: value.value ? 1n : 0n };
    case "double":
      return { type: "bulk", bytes: encoder.encode(doubleText(value.value)) };
    case "big-number":
      return { type: "bulk", bytes: encoder.encode(value.value.toString()) };
    case "array":
    case "set":
      return { type: "array", items: value.items.map(replyOf) };
    case "map":
    case "flat-pairs":
      return { type: "array", items: value.entries.flat().map(replyOf) };
    case "map-pairs":
      return {
        type: "array",
        items: value.entries.map((pair) => ({ type: "array", items: pair.map(replyOf) })),
      };
    case "push":
      return {
        type: "array",
        items: [
          { type: "bulk", bytes: encoder.encode(value.name) },
          ...value.items.map(replyOf),
        ],
      };
    case "null":
      return { type: "bulk", bytes: null };
    case "null-array":
      return { type: "array", items: null };
    case "error":
      return { type: "error", message: errorText(value.code, value.message) };
  }
}

function errorText(code: string | undefined, message: string): string {
  const text = code ? `${code} ${message}` : message;
  // deno-lint-ignore no-control-regex -- the Lua engine ends some texts with a NUL
  return text.replace(/\u0000/g, "").replace(/[\r\n]+/g, " ");
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}
