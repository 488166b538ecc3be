/**
 * Unique views by HyperLogLog: one for each listing and day, of at most 12 KB, whatever the traffic.
 *
 * A count has a standard error of 0.81 %: two of three days lie within it, 99.7 % within 2.4 %.
 * One command for a view; 2 more for the first that an isolate sees of a listing and day, and one
 * for its first of a day. A repeat changes nothing.
 *
 * @module
 */
import type { Redis, RedisCommand } from "../../ports.ts";
import type { Keys } from "../keys.ts";
import { type Day, forgottenAtSeconds } from "./day.ts";
import type { Listing } from "./unique_events.ts";

/** How many listings an isolate remembers, about 2 MB; one that it forgot costs 2 commands again. */
const MOST_REMEMBERED = 10_000;
const PFCOUNT_BATCH = 500;
const SCAN_COUNT = 1_000;

/** The listings that this isolate has registered. One for each isolate. */
export class RegisteredListings {
  readonly #listings = new Set<string>();
  readonly #days = new Set<Day>();

  has(day: Day, name: string): boolean {
    return this.#listings.has(`${day} ${name}`);
  }

  hasDay(day: Day): boolean {
    return this.#days.has(day);
  }

  add(day: Day, name: string): void {
    if (this.#listings.size >= MOST_REMEMBERED) {
      this.#listings.clear();
      this.#days.clear();
    }
    this.#listings.add(`${day} ${name}`);
    this.#days.add(day);
  }
}

/** A view by somebody, as 16 characters. */
export interface ApproximateView extends Listing {
  day: Day;
  by: string;
}

/** What records the view: its listing is registered first, so that no flush can miss its count. */
export function approximateViewCommands(
  keys: Keys,
  registered: RegisteredListings,
  { day, kind, id, by }: ApproximateView,
): RedisCommand[] {
  const key = keys.approximateViews(day, kind, id);
  const add = ["PFADD", key, by] as const;
  const name = `${kind}:${id}`;
  if (registered.has(day, name)) return [add];
  const at = forgottenAtSeconds(day);
  const listings = keys.approximateListings(day);
  return [
    ["SADD", listings, name],
    ...(registered.hasDay(day) ? [] : [["EXPIREAT", listings, at] as const]),
    add,
    ["EXPIREAT", key, at],
  ];
}

/** Counts the view; resolves to whether the estimate may have risen by it. */
export async function recordApproximateView(
  redis: Redis,
  keys: Keys,
  registered: RegisteredListings,
  view: ApproximateView,
): Promise<boolean> {
  const commands = approximateViewCommands(keys, registered, view);
  if (commands.length === 1) return await redis.run(commands[0]) === 1;
  const replies = await redis.pipeline(commands);
  registered.add(view.day, `${view.kind}:${view.id}`);
  return replies[commands.length - 2] === 1;
}

/**
 * Some of the day's registered listings, from `cursor` ("0" for the first) to the next one ("0" for
 * none). A listing may come twice. One command.
 */
export async function scanApproximateListings(
  redis: Redis,
  keys: Keys,
  day: Day,
  cursor: string,
): Promise<{ cursor: string; listings: Listing[] }> {
  const command = ["SSCAN", keys.approximateListings(day), cursor, "COUNT", SCAN_COUNT] as const;
  const [next, names] = await redis.run(command, { timeoutMs: 15_000 }) as [string, string[]];
  const listings = names.map((name) => {
    const colon = name.indexOf(":");
    return { kind: name.slice(0, colon), id: name.slice(colon + 1) };
  });
  return { cursor: String(next), listings };
}

/** How many saw each listing on the day, in their order; 500 to a request. One command each. */
export async function countApproximateViews(
  redis: Redis,
  keys: Keys,
  day: Day,
  listings: readonly Listing[],
): Promise<number[]> {
  const counts: number[] = [];
  for (let start = 0; start < listings.length; start += PFCOUNT_BATCH) {
    const commands = listings.slice(start, start + PFCOUNT_BATCH).map(({ kind, id }) =>
      ["PFCOUNT", keys.approximateViews(day, kind, id)] as const
    );
    counts.push(...await redis.pipeline(commands, { timeoutMs: 15_000 }) as number[]);
  }
  return counts;
}
