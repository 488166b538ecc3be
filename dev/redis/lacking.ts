/**
 * What Upstash documents and an engine lacks is neither unknown nor a syntax error: it says so.
 *
 * Read off the engine's own refusal, so that a server which is new enough just answers. An error
 * from inside a script stays as the engine worded it.
 *
 * @module
 */
import type { CommandDescription } from "./commands.ts";
import type { Command } from "./engines/engine.ts";

interface NewOption {
  readonly names: ReadonlySet<string>;
  /** The first word that may be one of them, and the first after it that may not; the name is 0. */
  readonly from: number;
  readonly to?: number;
  /** Where the words before it must be options and numbers as well: what follows is data. */
  readonly among?: RegExp;
}

const trims = new Set("KEEPREF DELREF ACKED".split(" "));

/** Options that are younger than Redis 7.0, by command. */
const newOptions: Readonly<Record<string, NewOption>> = {
  BITOP: { names: new Set("DIFF DIFF1 ANDOR ONE".split(" ")), from: 1, to: 2 },
  SET: { names: new Set("IFEQ IFNE IFDEQ IFDNE".split(" ")), from: 3 },
  XADD: { names: trims, from: 2, among: /^(NOMKSTREAM|MAXLEN|MINID|LIMIT|=|~|\d[\d-]*)$/ },
  XTRIM: { names: trims, from: 4 },
};

const decoder = new TextDecoder();

/** `message`, an engine's refusal of `command`; in other words where the engine is too old for it. */
export function refusalText(
  described: CommandDescription,
  command: Command,
  message: string,
  engineName: string,
): string {
  const where = `Upstash has it, but not the local server on its ${engineName} engine`;
  const unknown = /^ERR unknown (?:sub)?command '?([^' ,]*)/i.exec(message)?.[1]?.toUpperCase();
  if (unknown !== undefined) {
    return described.name.split(" ").includes(unknown)
      ? `ERR unknown command '${described.name}': ${where}`
      : message;
  }
  const arity = /^ERR wrong number of arguments for '([^']*)'/.exec(message)?.[1]?.toUpperCase();
  const isRefused = arity === described.name ||
    /^ERR (syntax error|Invalid stream ID)/.test(message);
  if (!isRefused) return message;
  const option = newOptionIn(described.name, command);
  return option === undefined
    ? message
    : `ERR unknown option ${described.name} ${option}: ${where}`;
}

function newOptionIn(name: string, command: Command): string | undefined {
  const option = newOptions[name];
  if (option === undefined) return undefined;
  const words = command.slice(option.from, option.to).map((word) =>
    decoder.decode(word).toUpperCase()
  );
  const at = words.findIndex((word) => option.names.has(word));
  const { among } = option;
  const isData = among !== undefined &&
    !words.slice(0, Math.max(0, at)).every((each) => among.test(each));
  return at === -1 || isData ? undefined : words[at];
}
