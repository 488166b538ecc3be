/**
 * What would be lost if settings changed under waiting work, in words for who is about to change them.
 *
 * @module
 */
import type { Config } from "../../shared/mod.ts";
import type { Deps } from "../deps.ts";

/** One loss that a change brings. */
export interface Loss {
  /** The setting that changes, and what waits on it: `PUBLIC_URL: 3 schedules`. */
  what: string;
  /** What is lost, or happens instead. */
  lost: string;
  /** What keeps it, before the change or after it. */
  todo: string;
}

/** The app as it runs, and the settings that it is about to have. */
export interface Change {
  deps: Deps;
  next: Config;
}

/** Looks at one setting; resolves to nothing where it stays as it is. */
export type SettingCheck = (change: Change) => Loss[] | Promise<Loss[]>;
