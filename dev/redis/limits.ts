/**
 * Upstash's limits, and the words in which it refuses what passes them.
 *
 * @module
 */

/** What one database takes. Every size in bytes; the defaults are those of the free plan. */
export interface Limits {
  /** One command, or one reply. Default: 10 MB. */
  requestBytes: number;
  /** All that one key holds. Default: 100 MB. */
  recordBytes: number;
  /** One key's name. Default: 32 KB. */
  keyBytes: number;
  /** All data; writes are refused past it. Default: 256 MB. */
  dataBytes: number;
  /** What INFO tells as `maxmemory`. Default: 64 MB. */
  memoryBytes: number;
  /** Entries that one consumer of a stream group may hold without acknowledging. Default: 1,000. */
  pendingEntries: number;
  /** Billed commands in a calendar month (UTC). Default: no limit. */
  monthlyCommands?: number;
}

const MB = 1024 * 1024;

/** The free plan's limits, apart from its 500,000 commands a month. */
export const defaultLimits: Limits = {
  requestBytes: 10 * MB,
  recordBytes: 100 * MB,
  keyBytes: 32 * 1024,
  dataBytes: 256 * MB,
  memoryBytes: 64 * MB,
  pendingEntries: 1_000,
};

/** What the vendor's plans take: the free one ends with the month's commands. */
export const planLimits = {
  free: { monthlyCommands: 500_000 },
  payg: { dataBytes: 100 * 1024 * MB, memoryBytes: 100 * 1024 * MB },
} satisfies Record<string, Partial<Limits>>;

/** The error texts of the limits. */
export const limitErrors = {
  request: (limit: number, actual: number) =>
    `ERR max request size exceeded. Limit: ${limit}, Actual: ${actual}`,
  record: (limit: number, actual: number) =>
    `ERR max single record size exceeded. Limit: ${limit}, Actual: ${actual}`,
  key: (limit: number, actual: number) =>
    `ERR max key size exceeded. Limit: ${limit}, Actual: ${actual}`,
  data: (limit: number, actual: number) =>
    `ERR DB capacity quota exceeded. Limit: ${limit}, Actual: ${actual}`,
  quota: (limit: number, usage: number) =>
    `ERR max requests limit exceeded. Limit: ${limit}, Usage: ${usage}. ` +
    "See https://upstash.com/docs/redis/troubleshooting/max_requests_limit for details",
  pending: () => "ERR XReadGroup is cancelled. Pending list limit of the consumer is exceeded",
};
