/**
 * Runs one random sequence on two engines, and reports every reply in which they differ.
 *
 * After a known difference the keys it touched are deleted on both, so that one cause is not
 * counted again in all that follows. Every so often both start empty.
 *
 * @module
 */

import { describe } from "../../dev/redis/commands.ts";
import type { Command, Engine } from "../../dev/redis/engines/engine.ts";
import { agree, type Result, resultOf } from "./redis_compare.ts";
import { isError, type Observation } from "./redis_differences.ts";
import { keyNames } from "./redis_atoms.ts";
import { families } from "./redis_families.ts";
import { mutate, pick, type Random, seededRandom, type Template } from "./redis_grammar.ts";

/** The two engines that must agree. */
export interface EnginePair {
  readonly embedded: Engine;
  readonly redis: Engine;
}

/** One command, or several as a transaction. */
export type Step = readonly (readonly string[])[];

/** A reply that differs, with the steps since both were empty; the last is the one that differs. */
export interface Finding extends Observation {
  readonly seed: number;
  readonly history: readonly Step[];
}

export interface FuzzOptions {
  /** Steps to take; a transaction is one step. */
  steps: number;
  /** How many steps lie between two fresh starts. */
  stepsBetweenFlushes: number;
  /** What commands are made from. Default: every family. */
  templates?: readonly (readonly Template[])[];
  /** Whether a difference is known; it is then not a finding. */
  isKnown(observation: Observation): boolean;
}

/** Takes `options.steps` steps of the sequence that `seed` fixes; returns commands run and findings. */
export async function fuzz(
  pair: EnginePair,
  seed: number,
  options: FuzzOptions,
): Promise<{ commands: number; findings: Finding[] }> {
  const random = seededRandom(seed);
  const findings: Finding[] = [];
  let history: Step[] = [];
  let commands = 0;
  for (let taken = 0; taken < options.steps; taken++) {
    if (taken % options.stepsBetweenFlushes === 0) {
      await flush(pair);
      history = [];
    }
    const step = randomStep(random, options.templates ?? Object.values(families));
    history.push(step);
    commands += step.length;
    const observations = await observe(pair, step);
    for (const observation of observations) {
      if (!options.isKnown(observation)) {
        findings.push({ ...observation, seed, history: [...history] });
      }
    }
    if (observations.length > 0) {
      for (const cleaning of resyncSteps(step)) {
        history.push(cleaning);
        await observe(pair, cleaning);
      }
    }
  }
  return { commands, findings };
}

/** The fewest steps, in order, that still end in a difference that is not known. */
export async function shrink(
  pair: EnginePair,
  { history }: Finding,
  isKnown: (observation: Observation) => boolean,
): Promise<Step[]> {
  const last = history.at(-1)!;
  const differs = async (steps: readonly Step[]) => {
    await flush(pair);
    for (const step of steps) await observe(pair, step);
    return (await observe(pair, last)).some((observation) => !isKnown(observation));
  };
  let kept = history.slice(0, -1);
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = kept.length - size; at > -size; at -= size) {
      const without = kept.toSpliced(Math.max(0, at), size + Math.min(0, at));
      if (await differs(without)) kept = without;
    }
  }
  return [...kept, last];
}

type Templates = readonly (readonly Template[])[];

function randomStep(random: Random, from: Templates): Step {
  if (random() > 0.02) return [randomCommand(random, from)];
  return Array.from({ length: 2 + Math.floor(random() * 3) }, () => randomCommand(random, from));
}

function randomCommand(random: Random, from: Templates): string[] {
  const words = mutate(pick(random, pick(random, from)).expand(random), random);
  // SPOP without a count takes any member: nothing after it could be compared.
  return words[0] === "SPOP" && words.length === 2 ? randomCommand(random, from) : words;
}

/** Runs `step` on both; what differs, command by command. */
async function observe(pair: EnginePair, step: Step): Promise<Observation[]> {
  const [embedded, redis] = await Promise.all([take(pair.embedded, step), take(pair.redis, step)]);
  const discardedBy = embedded.discarded === redis.discarded
    ? undefined
    : embedded.discarded
    ? "embedded" as const
    : "redis" as const;
  const observations = step.map((command, index) => ({
    command,
    embedded: embedded.results[index],
    redis: redis.results[index],
    discardedBy,
  }));
  // One that only one engine discarded differs in all its commands: the first that failed tells why.
  if (discardedBy !== undefined) {
    const failed = observations.find((each) =>
      discardedBy === "embedded" && isError(each.redis.outcome)
    );
    return [failed ?? observations[0]];
  }
  return observations.filter((each) => !agree(each.embedded, each.redis));
}

async function take(
  engine: Engine,
  step: Step,
): Promise<{ results: Result[]; discarded: boolean }> {
  if (step.length === 1) {
    return { results: [resultOf(step[0], await engine.run(encoded(step[0])))], discarded: false };
  }
  const executions = await engine.transaction(step.map(encoded));
  if (!("discarded" in executions)) {
    const results = executions.map((execution, index) => resultOf(step[index], execution));
    return { results, discarded: false };
  }
  const reply = { type: "error" as const, message: executions.discarded };
  return { results: step.map((each) => resultOf(each, { reply, inner: [] })), discarded: true };
}

/** Deletes every key that `step` names, in whatever place: a wrong arity may have moved it. */
function resyncSteps(step: Step): Step[] {
  const keys = step.flatMap((command) => [
    ...(describe(command)?.keys(command) ?? []).map((index) => command[index]),
    ...command.slice(1).filter((word) => keyNames.includes(word)),
  ]);
  const cleaning: Step = [["DEL", ...new Set(keys), "-"]];
  const hasFunctions = step.some(([name]) => name === "FUNCTION");
  return hasFunctions ? [cleaning, [["FUNCTION", "FLUSH"]]] : [cleaning];
}

async function flush(pair: EnginePair): Promise<void> {
  await Promise.all([
    pair.embedded.run(encoded(["FLUSHALL"])),
    pair.redis.run(encoded(["FLUSHALL"])),
  ]);
}

function encoded(words: readonly string[]): Command {
  return words.map((word) => Uint8Array.from(word, (character) => character.charCodeAt(0)));
}
