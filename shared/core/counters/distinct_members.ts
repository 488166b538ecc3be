/**
 * Which members of a set were met before, in 32 to 64 bytes for each.
 *
 * A walk through a set may name a member twice. Strings in a `Set` take three times as much: too
 * much for a million of them in a function of 128 MB.
 *
 * @module
 */

const WORDS = 4;
/** Digits of an identity that fill a word of 30 bits. */
const DIGITS = 5;
const FIRST_SLOTS = 1 << 12;

const digits = new Int8Array(128).fill(-1);
for (
  const [value, digit] of [
    ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
  ].entries()
) digits[digit.charCodeAt(0)] = value;

/** Exact: no two members are taken for one. */
export class DistinctMembers {
  #slots = new Uint32Array(FIRST_SLOTS * WORDS);
  #used = 0;
  readonly #groups = new Map<string, number>();
  readonly #others = new Set<string>();
  readonly #words = new Uint32Array(WORDS);

  /** Adds the member; resolves to whether it is new. */
  add(member: string): boolean {
    if (!this.#encode(member)) {
      const before = this.#others.size;
      return this.#others.add(member).size > before;
    }
    if (2 * this.#used >= this.#slots.length / WORDS) this.#grow();
    const isNew = insert(this.#slots, this.#words);
    if (isNew) this.#used++;
    return isNew;
  }

  /** 90 bits in three words; the other 6, and the number of its letter and listing, in the last. */
  #encode(member: string): boolean {
    if (member.length < 17) return false;
    for (let word = 0; word < 3; word++) {
      let bits = 0;
      for (let index = 0; index < DIGITS; index++) {
        const digit = digits[member.charCodeAt(1 + word * DIGITS + index)] ?? -1;
        if (digit < 0) return false;
        bits = bits << 6 | digit;
      }
      this.#words[word] = bits;
    }
    const last = digits[member.charCodeAt(16)] ?? -1;
    if (last < 0) return false;
    const name = member[0] + member.slice(17);
    let group = this.#groups.get(name);
    // From 1: a word of 0 marks a slot that is free. 26 bits are left for it.
    if (group === undefined) {
      if (this.#groups.size >= 1 << 25) return false;
      this.#groups.set(name, group = this.#groups.size + 1);
    }
    this.#words[3] = group << 6 | last;
    return true;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (let start = 0; start < before.length; start += WORDS) {
      if (before[start + 3] !== 0) insert(this.#slots, before.subarray(start, start + WORDS));
    }
  }
}

/** Open addressing: the first free slot from the words' hash on; false where they stand already. */
function insert(slots: Uint32Array, words: Uint32Array): boolean {
  const mask = slots.length / WORDS - 1;
  const hash = Math.imul(words[0] ^ Math.imul(words[1] ^ words[3], 0x9e3779b1), 0x85ebca6b);
  for (let slot = (hash ^ hash >>> 15) & mask;; slot = (slot + 1) & mask) {
    const start = slot * WORDS;
    if (slots[start + 3] === 0) {
      slots.set(words, start);
      return true;
    }
    if (
      slots[start] === words[0] && slots[start + 1] === words[1] &&
      slots[start + 2] === words[2] && slots[start + 3] === words[3]
    ) return false;
  }
}
