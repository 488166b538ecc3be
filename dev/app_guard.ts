/**
 * How the app's own process is told whom its guard lets in: by the environment.
 *
 * @module
 */
import type { GuardOptions } from "./guard.ts";

const HOSTS = "DEV_ALLOW_HOSTS";
const ORIGINS = "DEV_ALLOW_ORIGINS";

/** The settings that say it. */
export function guardSettings(
  hosts: readonly string[],
  origins: readonly string[],
): Record<string, string> {
  return { [HOSTS]: hosts.join(), [ORIGINS]: origins.join() };
}

/** The other side of `guardSettings`. */
export function guardOf(settings: Readonly<Record<string, unknown>>): GuardOptions {
  const list = (name: string) => String(settings[name] ?? "").split(",").filter(Boolean);
  // What the app shows without a token stands in mails and on pages elsewhere, as when deployed.
  return { allowHosts: list(HOSTS), allowOrigins: list(ORIGINS), embeddable: true };
}
