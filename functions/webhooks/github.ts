/**
 * GitHub's webhooks: HMAC-SHA256 over the raw body, in `X-Hub-Signature-256`.
 *
 * @module
 */
import { BodyInvalidError, NotConfiguredError, RequestError } from "../../shared/mod.ts";
import type { AppRegistry } from "../jobs/registry.ts";
import { parseJson } from "../middleware/json.ts";
import { isSignedBy } from "../middleware/hmac.ts";

/** The job that each event becomes; every other event is let go. */
export const githubJobs: Readonly<Record<string, keyof AppRegistry>> = {
  push: "github.push",
};

/** One delivery, verified. */
export interface GithubDelivery {
  event: string;
  /** Unique for each event; the same when GitHub sends it again. */
  id: string;
}

/**
 * Verifies a delivery and says what it is.
 *
 * @throws {NotConfiguredError | RequestError | BodyInvalidError}
 */
export async function verifyGithub(
  headers: Headers,
  body: Uint8Array,
  secret: string | undefined,
): Promise<GithubDelivery> {
  if (secret === undefined) {
    throw new NotConfiguredError("GitHub's webhook", ["WEBHOOK_SECRET_GITHUB"]);
  }
  const signature = headers.get("X-Hub-Signature-256");
  if (!signature) {
    throw new RequestError("signature_missing", "Cannot accept: X-Hub-Signature-256 is missing");
  }
  const hex = /^sha256=([0-9a-f]{64})$/.exec(signature)?.[1];
  const bytes = hex && Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
  if (!bytes || !await isSignedBy(new TextEncoder().encode(secret), bytes, body)) {
    throw new RequestError("signature_invalid", "Cannot accept: the signature is not GitHub's");
  }
  return { event: required(headers, "X-GitHub-Event"), id: required(headers, "X-GitHub-Delivery") };
}

/**
 * The payload of a delivery, sent as JSON or, as GitHub's own form suggests, in a form's field.
 *
 * @throws {RequestError} `body_malformed`
 */
export function readGithubPayload(contentType: string | undefined, text: string): unknown {
  const isForm = /^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? "");
  const payload = isForm ? new URLSearchParams(text).get("payload") ?? "" : text;
  return parseJson(payload, { mend: "all" });
}

function required(headers: Headers, name: string): string {
  const value = headers.get(name);
  if (value && value.length <= 200) return value;
  const message = value ? "has more than 200 characters" : "is missing";
  throw new BodyInvalidError([{ path: name, message }], "headers");
}
