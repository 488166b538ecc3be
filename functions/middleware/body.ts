/**
 * Request bodies: bounded, then JSON, then of the shape that was asked for.
 *
 * @module
 */
import type { Context } from "hono";
import type * as z from "zod";
import { BodyInvalidError, type FieldFault, RequestError } from "../../shared/mod.ts";

export interface BodyOptions {
  /** The largest body that is read. */
  maxBytes: number;
}

/**
 * Reads, parses and checks a JSON body; an empty one counts as `{}`.
 *
 * @throws {RequestError} `body_too_large` or `body_malformed`
 * @throws {BodyInvalidError} naming each field, as in `jobs[0].input`
 */
export async function readBody<S extends z.ZodType>(
  c: Context,
  schema: S,
  options: BodyOptions,
): Promise<z.output<S>> {
  const text = decodeText(await readBytes(c, options));
  return parseShape(schema, text.trim() === "" ? {} : parseJson(text));
}

/** Reads the body as it is, and stops at the limit whether or not its length was announced. */
export async function readBytes(c: Context, { maxBytes }: BodyOptions): Promise<Uint8Array> {
  const announced = Number(c.req.header("Content-Length") ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of c.req.raw.body ?? []) {
      length += chunk.byteLength;
      // Leaving the loop cancels the stream.
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof RequestError) throw cause;
    // The caller hung up: an answer reaches nobody, but the log line tells it from our own failure.
    throw new RequestError("body_malformed", "Cannot read the body: it broke off", { cause });
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** The body's text; what is no UTF-8 becomes U+FFFD, and then matches no signature. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** @throws {RequestError} `body_malformed` */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the body.
    throw new RequestError("body_malformed", "Cannot read the body: it is not JSON");
  }
}

/** `what` is the part of the request that it came in. @throws {BodyInvalidError} naming each field that does not fit */
export function parseShape<S extends z.ZodType>(
  schema: S,
  value: unknown,
  what = "body",
): z.output<S> {
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

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => typeof part === "number" ? `[${part}]` : `.${String(part)}`)
    .join("");
  return text === "" ? "body" : text.replace(/^\./, "");
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError("body_too_large", `Cannot read the body: at most ${maxBytes} bytes`);
}
