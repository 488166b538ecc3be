/**
 * What `deno task dev` prints once everything runs: no line of it is wider than 80 columns, but
 * for a link that holds a user's token.
 *
 * @module
 */
import type { Part } from "./local_cloud.ts";

export interface Welcome {
  parts: readonly Part[];
  links: readonly (readonly [name: string, url: string])[];
  /** The lines of a command that can be pasted as it stands. */
  firstJob: readonly string[];
  /** From the start of the process, in ms. */
  readyMs: number;
  /** What does not run as it should. */
  warnings: readonly string[];
}

const WIDTH = 80;

/** The table, the links and the first command, as one text. */
export function welcome({ parts, links, firstJob, readyMs, warnings }: Welcome): string {
  return [
    "",
    `Zeropoll runs, all of it on this machine. Ready in ${
      (readyMs / 1000).toFixed(1)
    } s; Ctrl-C ends it.`,
    "",
    ...parts.flatMap((part) => [...rowsOf(part), ""]),
    ...links.flatMap(([name, url]) => field(name, url)),
    "",
    "A first job:",
    ...firstJob.map((line) => `  ${line}`),
    ...warnings.map((warning) => `\n${warning}`),
    "",
  ].join("\n");
}

/** Signs in by itself where the token is dev's own: it stays behind the `#`, which is sent nowhere. */
export function dashboardsUrl(appUrl: string, ownToken: string | undefined): string {
  return ownToken === undefined ? `${appUrl}/admin` : `${appUrl}/admin/sign-in#${ownToken}`;
}

/** The same for the chat, as a user of dev's own. */
export function chatUrl(appUrl: string, ownToken: string | undefined): string {
  return ownToken === undefined ? `${appUrl}/chat` : `${appUrl}/chat#token=${ownToken}`;
}

function rowsOf({ name, url, takenPort, standsInFor, realOne, token }: Part): string[] {
  return [
    ...field(name, url),
    ...(takenPort === undefined
      ? []
      : field("", `(${takenPort} is taken; this is the next free port)`)),
    ...field("  stands in for", standsInFor),
    ...field("  the real one", realOne),
    ...field("  token", token),
  ];
}

/** One line, or two where the value is too long for one: it must stay whole to be copied. */
function field(name: string, value: string): string[] {
  const line = name.padEnd(17) + value;
  return line.length <= WIDTH ? [line] : [name, `    ${value}`];
}
