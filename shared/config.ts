/**
 * One schema for every setting: an environment record in, a typed `Config` out.
 *
 * Read once, at an entry. What is missing or wrong is said in one message that names all of it.
 *
 * @module
 */
import * as z from "zod";
import { EmailAddress } from "./contracts/email_address.ts";
import type { SettingNote, SettingNotes } from "./config_fault.ts";
import {
  COMMAND_FOR_TOKENS,
  isMonotonous,
  noteSigningKey,
  readWebhookSecrets,
} from "./config_secrets.ts";
import {
  type Operator,
  readOperators,
  readServiceTokens,
  type ServiceToken,
} from "./config_tokens.ts";
import { readOpenLimits } from "./config_open_limits.ts";
import { readUserTokenRules, type UserTokenSettings } from "./config_users.ts";

/** The environment does not hold what Zeropoll needs. Thrown at boot. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly faults: readonly SettingNote[]) {
    super(
      `Cannot start: ${faults.length} ${
        faults.length === 1 ? "setting is" : "settings are"
      } wrong\n` +
        faults.map(({ setting, message }) => `  ${setting}: ${message}`).join("\n"),
    );
  }
}

const text = z.string().trim().min(1);
const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" })
  .transform((url) => url.replace(/\/+$/, ""));
const publicUrl = httpUrl.refine(
  (text) => URL.canParse(text) && !/[?#@]/.test(text),
  "must have no credentials, query or fragment: deliveries are signed for what follows it",
);
const list = z.string().default("").transform((value) =>
  value.split(",").map((item) => item.trim()).filter((item) => item !== "")
);

const secret = text.min(16, `must be at least 16 characters; ${COMMAND_FOR_TOKENS}`);
const origin = z.string().refine(
  (value) =>
    value === "*" || (/^https?:[^*]+$/.test(value) && URL.canParse(value) &&
      // As browsers send it: lower case, without a path or the scheme's own port.
      new URL(value).origin === value),
  "must be `*` or a comma list of origins as browsers send them, as in https://shop.example",
);
const MINUTES_OF_A_DAY = 1_440;

const schema = z.object({
  PUBLIC_URL: publicUrl,
  UPSTASH_REDIS_REST_URL: httpUrl,
  UPSTASH_REDIS_REST_TOKEN: text,
  REDIS_TIMEOUT_MS: z.coerce.number().int().min(0).max(60_000).default(0),
  QSTASH_URL: httpUrl.default("https://qstash.upstash.io"),
  QSTASH_TOKEN: text,
  QSTASH_CURRENT_SIGNING_KEY: text,
  QSTASH_NEXT_SIGNING_KEY: text,
  QSTASH_MAX_RETRIES: z.coerce.number().int().min(1).max(100).default(5),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" })
    .optional(),
  SECRET_KEYS: list.pipe(
    z.array(
      z.string().min(16, `must be a comma list of keys, as openssl rand -base64 32 makes them`),
    ),
  ),
  CORS_ORIGINS: list.pipe(z.array(origin)),
  IDENTITY_SECRET: secret.optional(),
  AUTH_SECRET: secret.refine((value) => !isMonotonous(value), "must not repeat so few characters")
    .optional(),
  AUTH_JWKS_URL: httpUrl.optional(),
  AUTH_REQUIRE_EXP: z.enum(["true", "false"]).default("true"),
  CLIENT_IP_HEADER: z.string().regex(/^[A-Za-z0-9-]+$/, "must be the name of a header").optional(),
  FEED_UNIQUES: z.enum(["exact", "approximate"]).default("exact"),
  FEED_RANK: z.enum(["declared", "all"]).optional(),
  FEED_BOOKINGS: z.enum(["backend", "users", "anyone"]).default("backend"),
  FEED_FLUSH_MINUTES: z.coerce.number().int().min(5)
    .refine((minutes) => MINUTES_OF_A_DAY % minutes === 0, "must divide a day, as 120 does")
    .default(120),
  OPENAI_API_KEY: text.optional(),
  OPENAI_BASE_URL: httpUrl.default("https://api.openai.com/v1"),
  OPENAI_MODEL: text.default("gpt-5-mini"),
  OPENAI_FIRST_WAIT_SECONDS: z.coerce.number().int().min(5).max(600).default(60),
  OPENAI_NEXT_WAIT_SECONDS: z.coerce.number().int().min(5).max(600).default(60),
  OPENAI_ANSWER_SECONDS: z.coerce.number().int().min(10).max(840).default(270),
  CHAT_CONTEXT_MESSAGES: z.coerce.number().int().min(1).max(200).default(20),
  CHAT_CONTEXT_CHARACTERS: z.coerce.number().int().min(1_000).max(2_000_000).default(60_000),
  CHAT_ANSWER_TOKENS: z.coerce.number().int().min(1).max(1_000_000).optional(),
  CHAT_MODE: z.enum(["direct", "queued"]).default("direct"),
  CHAT_BATCH_MS: z.coerce.number().int().min(20).max(5_000).default(400),
  CHAT_INSTRUCTIONS: text.default("You are a helpful, friendly assistant. Answer briefly."),
  STREAMS_PER_USER: z.coerce.number().int().min(1).max(10_000).default(20),
  STREAMS_PER_ADDRESS: z.coerce.number().int().min(1).max(100_000).default(200),
  SENTIMENT_BY: z.enum(["lexicon", "model"]).default("lexicon"),
  LEAST_ACTIVE_USERS: z.coerce.number().int().min(1).max(1_000_000).default(10),
  RESEND_API_KEY: text.optional(),
  RESEND_BASE_URL: httpUrl.default("https://api.resend.com"),
  MAIL_FROM: z.string().regex(
    /^([^<>"\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/,
    "must be an address, or `Name <address>`",
  ).optional(),
  MAIL_PER_SECOND: z.coerce.number().int().min(1).max(1_000).default(2),
  MAIL_CONCURRENCY: z.coerce.number().int().min(2).max(100).default(5),
  MAINTENANCE_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(3),
  QUIET_HOURS: z.string().regex(
    /^(off|([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)$/,
    "must be `off`, or as in 22:00-07:00",
  ).default("22:00-07:00"),
  DIGEST_AT: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be as in 07:00").default("07:00"),
  ADMIN_EMAILS: list.pipe(
    z.array(EmailAddress).max(10, "must be at most 10 addresses"),
  ),
  SITE_URL: httpUrl.optional(),
  NAMESPACE: z.string().regex(/^[a-z0-9-]{1,32}$/, "must be 1 to 32 of a-z, 0-9 and -").default(
    "zeropoll",
  ),
});

/** Every setting, parsed. */
export interface Config {
  /** Where QStash and browsers reach this app; deliveries are signed for it. No trailing slash. */
  publicUrl: string;
  redis: {
    url: string;
    token: string;
    /** What each call is given at least, in ms. */
    leastTimeoutMs: number;
  };
  queue: {
    url: string;
    token: string;
    currentSigningKey: string;
    nextSigningKey: string;
    /** How often QStash may repeat a delivery that found no app, no lease or no Postgres. */
    redeliveries: number;
  };
  /** Postgres; what needs it is off without one. */
  databaseUrl?: string;
  /** Tokens that backends may carry; empty refuses all of them. */
  serviceTokens: readonly ServiceToken[];
  /** What secrets in messages are sealed under, the newest first; the others only open. */
  secretKeys: readonly string[];
  /** Who may see the dashboards; empty refuses everybody. */
  operators: readonly Operator[];
  /** Other origins whose pages may call; `*` is any. Our own always may. */
  corsOrigins: readonly string[];
  /** Keys the hashes that stand for people and addresses; without it nothing is counted. */
  identitySecret?: string;
  /** How a user's token is checked; off without a secret or a URL. */
  userTokens?: UserTokenSettings;
  /** The header in which a proxy hands on the caller's address. Default: as the platform says. */
  clientIpHeader?: string;
  /** How often a minute one caller may do what anybody may, by the limit's name; else its default. */
  openLimits: Readonly<Record<string, number>>;
  feed: {
    /** `approximate` counts unique views by HyperLogLog. */
    uniques: "exact" | "approximate";
    /** How far apart flushes are while there is traffic. */
    flushMs: number;
    /** Which listings are ranked. Default: the database says, by what it held when it was first asked. */
    rank?: "declared" | "all";
    /** Whose word counts for a booking. */
    bookings: "backend" | "users" | "anyone";
  };
  /** The language model; chat is off without `OPENAI_API_KEY`. */
  llm?: {
    apiKey: string;
    baseUrl: string;
    model: string;
    /** How long its first, and each further, sign of life may take, and the whole answer, in ms. */
    firstTokenMs: number;
    betweenTokensMs: number;
    answerMs: number;
  };
  chat: {
    /** Where a reply is made: in the request that asked for it, or by a job. */
    mode: "direct" | "queued";
    /** The longest time that text waits to be sent together, in ms. */
    batchMs: number;
    /** What the model is told before every conversation. */
    instructions: string;
    /** How much of a conversation it is told: the last messages, and of them as many as fit. */
    context: { messages: number; characters: number };
    /** The longest answer, in tokens. Default: the model's own. */
    answerTokens?: number;
  };
  /** How many streams a user, and an address, may hold open in one isolate. */
  streams: { perUser: number; perAddress: number };
  profiles: {
    sentimentBy: "lexicon" | "model";
    /** With fewer active users nothing is computed. */
    leastActiveUsers: number;
  };
  /** How mail goes out; off without `RESEND_API_KEY`. */
  mail?: { apiKey: string; baseUrl: string; from: string };
  notifications: {
    /** Mails that are begun in a second, all kinds together. */
    perSecond: number;
    /** Mails that are on their way at once. */
    concurrency: number;
    /** When mail that can wait does wait, in minutes of the recipient's day. */
    quietHours?: { fromMinute: number; toMinute: number };
    /** When the digest of a day goes out, in minutes of the recipient's day. */
    digestMinute: number;
  };
  /** Whom triggers tell what is for admins; at most 10. */
  adminEmails: readonly string[];
  /** Where the links of mails that a trigger sends begin. No trailing slash. */
  siteUrl?: string;
  /** How many jobs of upkeep run at once. */
  maintenanceConcurrency: number;
  /** The sender's name in lower case (as in `/hooks/github`) to its secret. */
  webhookSecrets: Readonly<Record<string, string>>;
  /** The first part of every Redis key and schedule id. */
  namespace: string;
  /** What is taken today, and should be changed; said in the log at the start. */
  warnings: readonly SettingNote[];
}

/** Parses the environment. @throws {ConfigError} naming every setting that is missing or wrong */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ""),
  );
  const notes: SettingNotes = { faults: [], warnings: [] };
  const { faults } = notes;
  // With it set, the QStash SDK swaps in public keys and takes forged deliveries for real ones.
  if (given.QSTASH_DEV !== undefined) {
    faults.push({
      setting: "QSTASH_DEV",
      message: "must not be set: forged deliveries would pass",
    });
  }
  const parsed = schema.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) {
    const setting = String(issue.path[0]);
    const message = given[setting] === undefined ? "is missing" : issue.message;
    faults.push({ setting, message });
  }
  // By what is given, not by what was parsed: one fault must not hide another.
  const operators = readOperators(given.OPERATOR_TOKENS, notes);
  const serviceTokens = readServiceTokens(given.SERVICE_TOKENS, notes);
  const webhookSecrets = readWebhookSecrets(given, notes);
  const openLimits = readOpenLimits(given.OPEN_LIMITS, notes);
  const userTokenRules = readUserTokenRules(given, notes);
  for (const setting of ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"]) {
    const key = given[setting];
    if (key !== undefined) noteSigningKey(key, { setting, notes });
  }
  if (given.FEED_BOOKINGS === "users" && !given.AUTH_SECRET && !given.AUTH_JWKS_URL) {
    faults.push({
      setting: "FEED_BOOKINGS",
      message: "is `users`, which needs AUTH_SECRET or AUTH_JWKS_URL",
    });
  }
  if (given.RESEND_API_KEY && !given.MAIL_FROM) {
    faults.push({ setting: "MAIL_FROM", message: "is missing, beside RESEND_API_KEY" });
  }
  if (!parsed.success || faults.length > 0) throw new ConfigError(once(faults));
  const settings = parsed.data;
  return {
    publicUrl: settings.PUBLIC_URL,
    redis: {
      url: settings.UPSTASH_REDIS_REST_URL,
      token: settings.UPSTASH_REDIS_REST_TOKEN,
      leastTimeoutMs: settings.REDIS_TIMEOUT_MS,
    },
    queue: {
      url: settings.QSTASH_URL,
      token: settings.QSTASH_TOKEN,
      currentSigningKey: settings.QSTASH_CURRENT_SIGNING_KEY,
      nextSigningKey: settings.QSTASH_NEXT_SIGNING_KEY,
      redeliveries: settings.QSTASH_MAX_RETRIES,
    },
    databaseUrl: settings.DATABASE_URL,
    serviceTokens,
    secretKeys: settings.SECRET_KEYS,
    operators,
    corsOrigins: settings.CORS_ORIGINS,
    identitySecret: settings.IDENTITY_SECRET,
    userTokens: settings.AUTH_SECRET
      ? { secret: settings.AUTH_SECRET, ...userTokenRules }
      : settings.AUTH_JWKS_URL
      ? { jwksUrl: settings.AUTH_JWKS_URL, ...userTokenRules }
      : undefined,
    clientIpHeader: settings.CLIENT_IP_HEADER,
    openLimits,
    feed: {
      uniques: settings.FEED_UNIQUES,
      flushMs: settings.FEED_FLUSH_MINUTES * 60_000,
      ...(settings.FEED_RANK && { rank: settings.FEED_RANK }),
      bookings: settings.FEED_BOOKINGS,
    },
    llm: settings.OPENAI_API_KEY
      ? {
        apiKey: settings.OPENAI_API_KEY,
        baseUrl: settings.OPENAI_BASE_URL,
        model: settings.OPENAI_MODEL,
        firstTokenMs: settings.OPENAI_FIRST_WAIT_SECONDS * 1_000,
        betweenTokensMs: settings.OPENAI_NEXT_WAIT_SECONDS * 1_000,
        answerMs: settings.OPENAI_ANSWER_SECONDS * 1_000,
      }
      : undefined,
    chat: {
      mode: settings.CHAT_MODE,
      batchMs: settings.CHAT_BATCH_MS,
      instructions: settings.CHAT_INSTRUCTIONS,
      context: {
        messages: settings.CHAT_CONTEXT_MESSAGES,
        characters: settings.CHAT_CONTEXT_CHARACTERS,
      },
      answerTokens: settings.CHAT_ANSWER_TOKENS,
    },
    streams: {
      perUser: settings.STREAMS_PER_USER,
      perAddress: settings.STREAMS_PER_ADDRESS,
    },
    profiles: {
      sentimentBy: settings.SENTIMENT_BY,
      leastActiveUsers: settings.LEAST_ACTIVE_USERS,
    },
    mail: settings.RESEND_API_KEY
      ? {
        apiKey: settings.RESEND_API_KEY,
        baseUrl: settings.RESEND_BASE_URL,
        from: settings.MAIL_FROM!,
      }
      : undefined,
    notifications: {
      perSecond: settings.MAIL_PER_SECOND,
      concurrency: settings.MAIL_CONCURRENCY,
      quietHours: readQuietHours(settings.QUIET_HOURS),
      digestMinute: minuteOfDay(settings.DIGEST_AT),
    },
    adminEmails: settings.ADMIN_EMAILS,
    siteUrl: settings.SITE_URL,
    maintenanceConcurrency: settings.MAINTENANCE_CONCURRENCY,
    webhookSecrets,
    namespace: settings.NAMESPACE,
    warnings: once(notes.warnings),
  };
}

/** Several items of one list may have the same fault. */
function once(notes: readonly SettingNote[]): SettingNote[] {
  return [...new Map(notes.map((note) => [`${note.setting} ${note.message}`, note])).values()];
}

/** `22:00-07:00`; the same minute twice is no time at all. */
function readQuietHours(text: string) {
  if (text === "off") return undefined;
  const [fromMinute, toMinute] = text.split("-").map(minuteOfDay);
  return fromMinute === toMinute ? undefined : { fromMinute, toMinute };
}

function minuteOfDay(text: string): number {
  const [hour, minute] = text.split(":").map(Number);
  return hour * 60 + minute;
}
