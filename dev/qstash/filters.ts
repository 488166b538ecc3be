/**
 * Filters and pages, as messages, logs and dead letters share them.
 *
 * Values of one key are alternatives, keys must all match. They come from the query or,
 * from older clients, from a JSON body.
 *
 * @module
 */
import { ApiError } from "./api_error.ts";
import type { DeliveryResponse, Message, MessageState } from "./model.ts";

/** The values of each key. */
export type Criteria = ReadonlyMap<string, readonly string[]>;

/** What a filter looks at. */
export interface Candidate {
  message: Message;
  /** For `fromDate` and `toDate`. */
  time: number;
  state?: MessageState;
  dlqId?: string;
  response?: DeliveryResponse;
}

type Test = (candidate: Candidate, value: string) => boolean;

const UNFINISHED = new Set<MessageState | undefined>(["ACTIVE", "RETRY", "ERROR"]);

const TESTS: Readonly<Record<string, Test>> = {
  messageId: ({ message }, value) => message.id === value,
  messageIds: ({ message }, value) => message.id === value,
  dlqIds: ({ dlqId }, value) => dlqId === value,
  state: ({ state }, value) =>
    value === "IN_PROGRESS" ? UNFINISHED.has(state) : state === value.replace("LLED", "LED"),
  url: ({ message }, value) => message.endpoint.url === value,
  host: ({ message }, value) => {
    const { host, hostname } = new URL(message.endpoint.url);
    return value === host || value === hostname;
  },
  path: ({ message }, value) => {
    const { pathname, search } = new URL(message.endpoint.url);
    return value === pathname || value === pathname + search;
  },
  topicName: ({ message }, value) => message.endpoint.topicName === value,
  scheduleId: ({ message }, value) => message.scheduleId === value,
  queueName: ({ message }, value) => message.queueName === value,
  label: ({ message }, value) => message.spec.labels.includes(value),
  flowControlKey: ({ message }, value) => message.spec.flowControl?.key === value,
  callerIp: ({ message }, value) => message.spec.callerIp === value,
  callerIP: ({ message }, value) => message.spec.callerIp === value,
  fromDate: ({ time }, value) => time >= Number(value),
  toDate: ({ time }, value) => time <= Number(value),
  responseStatus: ({ response }, value) => response?.status === Number(value),
};

/** Keys that are no filters. */
const PAGING = new Set(["cursor", "count", "order", "qstash_token", "trimBody", "api"]);

/** Reads the query, and the JSON body where the request has one. */
export async function readCriteria(request: Request): Promise<Criteria> {
  const criteria = new Map<string, string[]>();
  const add = (key: string, value: string) => {
    const values = criteria.get(key) ?? [];
    criteria.set(key, values.concat(splitList(key, value)));
  };
  for (const [key, value] of new URL(request.url).searchParams) add(key, value);
  const text = request.body === null ? "" : await request.text();
  if (text.trim() !== "") {
    for (const [key, value] of Object.entries(parseObject(text))) {
      if (value === null) continue;
      for (const item of Array.isArray(value) ? value : [value]) add(key, String(item));
    }
  }
  return criteria;
}

/** `criteria` without what says how much to answer. */
export function filtersOf(criteria: Criteria): Criteria {
  return new Map([...criteria].filter(([key]) => !PAGING.has(key)));
}

/** Whether `criteria` name anything at all; without, they mean everything. */
export function hasFilter(criteria: Criteria): boolean {
  return [...criteria.keys()].some((key) => !PAGING.has(key));
}

/**
 * The filter that `criteria` describe.
 *
 * @throws {ApiError} 400 for an unknown key, where `strict`, and for a filter without a value:
 *   ignoring either would take in more than was asked for
 */
export function compileFilter(
  criteria: Criteria,
  { strict }: { strict: boolean },
): (candidate: Candidate) => boolean {
  const tests: ((candidate: Candidate) => boolean)[] = [];
  for (const [key, values] of criteria) {
    if (PAGING.has(key)) continue;
    const test = Object.hasOwn(TESTS, key) ? TESTS[key] : undefined;
    if (!test) {
      if (strict) throw new ApiError(400, `unknown query parameter: ${key}`);
      continue;
    }
    if (values.length === 0) throw new ApiError(400, `filter ${key} must not be empty`);
    tests.push((candidate) => values.some((value) => test(candidate, value)));
  }
  return (candidate) => tests.every((test) => test(candidate));
}

export interface Page<T> {
  items: T[];
  /** Absent on the last page. */
  cursor?: string;
}

/**
 * The next `count` (at most `max`) of `items` that match, after the one that `cursor` names.
 * Cursors are `<ms>-<sequence>`, and `items` must come in the order of the sequence.
 *
 * @throws {ApiError} 400 for a cursor or count that cannot be read
 */
export function pageOf<T extends { sequence: number }>(
  items: Iterable<T>,
  criteria: Criteria,
  options: {
    max: number;
    descending: boolean;
    matches: (item: T) => boolean;
    timeOf(item: T): number;
  },
): Page<T> {
  const { max, descending, matches, timeOf } = options;
  const size = Math.min(max, readCount(criteria) ?? 100);
  const after = readCursor(criteria);
  const page: T[] = [];
  for (const item of items) {
    if (after !== undefined && (descending ? item.sequence >= after : item.sequence <= after)) {
      continue;
    }
    if (!matches(item)) continue;
    if (page.length === size) {
      const last = page[size - 1];
      return { items: page, cursor: `${timeOf(last)}-${last.sequence}` };
    }
    page.push(item);
  }
  return { items: page };
}

/** The `count` of a request: a positive whole number. */
export function readCount(criteria: Criteria): number | undefined {
  const text = criteria.get("count")?.[0];
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    throw new ApiError(400, `invalid count "${text}": must be a positive integer`);
  }
  return Number(text);
}

function readCursor(criteria: Criteria): number | undefined {
  const text = criteria.get("cursor")?.[0];
  if (text === undefined) return undefined;
  const sequence = /^\d+-(\d{1,15})$/.exec(text)?.[1];
  if (sequence === undefined) throw new ApiError(400, `invalid cursor "${text}"`);
  return Number(sequence);
}

/** Addresses may hold commas of their own. */
function splitList(key: string, value: string): string[] {
  const separator = key === "url" ? /,(?=https?:\/\/)/ : key === "path" ? /,(?=\/)/ : ",";
  return value.split(separator).map((item) => item.trim()).filter((item) => item !== "");
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError(400, "invalid JSON body");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ApiError(400, "invalid JSON body: must be an object");
  }
  return value as Record<string, unknown>;
}
