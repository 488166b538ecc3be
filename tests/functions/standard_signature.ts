/**
 * Signatures of Standard Webhooks, made from the specification, so that tests can get each part wrong.
 *
 * @module
 */
import { hmac, toBase64 } from "./app_world.ts";

export interface WebhookToSign {
  secret: string;
  body: string;
  /** Epoch ms. */
  atMs: number;
  id?: string;
  prefix?: string;
}

/** A request with the three headers. */
export async function signStandard(
  { secret, body, atMs, id = "msg_1", prefix = "webhook" }: WebhookToSign,
): Promise<RequestInit & { headers: Record<string, string> }> {
  const timestamp = String(Math.floor(atMs / 1_000));
  const key = Uint8Array.from(atob(secret.slice(6)), (character) => character.charCodeAt(0));
  const signature = toBase64(await hmac(key, `${id}.${timestamp}.${body}`));
  return {
    method: "POST",
    body,
    headers: {
      [`${prefix}-id`]: id,
      [`${prefix}-timestamp`]: timestamp,
      [`${prefix}-signature`]: `v1,${signature}`,
    },
  };
}
