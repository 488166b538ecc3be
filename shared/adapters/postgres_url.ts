/**
 * What a `DATABASE_URL` says, whichever client it was printed for.
 *
 * Hosts put settings of their own clients behind the `?`. The driver would send what it does not
 * know to the server, which then refuses every connection; so only what is known goes on.
 *
 * @module
 */

/** How to connect, as far as the URL says it. */
export interface PostgresAddress {
  /** With what the driver and the server understand, and nothing else. */
  url: string;
  /** What libpq lets stand behind the `?` in the address's stead. */
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  database?: string;
  /** Prisma's `connection_limit`: 1 to 50. */
  connections?: number;
  /** Prisma's `pool_timeout`, at most a minute; its 0, for ever, is that minute. */
  waitTimeoutMs?: number;
  /** libpq's `connect_timeout`, at most a minute; its 0, for ever, is that minute. */
  connectTimeoutMs?: number;
}

/** Ours or the driver's own. */
const FOR_THE_DRIVER = ["ssl", "sslmode", "sslnegotiation", "target_session_attrs"];
/** What the driver does anyway where nothing is said, and refuses when it is. */
const SAYS_NOTHING = "any";
/** Settings of the server that are harmless to this library, and of use to who sets them. */
const FOR_THE_SERVER = [
  "application_name",
  "default_transaction_isolation",
  "idle_in_transaction_session_timeout",
  "lock_timeout",
  "options",
  "role",
  "search_path",
  "statement_timeout",
];
const MOST_CONNECTIONS = 50;
const MOST_WAIT_MS = 60_000;
/** What other clients call the modes of libpq. */
const MODES: Readonly<Record<string, string>> = {
  "0": "disable",
  "1": "verify-full",
  false: "disable",
  "no-verify": "require",
  true: "verify-full",
};

/** Reads a URL. What it does not know is left out, without a word. */
export function readPostgresUrl(text: string): PostgresAddress {
  // By hand: a list of hosts is no URL to the platform's parser.
  const [base, query = ""] = text.split(/\?(.*)/s, 2);
  const given = new URLSearchParams(query);
  const kept = new URLSearchParams();
  for (const name of [...FOR_THE_DRIVER, ...FOR_THE_SERVER]) {
    const value = given.get(name);
    if (value && value !== SAYS_NOTHING) kept.set(name, value);
  }
  const mode = kept.get("sslmode") ?? kept.get("ssl");
  kept.delete("ssl");
  // libpq's word for the system's certificates, which the driver then checks against.
  if (given.get("sslrootcert") === "system") kept.set("sslmode", "verify-full");
  else if (mode !== null) kept.set("sslmode", MODES[mode] ?? mode);
  const { size } = kept;
  return {
    url: size === 0 ? base : `${base}?${kept}`,
    host: given.get("host") ?? undefined,
    port: wholeNumber(given.get("port")),
    user: given.get("user") ?? undefined,
    password: given.get("password") ?? undefined,
    database: given.get("dbname") ?? undefined,
    connections: within(wholeNumber(given.get("connection_limit")), MOST_CONNECTIONS),
    waitTimeoutMs: milliseconds(given.get("pool_timeout")),
    connectTimeoutMs: milliseconds(given.get("connect_timeout")),
  };
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function within(value: number | undefined, most: number): number | undefined {
  return value === undefined || value < 1 ? undefined : Math.min(value, most);
}

function milliseconds(text: string | null): number | undefined {
  const seconds = wholeNumber(text);
  if (seconds === undefined) return undefined;
  return seconds === 0 ? MOST_WAIT_MS : Math.min(1_000 * seconds, MOST_WAIT_MS);
}
