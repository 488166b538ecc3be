/**
 * People who look at listings, by seed: views, batches of impressions, favorites with second
 * thoughts, bookings. What is not answered well is often sent again as it was.
 *
 * @module
 */
import type { Cloud } from "../../dev/cloud.ts";
import { dayOf, type Person } from "../../shared/mod.ts";
import { BROWSER } from "../functions/feed_events_world.ts";
import type { Fleet } from "./feed_fleet.ts";
import type { Attempt, Ledger } from "./feed_ledger.ts";
import type { Random } from "./random.ts";

const HOUR_MS = 3_600_000;
/** Longer than anything takes that still happens. */
const PATIENCE_MS = 60_000;
const MOST_TRIES = 4;
/** Between two words on one favorite: further apart than two clocks. */
const SECOND_THOUGHT_MS = 10_000;
/** How many answers get lost on their way. */
const LOST = 0.04;
/** Most try again soon, some when a flush has passed. */
const AGAIN_MS = 90_000;
const MUCH_LATER_MS = 3 * HOUR_MS;

const kinds = ["locations", "events", "services"] as const;

export interface Somebody {
  /** Those who share it are one person; of an address, for a day. */
  name: string;
  person: Person;
  /** Known by an address, or by nothing: another one every day. */
  isDaily: boolean;
  isBackend: boolean;
}

export interface Listing {
  kind: string;
  id: number | string;
}

/** An event that somebody wants counted; sent any number of times, it is this one. */
interface Wish {
  path: "views" | "impressions" | "favorites" | "bookings";
  body: Record<string, unknown>;
  by: Somebody;
  /** Notes one request of it. */
  note(attempt: Attempt): void;
  /** It will not be sent again; it may have been put off. */
  end(isLater: boolean): void;
}

export interface PeopleOptions {
  cloud: Cloud;
  fleet(): Fleet;
  ledger: Ledger;
  random: Random;
}

export class People {
  /** What was answered: status and outcome. */
  readonly answers: Record<string, number> = {};
  readonly #options: PeopleOptions;
  readonly #people: Somebody[];
  readonly #listings: Listing[];
  /** When the next word on a favorite may be said, and what was said last. */
  readonly #favorites = new Map<string, { freeAt: number; favorited: boolean }>();
  #ids = 0;

  constructor(options: PeopleOptions) {
    this.#options = options;
    this.#people = Array.from({ length: 40 }, (_, n) => somebody(n));
    this.#listings = Array.from({ length: 30 }, (_, n) => ({
      kind: kinds[n % 3],
      id: n % 2 === 0 ? n : ["spaeti-", "a.b", "7~", "_"][n % 4] + n,
    }));
  }

  /** Everybody whose identity may stand in Postgres. */
  get everybody(): readonly Somebody[] {
    return this.#people;
  }

  /** Plans that somebody does something at this moment (epoch ms). */
  plan(at: number): void {
    const { random } = this.#options;
    const dice = random.next();
    const by = random.pick(this.#people);
    // Some are seen by everybody.
    const listing = this.#listings[Math.floor(random.next() ** 2 * this.#listings.length)];
    if (dice < 0.5) this.#at(at, () => this.#view(by, listing));
    else if (dice < 0.7) this.#at(at, () => this.#impressions(by));
    else if (dice < 0.9) {
      // Few of each, so that they change their minds.
      const [fan, favorite] = [this.#people[random.below(12)], this.#listings[random.below(3)]];
      this.#at(at, () => this.#favorite(fan, favorite));
    } else this.#at(at, () => this.#booking(by, listing));
  }

  #at(at: number, make: () => Wish | undefined): void {
    this.#options.cloud.clock.schedule(at, async () => {
      const wish = make();
      if (wish) await this.#send(wish, 1);
    });
  }

  #view(by: Somebody, listing: Listing): Wish {
    return {
      path: "views",
      body: { ...listing },
      by,
      note: (attempt) => {
        const { ledger } = this.#options;
        ledger.unique("views", nameOf(listing), nameOn(by, attempt.day), attempt);
      },
      end() {},
    };
  }

  #booking(by: Somebody, listing: Listing): Wish {
    const { random, ledger } = this.#options;
    // Now and then one that was sent before, from a page that was loaded again.
    const booking = random.chance(0.1) ? random.below(this.#ids + 1) : ++this.#ids;
    return {
      path: "bookings",
      body: { ...listing, booking },
      by,
      note: (attempt) => ledger.unique("bookings", nameOf(listing), String(booking), attempt),
      end() {},
    };
  }

  #impressions(by: Somebody): Wish {
    const { random, ledger } = this.#options;
    const batch = `batch-${String(++this.#ids).padStart(12, "0")}`;
    const impressions = Array.from({ length: 1 + random.below(8) }, () => ({
      ...random.pick(this.#listings),
      count: 1 + random.below(3),
    }));
    const counts = impressions.map((one) => [nameOf(one), one.count] as const);
    return {
      path: "impressions",
      body: { batch, impressions },
      by,
      note: (attempt) => ledger.batch(batch, counts, attempt),
      end() {},
    };
  }

  #favorite(by: Somebody, listing: Listing): Wish | undefined {
    const { cloud, random, ledger } = this.#options;
    const key = `${nameOf(listing)} ${by.name}`;
    const last = this.#favorites.get(key) ?? { freeAt: 0, favorited: false };
    if (cloud.clock.now() < last.freeAt) return undefined;
    const favorited = random.chance(0.8) ? !last.favorited : last.favorited;
    this.#favorites.set(key, { freeAt: Infinity, favorited });
    const id = ++this.#ids;
    return {
      path: "favorites",
      body: { ...listing, ...(favorited ? {} : { undo: true }) },
      by,
      note: (attempt) =>
        ledger.word(nameOf(listing), nameOn(by, attempt.day), { id, favorited }, attempt),
      end: (isLater) => {
        const freeAt = cloud.clock.now() + SECOND_THOUGHT_MS;
        this.#favorites.set(key, { freeAt, favorited });
        // A second thought that may come before the first one has arrived.
        if (isLater) this.#at(freeAt + random.below(HOUR_MS), () => this.#favorite(by, listing));
      },
    };
  }

  async #send(wish: Wish, tries: number): Promise<void> {
    const { cloud, random } = this.#options;
    const isolate = this.#options.fleet().pick();
    const attempt = { day: dayOf(isolate.clock.now()), isSure: false, isLater: false };
    wish.note(attempt);
    let isOver = false;
    const goOn = (answer: string) => {
      if (isOver) return;
      isOver = true;
      patience.cancel();
      this.answers[answer] = (this.answers[answer] ?? 0) + 1;
      const isWell = answer.startsWith("2");
      if (isWell || tries === MOST_TRIES || random.chance(0.2)) return wish.end(attempt.isLater);
      const waitMs = 500 + random.below(random.chance(0.3) ? MUCH_LATER_MS : AGAIN_MS);
      const at = cloud.clock.now() + waitMs;
      cloud.clock.schedule(at, () => this.#send(wish, tries + 1));
    };
    const patience = cloud.clock.schedule(
      cloud.clock.now() + PATIENCE_MS,
      () => goOn("none"),
    );
    const response = await isolate.app.fetch(requestOf(wish), {
      clientAddress: wish.by.person.address ?? "",
    });
    const { outcome, code } = await response.json();
    // Whoever was answered too late for the client was answered all the same.
    if (response.status < 300) attempt.isSure = true;
    attempt.isLater = outcome === "later";
    if (random.chance(LOST)) goOn("lost");
    else goOn(`${response.status} ${outcome ?? code}`);
  }
}

function requestOf({ path, body, by }: Wish): Request {
  const { user, session, address } = by.person;
  const said = by.isBackend ? { user, address } : { session };
  return new Request(`http://app.test/api/metrics/${path}`, {
    method: "POST",
    headers: {
      "user-agent": BROWSER,
      ...(by.isBackend && { authorization: "Bearer dev-service-token" }),
    },
    body: JSON.stringify({ ...body, ...said }),
  });
}

/** Most have a session; some come through a backend, or have an address alone, which some share. */
function somebody(n: number): Somebody {
  switch (n % 8) {
    case 0:
      return { name: `user-${n}`, person: { user: `user-${n}` }, isDaily: false, isBackend: true };
    case 1: {
      const net = `198.51.${n >> 4}`;
      return { name: net, person: { address: `${net}.${n}` }, isDaily: true, isBackend: true };
    }
    case 2: {
      const net = `203.0.${n}`;
      return { name: net, person: { address: `${net}.7` }, isDaily: true, isBackend: false };
    }
    case 3:
      return { name: "nobody", person: {}, isDaily: true, isBackend: false };
    default: {
      const session = `session-${n}`;
      return { name: session, person: { session }, isDaily: false, isBackend: false };
    }
  }
}

/** Who somebody is on a day. */
export function nameOn({ name, isDaily }: Somebody, day: string): string {
  return isDaily ? `${name}-${day}` : name;
}

function nameOf({ kind, id }: Listing): string {
  return `${kind}:${id}`;
}
