/**
 * Dead letters as people may see them: without the secrets of their jobs, one of which may be read
 * by who may administer.
 *
 * @module
 */
import type { DeadLetter } from "../../contracts/dead_letter.ts";
import { JobEnvelope } from "../../contracts/job.ts";
import { RequestError } from "../../errors.ts";
import { HIDDEN, nameOf, valueAt } from "../secrets/secret_paths.ts";
import { hideInput, openSecret, sealedTextOf, secretPlaces } from "../secrets/sealed_input.ts";
import { parse } from "./claim.ts";
import type { JobsDependencies } from "./dependencies.ts";
import type { Registry } from "./job.ts";

/** The letter with `[secret]` in place of each; one of a job without secrets is as it was. */
export function showLetter(registry: Registry, letter: DeadLetter): DeadLetter {
  const envelope = parse(JobEnvelope, letter.envelope);
  const job = jobOf(registry, letter.job);
  if (!envelope) return job?.secretsOf ? { ...letter, envelope: HIDDEN } : letter;
  const then = envelope.group?.then;
  const hasSealed = (value: unknown) => sealedTextOf(value) !== undefined;
  const steps = Object.entries(envelope.steps ?? {});
  const isOpen = !envelope.sealed && !then?.sealed && !job?.secretsOf &&
    !(then && jobOf(registry, then.job)?.secretsOf) && !steps.some(([, value]) => hasSealed(value));
  if (isOpen) return letter;
  const { sealed: _, ...rest } = envelope;
  const shown = {
    ...rest,
    input: hideInput(job, envelope),
    ...(then && {
      group: {
        ...envelope.group,
        then: { job: then.job, input: hideInput(jobOf(registry, then.job), then) },
      },
    }),
    ...(envelope.steps && {
      steps: Object.fromEntries(
        steps.map(([name, value]) => [name, hasSealed(value) ? HIDDEN : value]),
      ),
    }),
  };
  return { ...letter, envelope: JSON.stringify(shown) };
}

/**
 * Opens one secret of a letter, at `path` as in `data.url`. Who asks for it must be told in a log.
 *
 * @throws {RequestError} `not_found`
 * @throws {SecretUnreadableError} if its key is lost
 */
export async function readSecret(
  { deadLetters, registry, secrets }: JobsDependencies,
  id: string,
  path: string,
): Promise<unknown> {
  const letter = await deadLetters.get(id);
  const envelope = letter && parse(JobEnvelope, letter.envelope);
  const job = letter && (jobOf(registry, letter.job) ?? { name: letter.job });
  const place = envelope && secretPlaces(job, envelope.input, envelope.sealed)
    .find((place) => nameOf(place) === path || place.slice(1).replaceAll("/", ".") === path);
  if (!job || !envelope || !place) {
    throw new RequestError("not_found", `Cannot find a secret "${path.slice(0, 64)}" in ${id}`);
  }
  if (!envelope.sealed?.at.includes(place)) return valueAt(envelope.input, place);
  return await openSecret(secrets, job, { ...envelope, id }, place);
}

function jobOf(registry: Registry, name: string): Registry[string] | undefined {
  return Object.hasOwn(registry, name) ? registry[name] : undefined;
}
