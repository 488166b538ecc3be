/**
 * Lets only QStash's own deliveries through.
 *
 * The body is read once, as bytes, and checked against the published address: behind a proxy
 * the request's own address is another.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { RequestError } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { decodeText, readBytes } from "./body.ts";

/** A message of 1 MB comes back in base64 in its failure callback, with an answer of the same size. */
const MOST_BYTES = 4_000_000;

/** Sets `c.var.delivery`; throws `signature_missing`, `signature_invalid` or `signature_expired`. */
export const verifyQstash: MiddlewareHandler<AppEnv> = async (c, next) => {
  const signature = c.req.header("Upstash-Signature");
  if (!signature) {
    throw new RequestError("signature_missing", "Cannot accept the delivery: it is not signed");
  }
  const { config, verifier } = c.var.deps;
  const { pathname, search } = new URL(c.req.url);
  let body = "";
  const { id: signatureId } = await verifier.verify({
    signature,
    // Read only once the rest of the signature is right.
    body: async () => {
      const bytes = await readBytes(c, { maxBytes: MOST_BYTES });
      body = decodeText(bytes);
      return bytes;
    },
    url: `${config.publicUrl}${pathname}${search}`,
  });
  c.set("delivery", {
    body,
    attempt: attemptOf(c.req.header("Upstash-Retried")),
    messageId: c.req.header("Upstash-Message-Id") ?? "",
    signatureId,
  });
  await next();
};

/** The header is not signed: what is no number of an attempt counts as the first. */
function attemptOf(retried = "0"): number {
  return /^\d{1,3}$/.test(retried) ? Number(retried) : 0;
}
