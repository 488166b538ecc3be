/**
 * A delivery of `debug.echo`, signed.
 *
 * @module
 */
import { createAppWorld, PUBLIC_URL } from "./app_world.ts";
import { signDelivery } from "./signature.ts";

/** The envelope of a job `debug.echo`. */
export const envelope = {
  version: 1,
  id: "abcdefghijklmnopqrst",
  job: "debug.echo",
  input: { message: "hello" },
  generation: 0,
  enqueuedAt: 1,
};

/** Sends that job's delivery, signed as QStash would. */
export async function deliver(
  world: ReturnType<typeof createAppWorld>,
  delivery: { path?: string; signedPath?: string } = {},
) {
  const { path = "/qstash/jobs/debug.echo", signedPath = path } = delivery;
  const body = JSON.stringify(envelope);
  const signature = await signDelivery({
    key: world.qstash.signingKeys.current,
    url: `${PUBLIC_URL}${signedPath}`,
    body,
    issuedAt: Date.now(),
  });
  return await world.request(path, {
    method: "POST",
    body,
    headers: { "Upstash-Signature": signature, "Upstash-Message-Id": "msg_1" },
  });
}
