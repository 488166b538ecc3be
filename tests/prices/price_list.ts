/**
 * The price list: each operation, what it may cost, and how to measure it.
 *
 * `tests/prices/prices_test.ts` holds every row against the meters of dev/; `deno task prices`
 * prints the table as measured. A row that got dearer is a bug; a cheaper one is lowered here.
 *
 * @module
 */
import { createWorld, type World } from "../core/jobs/world.ts";
import { chatPrices } from "./chat_prices.ts";
import { feedPrices } from "./flush_prices.ts";
import { historyPrices } from "./history_prices.ts";
import { jobPrices } from "./job_prices.ts";
import { limitPrices } from "./limit_prices.ts";
import { notificationPrices } from "./notification_prices.ts";
import { emptyDatabase } from "./one_database.ts";
import { peoplePrices } from "./people_prices.ts";
import { profilePrices } from "./profile_prices.ts";
import { streamPrices } from "./stream_prices.ts";

/** Billed Redis commands, QStash messages, and requests to Redis one after another. */
export interface Price {
  commands: number;
  messages: number;
  trips: number;
}

export interface PriceRow extends Price {
  operation: string;
  /** Puts the system where the operation can begin; not counted. */
  prepare?(world: World): Promise<unknown>;
  /** The operation; `prepared` is what `prepare` resolved to. */
  run(world: World, prepared: unknown): Promise<unknown>;
  /** Another row's price to take off: the operation is what comes on top of it. */
  beyond?: Price;
  /** It needs a Postgres. */
  postgres?: true;
  environment?: Record<string, string>;
  /** Measures it in a world of its own; `run` is not called then. */
  measure?(): Promise<Price>;
}

const nothing: Price = { commands: 0, messages: 0, trips: 0 };

export const priceList: readonly PriceRow[] = [
  ...feedPrices,
  ...limitPrices,
  ...notificationPrices,
  ...historyPrices,
  ...streamPrices,
  ...chatPrices,
  ...profilePrices,
  ...peoplePrices,
  ...jobPrices,
];

/** Measures one row in a world of its own. */
export async function measure(row: PriceRow): Promise<Price> {
  if (row.measure) return await row.measure();
  const postgres = row.postgres && await emptyDatabase();
  await using world = await createWorld({
    environment: { ...row.environment, ...(postgres && { DATABASE_URL: postgres.url }) },
  });
  const prepared = await row.prepare?.(world);
  const { redis, qstash } = world.cloud;
  world.bill();
  await row.run(world, prepared);
  const { commands, requests } = redis.meter.snapshot();
  const { messages } = qstash.meter.snapshot();
  const { beyond = nothing } = row;
  return {
    commands: commands - beyond.commands,
    messages: messages - beyond.messages,
    trips: requests - beyond.trips,
  };
}
