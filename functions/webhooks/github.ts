/**
 * GitHub's webhooks: HMAC-SHA256 over the raw body, in `X-Hub-Signature-256`.
 *
 * @module
 */
import { BodyInvalidError, NotConfiguredError, RequestError } from "../../shared/mod.ts";
import type { AppRegistry } from "../jobs/registry.ts";
import { parseJson } from "../middleware/json.ts";
import type { Claim } from "../middleware/signed_body.ts";

/** The job that each event becomes; every other event is let go. */
export const githubJobs: Readonly<Record<string, keyof AppRegistry>> = {
  push: "github.push",
};

/** One delivery, as its headers have it. */
export interface GithubClaim extends Claim {
  event: string;
  /** Unique for each event; the same when GitHub sends it again. */
  id: string;
}

/**
 * Reads the headers of a delivery, before a byte of its body.
 *
 * @throws {NotConfiguredError | RequestError | BodyInvalidError} where they cannot be right
 */
export function claimOfGithub(headers: Headers, secret: string | undefined): GithubClaim {
  if (secret === undefined) {
    throw new NotConfiguredError("GitHub's webhook", ["WEBHOOK_SECRET_GITHUB"]);
  }
  const signature = headers.get("X-Hub-Signature-256");
  if (!signature) {
    throw new RequestError("signature_missing", "Cannot accept: X-Hub-Signature-256 is missing");
  }
  const hex = /^sha256=([0-9a-f]{64})$/.exec(signature)?.[1];
  if (hex === undefined) {
    throw new RequestError("signature_invalid", "Cannot accept: the signature is not GitHub's");
  }
  return {
    sender: "GitHub",
    secret: new TextEncoder().encode(secret),
    before: new Uint8Array(),
    signatures: [Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16))],
    event: required(headers, "X-GitHub-Event"),
    id: required(headers, "X-GitHub-Delivery"),
  };
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
