/**
 * Holds writes to the limits on all data and on one key, without weighing either every time.
 *
 * What was written is an upper bound of what is stored. The engine is asked only when that bound
 * passes a limit, so a database far from its limits costs nothing. Commands that make data out of
 * little (SETRANGE, COPY, scripts) may pass a limit until the next question.
 *
 * @module
 */
import type { Command, Engine } from "./engines/engine.ts";
import { readFigures } from "./info.ts";
import { limitErrors, type Limits } from "./limits.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const MEMORY_USAGE = ["MEMORY", "USAGE"].map((word) => encoder.encode(word));
const MOST_KEYS_REMEMBERED = 100_000;

/** Commands after which a key holds what they brought, and nothing else. */
const replacing = new Set("SET SETEX PSETEX SETNX GETSET MSET MSETNX RESTORE".split(" "));
/** Commands that only take away, which no limit stops. */
const freeing = new Set(
  ("DEL UNLINK FLUSHDB FLUSHALL GETDEL HDEL HGETDEL SREM ZREM LPOP RPOP SPOP ZPOPMIN ZPOPMAX LREM " +
    "LTRIM XDEL XTRIM XACK XGROUP EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST ZREMRANGEBYLEX " +
    "ZREMRANGEBYRANK ZREMRANGEBYSCORE LMPOP ZMPOP").split(" "),
);

export class StorageLimits {
  readonly #engine: Engine;
  readonly #limits: Limits;
  #dataBytesAtMost: number;
  readonly #keyBytesAtMost = new Map<string, number>();

  constructor(engine: Engine, limits: Limits) {
    this.#engine = engine;
    this.#limits = limits;
    // A real server may hold data from before.
    this.#dataBytesAtMost = engine.name === "embedded" ? 0 : Infinity;
  }

  /**
   * Why a write of `bytes` to the key at `keyIndexes` may not run; `undefined` when it may.
   * A promise only when the engine has to be asked.
   */
  check(
    name: string,
    command: Command,
    keyIndexes: readonly number[],
    bytes: number,
  ): string | undefined | Promise<string | undefined> {
    if (freeing.has(name.split(" ")[0])) return undefined;
    this.#dataBytesAtMost += bytes;
    const { dataBytes, recordBytes } = this.#limits;
    // No key holds more than all of them together.
    if (this.#dataBytesAtMost <= Math.min(dataBytes, recordBytes)) return undefined;
    return this.#weigh(name, command, keyIndexes, bytes);
  }

  async #weigh(name: string, command: Command, keyIndexes: readonly number[], bytes: number) {
    const { dataBytes, recordBytes } = this.#limits;
    if (this.#dataBytesAtMost > dataBytes) {
      const stored = (await readFigures(this.#engine)).bytes;
      this.#dataBytesAtMost = stored + bytes;
      if (this.#dataBytesAtMost > dataBytes) {
        this.#dataBytesAtMost = stored;
        return limitErrors.data(dataBytes, stored + bytes);
      }
    }
    const key = command[keyIndexes[0] ?? -1];
    if (key === undefined) return undefined;
    const id = decoder.decode(key);
    const before = replacing.has(name) ? 0 : this.#keyBytesAtMost.get(id) ?? recordBytes;
    let atMost = before + bytes;
    if (atMost > recordBytes && before > 0) atMost = await this.#storedBytes(key) + bytes;
    if (atMost > recordBytes) return limitErrors.record(recordBytes, atMost);
    if (this.#keyBytesAtMost.size >= MOST_KEYS_REMEMBERED) this.#keyBytesAtMost.clear();
    this.#keyBytesAtMost.set(id, atMost);
    return undefined;
  }

  async #storedBytes(key: Uint8Array): Promise<number> {
    const { reply } = await this.#engine.run([...MEMORY_USAGE, key]);
    return reply.type === "integer" ? Number(reply.value) : 0;
  }
}
