/**
 * Random Redis commands from templates: mostly right, now and then wrong in type, value or arity.
 *
 * A template is words with `$atoms`, `(a|b)` for one of, `[a|b]` for one of or nothing, and a
 * trailing `*` for one to three times. Words are Latin-1: a character is a byte.
 *
 * @module
 */

/** A source of numbers in [0, 1) that a seed fixes. */
export type Random = () => number;

/** A seeded generator (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One of `choices`. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)];
}

/** What an atom may stand for. A tab inside a choice separates words. */
export type Atoms = Readonly<Record<string, readonly string[]>>;

type Node =
  | { kind: "word"; text: string }
  | { kind: "atom"; name: string }
  | { kind: "choice"; options: Node[][]; optional: boolean }
  | { kind: "repeat"; node: Node };

/** A parsed template; expands to a command's words. */
export class Template {
  readonly #nodes: Node[];
  readonly #atoms: Atoms;

  constructor(text: string, atoms: Atoms) {
    this.#atoms = atoms;
    const tokens = text.match(/[[\]()|]\*?|[^\s[\]()|*]+\*?/g) ?? [];
    [this.#nodes] = parse(tokens, 0);
  }

  expand(random: Random): string[] {
    return this.#nodes.flatMap((node) => this.#words(node, random));
  }

  #words(node: Node, random: Random): string[] {
    switch (node.kind) {
      case "word":
        return [node.text];
      case "atom": {
        const choices = this.#atoms[node.name];
        if (choices === undefined) throw new Error(`Cannot expand $${node.name}: no such atom`);
        return pick(random, choices).split("\t");
      }
      case "choice":
        if (node.optional && random() < 0.5) return [];
        return pick(random, node.options).flatMap((each) => this.#words(each, random));
      case "repeat": {
        const times = 1 + Math.floor(random() * 3);
        return Array.from({ length: times }, () => this.#words(node.node, random)).flat();
      }
    }
  }
}

/** The nodes up to the bracket that closes them, and where to go on. */
function parse(tokens: readonly string[], start: number): [Node[], number, Node[][]] {
  const options: Node[][] = [[]];
  let at = start;
  for (; at < tokens.length; at++) {
    const token = tokens[at];
    if (/^[\])]/.test(token)) break;
    if (token === "|") {
      options.push([]);
      continue;
    }
    const opens = token === "(" || token === "[";
    let node: Node;
    if (opens) {
      const [, end, inner] = parse(tokens, at + 1);
      node = { kind: "choice", options: inner, optional: token === "[" };
      at = end;
    } else {
      const text = token.replace(/\*$/, "");
      node = /^\$./.test(text) ? { kind: "atom", name: text.slice(1) } : { kind: "word", text };
    }
    options.at(-1)!.push(tokens[at].endsWith("*") ? { kind: "repeat", node } : node);
  }
  return [options[0], at, options];
}

const wrongValues = [
  "",
  "abc",
  "-1",
  "0",
  "1.5",
  "nan",
  "inf",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  " 1",
  "0x10",
  "\xff\xfe",
];

/** `words` with, one time in twelve, one argument wrong, missing or too many; keys stay as they are. */
export function mutate(words: readonly string[], random: Random): string[] {
  const dice = random();
  if (dice < 0.04 && words.length > 1) {
    const at = 1 + Math.floor(random() * (words.length - 1));
    const value = pick(random, wrongValues);
    return words[at].includes(":") ? [...words] : words.with(at, value);
  }
  if (dice < 0.065 && words.length > 1) return words.slice(0, -1);
  if (dice < 0.08) return [...words, pick(random, ["extra", "1", "NX", "COUNT"])];
  return [...words];
}
