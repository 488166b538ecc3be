/**
 * Every job, by name. A new one is a file of its own and a line here.
 *
 * @module
 */
import { defineRegistry } from "../../shared/mod.ts";
import { debugEcho } from "./debug_echo.ts";
import { githubPush } from "./github_push.ts";

export const registry = defineRegistry({
  "debug.echo": debugEcho,
  "github.push": githubPush,
});

export type AppRegistry = typeof registry;
