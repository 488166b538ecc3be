/**
 * URL groups (the API calls them topics): one publish, a message for each endpoint.
 *
 * @module
 */
import type { DevClock } from "../clock.ts";
import { ApiError } from "./api_error.ts";
import { assertHttpUrl } from "./destination.ts";
import { assertQuota, type Plan } from "./plans.ts";
import { assertName } from "./queues.ts";

export interface UrlGroupEndpoint {
  name?: string;
  url: string;
}

/** A URL group as the API shows it. */
export interface UrlGroup {
  name: string;
  createdAt: number;
  updatedAt: number;
  endpoints: UrlGroupEndpoint[];
}

export class UrlGroups {
  readonly #groups = new Map<string, UrlGroup & { defaults: Map<string, string> }>();

  constructor(readonly clock: DevClock, readonly plan: Plan) {}

  find(name: string): UrlGroup | undefined {
    return this.#groups.get(name);
  }

  /** @throws {ApiError} 404 */
  get(name: string): UrlGroup {
    return view(this.#known(name));
  }

  list(): UrlGroup[] {
    return [...this.#groups.values()].map(view);
  }

  /** Adds endpoints; one that has the name or the address of an older one replaces it. */
  addEndpoints(name: string, endpoints: readonly UrlGroupEndpoint[]): void {
    assertName("url group", name);
    for (const { url } of endpoints) assertHttpUrl(url, "endpoint");
    const now = this.clock.now();
    const group = this.#groups.get(name) ??
      { name, createdAt: now, updatedAt: now, endpoints: [], defaults: new Map() };
    let merged = group.endpoints;
    for (const added of endpoints) {
      merged = merged.filter((old) => !isSame(old, added)).concat({ ...added });
    }
    assertQuota("maxEndpointsPerTopic", merged.length, this.plan.endpoints);
    if (!this.#groups.has(name)) {
      assertQuota("maxTopics", this.#groups.size + 1, this.plan.urlGroups);
    }
    group.endpoints = merged;
    group.updatedAt = now;
    this.#groups.set(name, group);
  }

  /** Removes endpoints by name or address; the group goes with its last one. */
  removeEndpoints(name: string, endpoints: readonly Partial<UrlGroupEndpoint>[]): void {
    const group = this.#known(name);
    group.endpoints = group.endpoints.filter((old) => !endpoints.some((gone) => isSame(old, gone)));
    group.updatedAt = this.clock.now();
    if (group.endpoints.length === 0) this.#groups.delete(name);
  }

  delete(name: string): void {
    this.#groups.delete(name);
  }

  /** Settings that hold for each publish to the group that does not bring its own. */
  setDefaults(name: string, headers: Readonly<Record<string, string>>): void {
    const group = this.#known(name);
    group.defaults = new Map(
      Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]),
    );
    group.updatedAt = this.clock.now();
  }

  defaults(name: string): ReadonlyMap<string, string> {
    return this.#groups.get(name)?.defaults ?? new Map();
  }

  #known(name: string) {
    const group = this.#groups.get(name);
    if (!group) throw new ApiError(404, `topic ${name} not found`);
    return group;
  }
}

function isSame(old: UrlGroupEndpoint, other: Partial<UrlGroupEndpoint>): boolean {
  return (other.name !== undefined && old.name === other.name) || old.url === other.url;
}

function view({ name, createdAt, updatedAt, endpoints }: UrlGroup): UrlGroup {
  return { name, createdAt, updatedAt, endpoints: endpoints.map((endpoint) => ({ ...endpoint })) };
}
