/**
 * RESP2 on the wire: commands to bytes, bytes to replies.
 *
 * @module
 */

import type { Command, Reply } from "./engine.ts";

const CR = 0x0d;
const LF = 0x0a;
const CRLF = new Uint8Array([CR, LF]);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Encodes `commands` one after another into a single buffer. */
export function encodeCommands(commands: readonly Command[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const command of commands) {
    parts.push(encoder.encode(`*${command.length}\r\n`));
    for (const argument of command) {
      parts.push(encoder.encode(`$${argument.byteLength}\r\n`), argument, CRLF);
    }
  }
  return concatenate(parts);
}

/** A command from its words, for those that the client makes up itself. */
export function commandOf(...words: string[]): Command {
  return words.map((word) => encoder.encode(word));
}

interface OpenArray {
  readonly items: Reply[];
  readonly length: number;
}

/**
 * Turns chunks, cut anywhere, into replies.
 *
 * What has been parsed is never parsed again, so a large reply in many chunks costs one pass.
 */
export class ReplyParser {
  #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #neededBytes = 1;
  #buffer: Uint8Array = new Uint8Array();
  #at = 0;
  #open: OpenArray[] = [];

  /**
   * The replies that `chunk` completes, in order.
   *
   * @throws {Error} when the bytes are not RESP2; the parser is of no use after that
   */
  feed(chunk: Uint8Array): Reply[] {
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes < this.#neededBytes) return [];
    this.#buffer = concatenate([this.#buffer.subarray(this.#at), ...this.#chunks]);
    this.#at = 0;
    this.#chunks = [];
    this.#waitingBytes = 0;
    this.#neededBytes = 1;

    const complete: Reply[] = [];
    for (let element = this.#element(); element !== undefined; element = this.#element()) {
      const reply = this.#close(element);
      if (reply !== undefined) complete.push(reply);
    }
    return complete;
  }

  /** Puts `element` into the array it belongs to; the outermost value, once it is whole. */
  #close(element: Reply | OpenArray): Reply | undefined {
    let value: Reply;
    if ("length" in element) {
      if (element.length > 0) {
        this.#open.push(element);
        return undefined;
      }
      value = { type: "array", items: [] };
    } else value = element;
    for (;;) {
      const parent = this.#open.at(-1);
      if (parent === undefined) return value;
      parent.items.push(value);
      if (parent.items.length < parent.length) return undefined;
      this.#open.pop();
      value = { type: "array", items: parent.items };
    }
  }

  /** The next scalar or array head; `undefined` when it has not come in whole. */
  #element(): Reply | OpenArray | undefined {
    const end = this.#buffer.indexOf(LF, this.#at);
    if (end === -1) return undefined;
    const line = decoder.decode(this.#buffer.subarray(this.#at + 1, end - 1));
    const type = this.#buffer[this.#at];
    const next = end + 1;
    if (type === 0x24) return this.#bulk(Number(line), next);
    this.#at = next;
    switch (type) {
      case 0x2b:
        return { type: "status", text: line };
      case 0x2d:
        return { type: "error", message: line };
      case 0x3a:
        return { type: "integer", value: BigInt(line) };
      case 0x2a:
        return line === "-1" ? { type: "array", items: null } : { items: [], length: Number(line) };
      default:
        throw new Error(`Cannot read a reply: no RESP2 type starts with byte ${type}`);
    }
  }

  #bulk(length: number, start: number): Reply | undefined {
    if (length === -1) {
      this.#at = start;
      return { type: "bulk", bytes: null };
    }
    const end = start + length;
    const missing = end + CRLF.byteLength - this.#buffer.byteLength;
    if (missing > 0) {
      this.#neededBytes = missing;
      return undefined;
    }
    this.#at = end + CRLF.byteLength;
    return { type: "bulk", bytes: this.#buffer.slice(start, end) };
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
