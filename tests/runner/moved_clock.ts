/**
 * The tests that run on the machine's clock, once more with that clock moved.
 *
 * Debian's libfaketime moves the wall clock of a process and of all that it starts, redis-server and
 * Postgres included; the moved clock runs, and the monotonic one is left alone. So a fixed day on a
 * wall clock fails here before it does on its own.
 *
 * @module
 */
import { needs } from "../support/needs.ts";
import { type Batch, batchesOf, findIn, testFiles } from "./plan.ts";

/** A batch on a clock of its own. */
export interface MovedRun {
  batch: Batch;
  /** Where its clock begins, in words. */
  moved: string;
  /** What moves the clock of a process that starts now. */
  env(): Record<string, string>;
}

/** What makes a wall clock, or a server that has the machine's. */
const WALL =
  /\bnew WallClock\(|clock: "wall"|\b(startLocalCloud|startRedisServer|startPostgres|startDev)\(/;

const DAY_MS = 86_400_000;

/** Where clocks begin, by what the machine shows. */
export const MOVES: readonly { name: string; isEach?: boolean; at(now: number): number }[] = [
  { name: "a year ahead", at: (now) => now + 365 * DAY_MS },
  { name: "on 29 February", at: leapDayAfter },
  // Ten seconds are soon over: each file begins there by itself.
  {
    name: "at 23:59:50 on 31 December",
    isEach: true,
    at: (now) => Date.UTC(new Date(now).getUTCFullYear(), 11, 31, 23, 59, 50),
  },
];

/** Every test file that runs on a wall clock, by search. */
export function onWallClock(files: readonly string[] = testFiles()): string[] {
  return files.filter((file) => findIn(file, WALL).length > 0);
}

/** What to run, and on which clocks; undefined where nothing can move them. */
export async function movedRuns(
  files: readonly string[] = testFiles(),
): Promise<MovedRun[] | undefined> {
  const mover = await createMover();
  if (mover === undefined) return undefined;
  const batches = batchesOf(onWallClock(files));
  const alone = batches.flatMap((batch) =>
    batch.files.map((file) => ({ ...batch, files: [file] }))
  );
  return MOVES.flatMap(({ name, at, isEach }) =>
    (isEach ? alone : batches)
      .map((batch) => ({ batch, moved: name, env: () => mover(at(Date.now())) }))
  );
}

/**
 * Gives the environment in which a process that starts now finds itself at `at` (epoch ms). The
 * distance is to the real clock, so that a machine whose clock is moved already goes there too.
 */
export async function createMover(): Promise<((at: number) => Record<string, string>) | undefined> {
  const { ignore } = needs("faketime");
  if (ignore) return undefined;
  // The command knows where its library is, on any architecture; -m is the one for threads. It does
  // not always start below its own library.
  const library = await run("faketime", ["-m", "-f", "+0", "printenv", "LD_PRELOAD"], {
    LD_PRELOAD: "",
    FAKETIME: "",
  });
  const move = (seconds: number) => ({
    // libc before redis-server's own allocator, which asks for the time before there is any memory
    // to look for it: libfaketime would never come to an end.
    LD_PRELOAD: `${library.split(":").find(Boolean)} libc.so.6`,
    FAKETIME: `${seconds < 0 ? "" : "+"}${seconds}`,
    // Time-outs and intervals are not to jump; the name depends on the version.
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
    TZ: "UTC",
    ZEROPOLL_MOVED: "1",
  });
  const real = Number(await run("date", ["+%s"], move(0)));
  const shownAhead = Math.round(Date.now() / 1_000) - real;
  return (at) => move(Math.round((at - Date.now()) / 1_000) + shownAhead);
}

/** Noon of the next 29 February. */
function leapDayAfter(now: number): number {
  for (let year = new Date(now).getUTCFullYear();; year++) {
    const at = Date.UTC(year, 1, 29, 12);
    if (at > now && new Date(at).getUTCDate() === 29) return at;
  }
}

async function run(command: string, args: string[], env: Record<string, string> = {}) {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    env: { ...environmentWithoutShared(), ...env },
    clearEnv: true,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`Cannot run ${command}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/**
 * This process's environment. One clock that processes share would stand still for all of them once
 * one is killed that holds its lock; a distance needs no sharing.
 */
export function environmentWithoutShared(): Record<string, string> {
  const { FAKETIME_SHARED: _, ...environment } = Deno.env.toObject();
  return environment;
}
