/**
 * A job's input on its way: its secrets sealed in their places, opened for the handler alone.
 *
 * A sealed value is an object, so that a build which cannot open it refuses the input.
 *
 * @module
 */
import { BodyInvalidError } from "../../errors.ts";
import type { Sealed } from "../../contracts/job.ts";
import type { Redaction } from "./redaction.ts";
import type { SecretKeys } from "./secret_keys.ts";
import { HIDDEN, nameOf, placesOf, valueAt, withValueAt } from "./secret_paths.ts";

/** A job, as far as its secrets go. */
export interface SecretJob {
  name: string;
  secretsOf?(input: unknown): readonly string[];
}

/** An input as an envelope holds it. */
export interface SealedInput {
  input: unknown;
  sealed?: Sealed;
}

/** Seals the input's secrets for the job `id`; costs nothing for a job without. @throws {NotConfiguredError} */
export async function sealInput(
  keys: SecretKeys,
  job: SecretJob,
  given: unknown,
  { id, isSchedule }: { id: string; isSchedule?: boolean },
): Promise<SealedInput> {
  if (!job.secretsOf) return { input: given };
  // As it will be on the wire: what has a toJSON has no paths.
  let input = given === undefined ? undefined : JSON.parse(JSON.stringify(given));
  const at = placesOf(input, job.secretsOf(input));
  if (at.length === 0) return { input: given };
  for (const place of at) {
    const text = JSON.stringify(valueAt(input, place));
    const sealed = await keys.seal(text, boundTo(job.name, id, place));
    input = withValueAt(input, place, { $sealed: sealed });
  }
  return { input, sealed: { at, ...(isSchedule && { for: id }) } };
}

/**
 * Opens an input's secrets, each of which `redaction` looks for from then on; a plain one, as older
 * builds sent it, as it is.
 *
 * @throws {SecretUnreadableError} if a key is lost
 * @throws {NonRetryableError} if a secret was sealed for another job or field
 */
export async function openInput(
  keys: SecretKeys,
  job: SecretJob,
  { id, input, sealed }: SealedInput & { id: string },
  redaction?: Redaction,
): Promise<unknown> {
  let opened = input;
  for (const place of sealed?.at ?? []) {
    opened = withValueAt(opened, place, await openSecret(keys, job, { id, input, sealed }, place));
  }
  if (redaction) {
    for (const place of secretPlaces(job, opened, sealed)) redaction.add(valueAt(opened, place));
  }
  return opened;
}

/** Opens one secret of an input. @throws as `openInput` */
export async function openSecret(
  keys: SecretKeys,
  job: SecretJob,
  { id, input, sealed }: SealedInput & { id: string },
  place: string,
): Promise<unknown> {
  const text = sealedTextOf(valueAt(input, place)) ?? "";
  const opened = await keys.open(text, boundTo(job.name, sealed?.for ?? id, place), nameOf(place));
  return JSON.parse(opened);
}

/** The input as people may see it: `[secret]` in place of each. */
export function hideInput(job: SecretJob | undefined, { input, sealed }: SealedInput): unknown {
  return secretPlaces(job, input, sealed)
    .reduce((hidden, place) => withValueAt(hidden, place, HIDDEN), input);
}

/** The places of secrets in an input, sealed or (from an older build) plain. */
export function secretPlaces(
  job: SecretJob | undefined,
  input: unknown,
  sealed?: Sealed,
): readonly string[] {
  const at = sealed?.at ?? [];
  if (!job?.secretsOf) return at;
  try {
    return [...new Set([...at, ...placesOf(input, job.secretsOf(input))])];
  } catch {
    // An input that its job does not understand: nothing of it can be shown.
    return [...at, ""];
  }
}

/** The values of an input's secrets, which are not sealed yet. */
export function secretsIn(job: SecretJob, input: unknown): unknown[] {
  return job.secretsOf ? placesOf(input, job.secretsOf(input)).map((at) => valueAt(input, at)) : [];
}

/**
 * What an edited input means: where it says `[secret]`, what was there stays.
 *
 * @throws {BodyInvalidError} naming a place that says so and held no secret
 */
export function keepSecrets(
  job: SecretJob,
  edited: unknown,
  before: { input: unknown; places: readonly string[] },
): unknown {
  if (!job.secretsOf && before.places.length === 0) return edited;
  const places = new Set([...before.places, ...secretPlaces(job, edited)]);
  let kept = edited;
  for (const place of places) {
    if (valueAt(edited, place) !== HIDDEN) continue;
    if (!before.places.includes(place)) {
      const message = "there is no secret to keep: give its value";
      throw new BodyInvalidError([{ path: `input.${nameOf(place)}`, message }], "input");
    }
    kept = withValueAt(kept, place, valueAt(before.input, place));
  }
  return kept;
}

/** What a sealed value is bound to. */
export function boundTo(job: string, id: string, place: string): string {
  return JSON.stringify([job, id, place]);
}

/** The sealed text in a place, if that is what stands there. */
export function sealedTextOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 1) {
    return undefined;
  }
  const { $sealed } = value as { $sealed?: unknown };
  return typeof $sealed === "string" ? $sealed : undefined;
}
