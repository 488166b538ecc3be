/**
 * What a run keeps between its attempts, and quotes a secret: sealed as the secret itself is.
 *
 * @module
 */
import type { Redaction } from "./redaction.ts";
import type { SecretKeys } from "./secret_keys.ts";
import { sealedTextOf } from "./sealed_input.ts";

/** Seals and opens what one run keeps. */
export interface ResultSeal {
  keys: SecretKeys;
  redaction: Redaction;
  /** The job's id. */
  id: string;
}

/** The JSON to keep for `json`: itself, or what seals it if it quotes a secret or is one. */
export async function sealResult(
  { keys, redaction, id }: ResultSeal,
  name: string,
  { json, isSecret }: { json: string | undefined; isSecret: boolean },
): Promise<{ $sealed: string } | undefined> {
  if (json === undefined) return undefined;
  const value = JSON.parse(json);
  if (!isSecret && !redaction.isIn(value)) return undefined;
  if (isSecret) redaction.add(value);
  return { $sealed: await keys.seal(json, JSON.stringify([id, name])) };
}

/** Opens what `sealResult` sealed; for anything else it resolves to undefined. @throws {SecretUnreadableError} */
export async function openResult(
  { keys, redaction, id }: ResultSeal,
  name: string,
  { kept, isSecret }: { kept: unknown; isSecret: boolean },
): Promise<{ value: unknown } | undefined> {
  const sealed = sealedTextOf(kept);
  if (sealed === undefined) return undefined;
  const value = JSON.parse(await keys.open(sealed, JSON.stringify([id, name]), `of ${name}`));
  if (isSecret) redaction.add(value);
  return { value };
}
