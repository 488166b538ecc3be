/**
 * Where in an input the secrets are: paths as a job names them, and the places that these lead to.
 *
 * A path is dotted, with `*` for each element of a list or each value of a record; a place is a
 * JSON pointer (RFC 6901), as an envelope carries it.
 *
 * @module
 */

/** What stands in a secret's place wherever people look, and keeps it in an edited replay. */
export const HIDDEN = "[secret]";

/** Every path into a value of type `T`, at most 6 deep. */
export type SecretPath<T, Depth extends 0[] = []> = Depth["length"] extends 6 ? never
  : unknown extends T ? string
  : T extends readonly (infer Item)[] ? "*" | `*.${SecretPath<NonNullable<Item>, [...Depth, 0]>}`
  : T extends object ? {
      [K in keyof T & string]:
        | (string extends K ? "*" : K)
        | `${string extends K ? "*" : K}.${SecretPath<NonNullable<T[K]>, [...Depth, 0]>}`;
    }[keyof T & string]
  : never;

/** The parts of a path. @throws {TypeError} if one of them is empty */
export function partsOf(path: string): string[] {
  const parts = path.replaceAll(/\[\*?\]/g, ".*").split(".");
  if (parts.includes("")) throw new TypeError(`Cannot keep "${path}" secret: it is no path`);
  return parts;
}

/** The places of what is there, in order. */
export function placesOf(input: unknown, paths: readonly string[]): string[] {
  const places = new Set<string>();
  const walk = (value: unknown, parts: readonly string[], place: string) => {
    if (value === undefined || value === null) return;
    if (parts.length === 0) {
      places.add(place);
      return;
    }
    if (typeof value !== "object") return;
    const [part, ...rest] = parts;
    const keys = part === "*" ? Object.keys(value) : Object.hasOwn(value, part) ? [part] : [];
    for (const key of keys) {
      walk((value as Record<string, unknown>)[key], rest, `${place}/${escape(key)}`);
    }
  };
  for (const path of paths) walk(input, partsOf(path), "");
  // Inside a place that is hidden already there is nothing left to hide.
  return [...places].filter((place) =>
    ![...places].some((other) => other !== place && place.startsWith(`${other}/`))
  );
}

/** What stands at the place, if anything does. */
export function valueAt(input: unknown, place: string): unknown {
  let value = input;
  for (const key of keysOf(place)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** A copy with another value at the place; the original where there is no such place. */
export function withValueAt(input: unknown, place: string, value: unknown): unknown {
  const put = (at: unknown, [key, ...rest]: string[]): unknown => {
    if (key === undefined) return value;
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return at;
    const copy = Array.isArray(at) ? [...at] : { ...at };
    const changed = put((at as Record<string, unknown>)[key], rest);
    // Not by assignment: a record from outside may hold the key `__proto__`.
    Object.defineProperty(copy, key, {
      value: changed,
      configurable: true,
      enumerable: true,
      writable: true,
    });
    return copy;
  };
  return put(input, keysOf(place));
}

/** The place as people read it: `users[0].token`. */
export function nameOf(place: string): string {
  return keysOf(place).reduce(
    (text, key) => /^\d+$/.test(key) ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`,
    "",
  );
}

function keysOf(place: string): string[] {
  return place.split("/").slice(1).map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function escape(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
