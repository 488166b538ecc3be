/**
 * `people.erase`: erases what is kept of somebody, and says what stays for how long.
 *
 * It may run any number of times. 12 commands: 2 for the job, 8 for steps, 2 for what is cached; and 3
 * for each job of theirs that waits, 1 more with each 1,000 messages of QStash's log.
 *
 * @module
 */
import * as z from "zod";
import {
  type AskedPerson,
  type Config,
  defineJob,
  isAbout,
  type JobContext,
  NotConfiguredError,
  type PeopleContributions,
  type PeopleParts,
} from "../../shared/mod.ts";
import { EraseOutput, PersonAddresses, PersonId } from "./contracts.ts";

/** Parts of QStash's log of 1,000 messages each; past that the answer says that it is not whole. */
const MOST_PARTS = 50;
/** What one delivery asks of QStash stays below what a Worker may ask for: 10 requests for each. */
const PARTS_AT_ONCE = 3;

const input = z.object({ user: PersonId, addresses: PersonAddresses.default([]) });

export interface EraseParts {
  config: Config;
  people: PeopleContributions;
}

/** Makes the job. */
export function createPeopleJobs({ config, people }: EraseParts) {
  return {
    "people.erase": defineJob({
      name: "people.erase",
      description: "Erases what is kept of a person: rows, caches, waiting jobs, dead letters.",
      input,
      output: EraseOutput,
      // Who is to be forgotten is not to be remembered by the message that says so.
      ...(config.secretKeys.length > 0 && { secrets: ["user", "addresses"] as const }),
      retries: 5,
      timeoutMs: 120_000,
      run: (person, context) => erase(people, person, context),
    }),
  };
}

async function erase(
  people: PeopleContributions,
  person: AskedPerson,
  context: JobContext,
): Promise<EraseOutput> {
  const parts = partsOf(context);
  const aliases = new Set(await aliasesOf(people, parts, person));
  // Another erasure of the same person is about them, and is to go on.
  const about = (job: string, input: unknown) =>
    job !== context.job && isAbout(input, person, aliases);
  // What waits goes first: it could bring back what is erased.
  let cursor: string | undefined;
  let cancelled = 0;
  let part = 0;
  let read = 0;
  do {
    // A part that was read before this delivery is a step that has ended.
    const done = await context.step(String(part), async () => {
      read++;
      return await context.cancelAbout(about, cursor);
    });
    cursor = done.cursor;
    cancelled += done.cancelled;
    part++;
    if (cursor !== undefined && read >= PARTS_AT_ONCE) await context.defer(context.clock.now());
  } while (cursor !== undefined && part < MOST_PARTS);
  // Steps, so that an attempt that fails is followed by one that still knows how much it was. Their
  // names are too short to be somebody's: a secret of the input may be no step's name.
  const { stripped } = await context.step("l", () => context.stripAbout(about));
  const erased: EraseOutput["erased"] = { waiting: { cancelled }, letters: { stripped } };
  const remains: EraseOutput["remains"] = {};
  const now = context.clock.now();
  for (const [index, [feature, contribution]] of Object.entries(people).entries()) {
    const rows = await context.step(
      `f${index}`,
      async () => ({ ...await contribution.erase(parts, person) }),
    );
    if (Object.keys(rows).length > 0) erased[feature] = rows;
    const left = contribution.remains?.(now) ?? [];
    if (left.length > 0) {
      remains[feature] = left.map(({ until, ...rest }) => ({
        ...rest,
        ...(until !== undefined && { until: new Date(until).toISOString() }),
      }));
    }
  }
  context.log.info("person.erased", { cancelled, stripped });
  return { erased, remains, isWhole: cursor === undefined };
}

function partsOf(context: JobContext): PeopleParts {
  const { clock, keys, log, redis } = context;
  try {
    return { clock, keys, log, redis, sql: context.sql };
  } catch (error) {
    if (!(error instanceof NotConfiguredError)) throw error;
    return { clock, keys, log, redis };
  }
}

/** All that stands for the person in inputs of jobs. */
export async function aliasesOf(
  people: PeopleContributions,
  parts: PeopleParts,
  person: AskedPerson,
): Promise<string[]> {
  const all = await Promise.all(
    Object.values(people).map((contribution) => contribution.aliases?.(parts, person) ?? []),
  );
  return all.flat();
}
