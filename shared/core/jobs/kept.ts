/**
 * What is kept between attempts is JSON, and the first attempt gets what every later one will.
 *
 * @module
 */

/** What comes back of a `T` that was kept: a Date and a URL as their text, a method not at all. */
export type Kept<T> = 0 extends 1 & T ? T
  : unknown extends T ? T
  : T extends string | number | boolean | null | undefined | void ? T
  : T extends { toJSON(...args: never[]): infer Json } ? Kept<Json>
  : T extends bigint | symbol | Unkeepable ? never
  : T extends (...args: never[]) => unknown ? never
  : T extends readonly unknown[] ? { [Index in keyof T]: Kept<T[Index]> }
  : {
    [K in keyof T as T[K] extends symbol | ((...args: never[]) => unknown) ? never : K]: Kept<T[K]>;
  };

type Unkeepable =
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakKey & { readonly [Symbol.toStringTag]: "WeakMap" | "WeakSet" | "Promise" }
  | ArrayBuffer
  | ArrayBufferView
  | RegExp
  | Error;

/**
 * The JSON of `value`; undefined for undefined alone.
 *
 * @throws {TypeError} naming what JSON would lose or change: Map, Set, bytes, NaN, bigint and the like
 */
export function toKept(what: string, value: unknown): string | undefined {
  const refuse = (because: string, key: string): never => {
    const where = key === "" ? "" : ` at "${key}"`;
    throw new TypeError(`Cannot keep ${what}: ${because}${where} is no JSON`);
  };
  if (typeof value === "function") return refuse("a function", "");
  return JSON.stringify(value, function (this: Record<string, unknown>, key, json: unknown) {
    // What it was before its own toJSON, if it has one.
    const given = key === "" && !Object.hasOwn(this, key) ? json : this[key];
    if (typeof json === "bigint" || typeof json === "symbol") {
      return refuse(`a ${typeof json}`, key);
    }
    if (typeof json === "number" && !Number.isFinite(json)) return refuse(String(json), key);
    if (given instanceof Date && json === null) return refuse("an invalid Date", key);
    if (typeof json === "object" && json !== null && isLost(json)) {
      return refuse(`a ${json.constructor?.name || "value"}`, key);
    }
    return json;
  });
}

/** Whether JSON would make `{}` of it, or a list of bytes by number. */
function isLost(value: object): boolean {
  if (Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return false;
  return ArrayBuffer.isView(value) || value instanceof Error || value instanceof Map ||
    value instanceof Set || Object.keys(value).length === 0;
}

/** A result as it stands in a claim or the ledger: what JSON has no word for, and what looks like our own words. */
export function encodeKept(json: string | undefined): unknown {
  if (json === undefined) return null;
  const value = JSON.parse(json);
  return value === null || isOurs(value) ? { $json: json } : value;
}

/** The result that the first attempt got as well. */
export function decodeKept(kept: unknown): unknown {
  if (kept === null) return undefined;
  return isOurs(kept) && "$json" in kept ? JSON.parse(String(kept.$json)) : kept;
}

function isOurs(value: unknown): value is { $json?: unknown; $sealed?: unknown } {
  if (typeof value !== "object" || value === null) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === "$json" || keys[0] === "$sealed");
}
