/**
 * Which of the letters in QStash's list are ours: by what they carry, not by where they were sent.
 *
 * Another `PUBLIC_URL` must not lose what waited under the one before; and several apps may share one
 * QStash account, so a letter that says that it is another app's stays where it is.
 *
 * @module
 */
import { JobEnvelope } from "../../contracts/job.ts";
import type { QueueDeadLetter } from "../../ports.ts";
import { parse } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import { deliveryUrl, failureUrl } from "./publication.ts";

/** Of a job, of a callback that told of one, or none of ours. */
export type LetterKind = "job" | "callback" | undefined;

type Own = Pick<JobsDependencies, "publicUrl" | "origin" | "registry">;

/** Says what a letter is. Asks nobody. */
export function kindOfLetter(own: Own, { url, body, label }: QueueDeadLetter): LetterKind {
  if (url === failureUrl(own.publicUrl)) return "callback";
  if (url.startsWith(deliveryUrl(own.publicUrl, ""))) return "job";
  if (url.endsWith(failureUrl(""))) {
    return isOurs(own, envelopeIn(sourceOf(body))) ? "callback" : undefined;
  }
  const envelope = envelopeIn(body);
  const isLabelled = envelope?.id === undefined || label === undefined || label === envelope.id;
  const isSentThere = envelope !== undefined && url.endsWith(deliveryUrl("", envelope.job));
  return isSentThere && isLabelled && isOurs(own, envelope) ? "job" : undefined;
}

/** One that an older build sent says nothing of its app: then its job must be known here. */
function isOurs({ origin, registry }: Own, envelope: JobEnvelope | undefined): boolean {
  if (!envelope || !Object.hasOwn(registry, envelope.job)) return false;
  return envelope.origin === undefined || origin === undefined || envelope.origin === origin;
}

function envelopeIn(text: string | undefined): JobEnvelope | undefined {
  return parse(JobEnvelope, text);
}

/** What a failure callback tells of: the message's own body, as base64. */
function sourceOf(body: string): string | undefined {
  try {
    const bytes = Uint8Array.from(atob(JSON.parse(body).sourceBody), (char) => char.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    // It is no callback of QStash's.
    return undefined;
  }
}
