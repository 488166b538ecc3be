/**
 * Who knows what a song, a film or a game is: Spotify, YouTube, Steam, or whatever you have.
 *
 * There is none by default. Give `createDeps` one for a domain (`catalogs: { music }`), and items that
 * came without tags are looked up, each once, within the service's limit.
 *
 * @module
 */
import type { Domain } from "./contracts.ts";

export interface Catalog {
  /**
   * The tags of these items (at most 50), by item; one that is left out has none. One call to the
   * provider: it is what the limit counts. Whatever it throws, the job is retried.
   */
  describe(items: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** A catalog for each domain that has one. */
export type Catalogs = Readonly<Partial<Record<Domain, Catalog>>>;
