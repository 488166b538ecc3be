/**
 * Request bodies: bounded, then text, then JSON, then of the shape that was asked for.
 *
 * @module
 */
import type { Context } from "hono";
import type * as z from "zod";
import { BodyInvalidError, type FieldFault, RequestError } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { type HeldBody, UNCOUNTED_BYTES } from "./body_memory.ts";
import { type JsonOptions, parseJson, pathText, soundValue } from "./json.ts";

export interface BodyOptions {
  /** The largest body that is read. */
  maxBytes: number;
  /** False where only the body itself says who sends it. Default: true. */
  isProven?: boolean;
}

const NOTHING = new Uint8Array();

/**
 * Reads, parses and checks a JSON body; an empty one counts as `{}`.
 *
 * @throws {RequestError} `body_too_large` or `body_malformed`
 * @throws {BodyInvalidError} naming each field, as in `jobs[0].input`
 */
export async function readBody<S extends z.ZodType>(
  c: Context<AppEnv>,
  schema: S,
  options: BodyOptions & JsonOptions,
): Promise<z.output<S>> {
  const text = bodyText(c, await readBytes(c, options));
  return parseShape(schema, text.trim() === "" ? {} : parseJson(text, options));
}

/**
 * Reads the body as it is, and stops at the limit whether or not its length was announced.
 *
 * @throws {RequestError} `body_too_large`, `body_malformed`, or `overloaded` while others fill memory
 */
export async function readBytes(c: Context<AppEnv>, options: BodyOptions): Promise<Uint8Array> {
  return await readBehind(c, NOTHING, options);
}

/** The same behind other bytes, as one piece: what is signed may begin with more than the body. */
export async function readBehind(
  c: Context<AppEnv>,
  before: Uint8Array,
  { maxBytes, isProven = true }: BodyOptions,
): Promise<Uint8Array> {
  const announced = Number(c.req.header("Content-Length") ?? NaN);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const most = before.length + (announced >= 0 ? announced : maxBytes);
  const { bodies } = c.var.deps.memory;
  const body = bodies.begin(isProven, before);
  c.set("body", body);
  try {
    for await (const chunk of c.req.raw.body ?? []) {
      const length = body.length + chunk.byteLength;
      // Leaving the loop cancels the stream.
      if (length > before.length + maxBytes) throw tooLarge(maxBytes);
      if (length > body.bytes.length) {
        // Twofold, or what was announced: of a large body little is copied twice.
        const room = Math.max(length, Math.min(2 * length, most));
        if (maxBytes > UNCOUNTED_BYTES) bodies.hold(body, room);
        grow(body, room);
      }
      body.bytes.set(chunk, body.length);
      body.length = length;
    }
  } catch (cause) {
    if (cause instanceof RequestError) throw cause;
    // The caller hung up: an answer reaches nobody, but the log line tells it from our own failure.
    throw new RequestError("body_malformed", "Cannot read the body: it broke off", { cause });
  }
  return body.bytes.subarray(0, body.length);
}

function grow(body: HeldBody, room: number): void {
  const bytes = new Uint8Array(room);
  bytes.set(body.bytes.subarray(0, body.length));
  body.bytes = bytes;
}

/** The body's text as it was signed; what is no UTF-8 becomes U+FFFD, and then matches no signature. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/**
 * The body's text, in the charset that it was sent in, without a byte order mark. UTF-8 where none
 * is named.
 *
 * @throws {RequestError} `charset_unsupported`, or `body_malformed` for bytes that are none of it
 */
export function bodyText(c: Context, bytes: Uint8Array): string {
  const type = c.req.header("Content-Type") ?? "";
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(type)?.[1] ?? "utf-8";
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset, { fatal: true });
  } catch {
    // Not every platform knows every charset.
    const because = `send it in UTF-8, not ${JSON.stringify(charset.slice(0, 32))}`;
    throw new RequestError("charset_unsupported", `Cannot read the body: ${because}`);
  }
  try {
    return decoder.decode(bytes);
  } catch {
    throw new RequestError("body_malformed", `Cannot read the body: it is not ${decoder.encoding}`);
  }
}

/**
 * `what` is the part of the request that it came in; text of a query or a path must be sound, as that
 * of a body is from `parseJson` on.
 *
 * @throws {BodyInvalidError} naming each field that does not fit
 */
export function parseShape<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what = "body",
): z.output<S> {
  if (what !== "body") soundValue(value, { what });
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BodyInvalidError(
    parsed.error.issues.map(({ path, message }): FieldFault => ({
      path: pathText(path),
      message,
    })),
    what,
  );
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError("body_too_large", `Cannot read the body: at most ${maxBytes} bytes`);
}
