/**
 * Looks into TypeScript source without a parser: what it imports, and its code without
 * comments and text.
 *
 * @module
 */

/** One import, export-from or `import()` in a file. */
export interface ImportStatement {
  specifier: string;
  /** Nothing of it is left at run time. */
  typeOnly: boolean;
  /** The names, as written between `import` and `from`; empty for `import()`. */
  clause: string;
  line: number;
}

/** A piece of a line's place in a file. */
export interface Place {
  line: number;
  text: string;
}

/**
 * `source` with every comment, and unless `keepText` every string and regular expression, made
 * blank. Lines stay where they are; what stands in `${}` of a template stays code.
 */
export function onlyCode(source: string, options: { keepText?: boolean } = {}): string {
  const { keepText = false } = options;
  let code = "";
  let at = 0;
  // The depth of braces at which each open `${` ends.
  const templates: number[] = [];
  let depth = 0;
  const blank = (text: string) => text.replace(/[^\n]/g, " ");
  const take = (length: number, visible: boolean) => {
    const text = source.slice(at, at + length);
    code += visible ? text : blank(text);
    at += length;
  };
  const takeTemplate = () => {
    while (at < source.length) {
      if (source[at] === "\\") take(2, keepText);
      else if (source[at] === "`") return take(1, true);
      else if (source.startsWith("${", at)) {
        templates.push(depth++);
        return take(2, true);
      } else take(1, keepText);
    }
  };
  while (at < source.length) {
    const rest = source.slice(at, at + 2);
    const text = /^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/.exec(source.slice(at, at + 2000));
    const pattern = startsPattern(code) &&
      /^\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/.exec(
        source.slice(at, at + 2000),
      );
    if (rest === "//") take(lengthUntil(source, "\n", at), false);
    else if (rest === "/*") take(lengthUntil(source, "*/", at) + 2, false);
    else if (text) {
      take(1, true);
      take(text[0].length - 2, keepText);
      take(1, true);
    } else if (pattern) take(pattern[0].length, keepText);
    else if (source[at] === "`") {
      take(1, true);
      takeTemplate();
    } else if (source[at] === "}" && templates.at(-1) === depth - 1) {
      templates.pop();
      depth--;
      take(1, true);
      takeTemplate();
    } else {
      if (source[at] === "{") depth++;
      if (source[at] === "}") depth--;
      take(1, true);
    }
  }
  return code;
}

/** Every import in `source`, in order. */
export function importsOf(source: string): ImportStatement[] {
  const code = onlyCode(source, { keepText: true });
  const found: ImportStatement[] = [];
  const add = (index: number, clause: string, specifier: string, typeOnly: boolean) =>
    found.push({ specifier, typeOnly, clause: clause.trim(), line: lineAt(code, index) });
  const statement =
    /^[ \t]*(import|export)\b(\s+type\b(?!\s*from\b))?([^;"'()=]*?)(?:\bfrom\s*)?["']([^"'\n]+)["']/gm;
  for (const match of code.matchAll(statement)) {
    const [whole, keyword, type, clause, specifier] = match;
    if (keyword === "export" && !/\bfrom\s*["']/.test(whole)) continue;
    const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1].split(",").filter((name) => name.trim());
    const allTypes = names !== undefined && names.length > 0 &&
      names.every((name) => /^\s*type\s/.test(name));
    add(match.index, clause, specifier, type !== undefined || allTypes);
  }
  for (const match of code.matchAll(/(\btypeof\s+)?\bimport\s*\(\s*["'`]([^"'`\n]+)["'`]/g)) {
    add(match.index, "", match[2], match[1] !== undefined);
  }
  return found;
}

/** Where `pattern` stands in the code of `source`, comments and text left out. */
export function findInCode(source: string, pattern: RegExp): Place[] {
  const code = onlyCode(source);
  return [...code.matchAll(new RegExp(pattern, "gm"))].map((match) => ({
    line: lineAt(code, match.index),
    text: match[0].trim(),
  }));
}

/** A slash after an operator or a keyword begins a regular expression; after a value it divides. */
function startsPattern(before: string): boolean {
  return /(?:^|[=(,:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of))\s*$/.test(before.slice(-40));
}

function lengthUntil(source: string, end: string, from: number): number {
  const index = source.indexOf(end, from);
  return (index < 0 ? source.length : index) - from;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
