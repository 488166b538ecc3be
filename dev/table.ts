/**
 * What `deno task dev` prints once everything runs.
 *
 * @module
 */
import type { Part } from "./local_cloud.ts";

export interface Welcome {
  parts: readonly Part[];
  links: readonly [name: string, url: string][];
  /** A command that can be pasted as it stands. */
  firstJob: string;
  /** From the start of the process, in ms. */
  readyMs: number;
  /** What does not run as it should. */
  warnings: readonly string[];
}

/** The table, the links and the first command, as one text. */
export function welcome({ parts, links, firstJob, readyMs, warnings }: Welcome): string {
  const rows = [
    ["part", "address", "stands in for", "for the real one, set", "token"],
    ...parts.map(({ name, url, takenPort, standsInFor, realOne, token }) => [
      name,
      takenPort === undefined ? url : `${url} (${takenPort} is taken)`,
      standsInFor,
      realOne,
      token,
    ]),
  ];
  return [
    "",
    `Zeropoll runs, all of it on this machine. Ready in ${
      (readyMs / 1000).toFixed(1)
    } s; Ctrl-C ends it.`,
    "",
    ...columns(rows),
    "",
    ...columns(links.map(([name, url]) => [name, url])),
    "",
    "A first job:",
    `  ${firstJob}`,
    ...warnings.map((warning) => `\n${warning}`),
    "",
  ].join("\n");
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column])).join("   ").trimEnd()
  );
}
