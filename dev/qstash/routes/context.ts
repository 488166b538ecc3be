/**
 * What the routes share: the caller's address, settings of a publish, JSON bodies.
 *
 * @module
 */
import type { Context } from "hono";
import * as z from "zod";
import { ApiError } from "../api_error.ts";
import { type Settings, splitTarget } from "../destination.ts";

/** What a server may be told about a connection; absent when it was called in process. */
export type ConnectionInfo = { remoteAddr?: { transport?: string; hostname?: string } } | undefined;

/** Hono's environment: `env` is the connection. */
export type QstashEnv = { Bindings: { connection?: ConnectionInfo } };

export type QstashContext = Context<QstashEnv>;

/** The address that a request came from. */
export function callerIp(c: QstashContext): string {
  return c.env?.connection?.remoteAddr?.hostname ?? "127.0.0.1";
}

/** The destination behind `prefix`, and the settings from headers and query; headers win. */
export function readTarget(
  request: Request,
  prefix: string,
): { destination: string; settings: Settings } {
  const { destination, settings } = splitTarget(request.url, prefix);
  return { destination, settings: new Map([...settings, ...request.headers]) };
}

export async function readBody(request: Request): Promise<Uint8Array> {
  return new Uint8Array(await request.arrayBuffer());
}

/** @throws {ApiError} 400 for a body that is no JSON or does not fit `schema` */
export async function readJson<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const text = await request.text();
  let value: unknown;
  try {
    value = text.trim() === "" ? undefined : JSON.parse(text);
  } catch {
    throw new ApiError(400, "invalid JSON body");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new ApiError(400, `invalid body: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  }
  return parsed.data;
}
