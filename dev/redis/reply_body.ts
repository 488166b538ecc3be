/**
 * Replies as bodies: JSON, JSON with base64 strings, or RESP2 as it stands.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Reply } from "./engines/engine.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * `{"result":…}` or `{"error":…}`.
 *
 * With `base64` every string is encoded, at any depth, but for error texts and an `OK` that is the
 * whole result: the SDK keeps that one as it is, and decodes an `OK` inside an array.
 */
export function toJson(reply: Reply, base64: boolean): string {
  if (reply.type === "error") return `{"error":${JSON.stringify(reply.message)}}`;
  if (reply.type === "status" && reply.text === "OK") return `{"result":"OK"}`;
  return `{"result":${valueToJson(reply, base64)}}`;
}

/** RESP2, binary-safe, one reply after another. */
export function toResp2(replies: readonly Reply[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const reply of replies) write(reply, parts);
  return new Uint8Array(Buffer.concat(parts));
}

/** The bytes of all strings in `reply`. */
export function bytesOf(reply: Reply): number {
  switch (reply.type) {
    case "bulk":
      return reply.bytes?.byteLength ?? 0;
    case "array":
      return (reply.items ?? []).reduce((total, item) => total + bytesOf(item), 0);
    case "status":
      return reply.text.length;
    default:
      return 0;
  }
}

function valueToJson(reply: Reply, base64: boolean): string {
  switch (reply.type) {
    case "integer":
      // As digits: a 64-bit integer passes what a JavaScript number holds.
      return reply.value.toString();
    case "bulk":
      if (reply.bytes === null) return "null";
      return base64 ? `"${encoded(reply.bytes)}"` : JSON.stringify(decoder.decode(reply.bytes));
    case "status":
      return base64 ? `"${encoded(encoder.encode(reply.text))}"` : JSON.stringify(reply.text);
    case "array":
      if (reply.items === null) return "null";
      return `[${reply.items.map((item) => valueToJson(item, base64)).join(",")}]`;
    case "error":
      return JSON.stringify(reply.message);
  }
}

function encoded(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function write(reply: Reply, parts: Uint8Array[]): void {
  switch (reply.type) {
    case "status":
      parts.push(encoder.encode(`+${reply.text}\r\n`));
      break;
    case "error":
      parts.push(encoder.encode(`-${reply.message}\r\n`));
      break;
    case "integer":
      parts.push(encoder.encode(`:${reply.value}\r\n`));
      break;
    case "bulk":
      if (reply.bytes === null) parts.push(encoder.encode("$-1\r\n"));
      else {
        parts.push(encoder.encode(`$${reply.bytes.byteLength}\r\n`), reply.bytes);
        parts.push(encoder.encode("\r\n"));
      }
      break;
    case "array":
      parts.push(encoder.encode(`*${reply.items?.length ?? -1}\r\n`));
      for (const item of reply.items ?? []) write(item, parts);
  }
}
