/**
 * The token and the signing keys of the one account that the server has.
 *
 * @module
 */

/** The public credentials that the vendor's SDK carries for its development mode. */
export const DEVELOPMENT_TOKEN =
  "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0=";
export const DEVELOPMENT_KEYS: SigningKeys = {
  current: "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
  next: "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
};

export interface SigningKeys {
  readonly current: string;
  readonly next: string;
}

/** Deliveries are signed with `current`; a rotation moves `next` into its place. */
export class KeyRing {
  constructor(public keys: SigningKeys) {}

  rotate(): SigningKeys {
    this.keys = { current: this.keys.next, next: newId("sig_") };
    return this.keys;
  }
}

/** A random id in the vendor's form: a prefix, then letters and digits. */
export function newId(prefix: string): string {
  return prefix + crypto.randomUUID().replaceAll("-", "");
}
