/**
 * The app's log, which is lines of JSON, as lines that a person reads while developing.
 *
 * What is not a log line passes as it is. Control characters are shown, never sent on. The request's id is left out; deployed apps log it.
 *
 * @module
 */

import { printable, printableJson, printableLine } from "../shared/adapters/terminal.ts";

type Fields = Record<string, unknown>;

const COLOURS: Record<string, string> = { warn: "\x1b[33m", error: "\x1b[31m" };

/** `line` for people; `colour` marks warnings and errors. */
export function readableLine(line: string, colour = false): string {
  const fields = fieldsOf(line);
  if (!fields) return printable(line);
  const { at, level, event, requestId: _, stack, ...rest } = fields;
  const time = printableLine(String(at).slice(11, 19));
  const text = printableLine(
    event === "request.ended" ? requestText(rest) : eventText(String(event), rest),
  );
  const mark = colour ? COLOURS[String(level)] : undefined;
  const shown = `${time} ${mark ? `${mark}${text}\x1b[0m` : text}`;
  return typeof stack === "string" ? `${shown}\n${printable(stack)}` : shown;
}

/** The fields of a log line; nothing for any other line. */
function fieldsOf(line: string): Fields | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const fields = JSON.parse(line) as Fields;
    return fields.at && fields.level && fields.event ? fields : undefined;
  } catch {
    // Somebody's own print that begins like one.
    return undefined;
  }
}

function requestText({ method, route, status, ms, redisCommands, code, error }: Fields): string {
  const cost = redisCommands === 1 ? "1 command" : `${redisCommands} commands`;
  const why = code === undefined ? "" : `  ${code}: ${error}`;
  return `${status} ${method} ${route}  ${ms} ms, ${cost}${why}`;
}

function eventText(event: string, fields: Fields): string {
  const parts = Object.entries(fields).map(([name, value]) =>
    `${name}=${typeof value === "string" && !/\s/.test(value) ? value : printableJson(value)}`
  );
  return `    ${[event, ...parts].join(" ")}`;
}
