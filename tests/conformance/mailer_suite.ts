/**
 * What every `Mailer` promises, as tests for any adapter and the provider behind it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { VirtualClock } from "../../dev/clock.ts";
import {
  type AppError,
  type Mail,
  type Mailer,
  MailRefusedError,
  MailRejectedError,
  MailUnavailableError,
} from "../../shared/mod.ts";

/** What a provider can be made to do to the next mail. */
export type MailTrouble =
  | { kind: "limited"; retryAfter: string }
  | { kind: "quota" }
  | { kind: "down"; retryAfter?: string }
  | { kind: "wrong settings" }
  | { kind: "address refused" }
  | { kind: "disconnected" }
  | { kind: "slow"; ms: number }
  | { kind: "accepted, then silent" }
  | { kind: "accepted, then disconnected" }
  | { kind: "accepted, and said unreadably" };

/** A mailer with a provider of its own. */
export interface RunningMailer extends AsyncDisposable {
  readonly mailer: Mailer;
  /** What the provider's time follows. */
  readonly clock: VirtualClock;
  /** What the provider must not find in a message: the credentials. */
  readonly secret: string;
  /** What the provider accepted, the oldest first. */
  accepted(): { id: string; mail: Mail; idempotencyKey?: string }[];
  /** Lets the next mail meet this. */
  meet(trouble: MailTrouble): void;
}

export interface MailerUnderTest {
  name: string;
  /** Starts with nothing sent; mails may be sent `perSecond` in a second. */
  start(options: { perSecond: number }): RunningMailer;
  /** For how long the provider remembers a key, in ms. */
  keysLastMs: number;
}

export const mail: Mail = {
  from: "Zeropoll <mail@zeropoll.example>",
  to: "Mona <mona@example.com>",
  subject: "Grüße, und <b>mehr</b> ✓",
  html: "<p>Hello &amp; welcome</p>",
  text: "Hello & welcome",
  headers: { "List-Unsubscribe": "<https://zeropoll.example/u/1>" },
};

const MINUTE_MS = 60_000;

const troubles: {
  trouble: MailTrouble;
  error: new (...parts: never[]) => AppError;
  isLimited?: boolean;
  retryAfterMs?: number;
  accepted?: boolean;
}[] = [
  {
    trouble: { kind: "limited", retryAfter: "7" },
    error: MailUnavailableError,
    isLimited: true,
    retryAfterMs: 7_000,
  },
  {
    trouble: { kind: "quota" },
    error: MailUnavailableError,
    isLimited: true,
    retryAfterMs: 60 * MINUTE_MS,
  },
  { trouble: { kind: "down" }, error: MailUnavailableError },
  {
    trouble: { kind: "down", retryAfter: "90" },
    error: MailUnavailableError,
    retryAfterMs: 90_000,
  },
  {
    trouble: { kind: "wrong settings" },
    error: MailUnavailableError,
    retryAfterMs: 5 * MINUTE_MS,
  },
  { trouble: { kind: "address refused" }, error: MailRefusedError },
  { trouble: { kind: "disconnected" }, error: MailUnavailableError },
  { trouble: { kind: "accepted, then silent" }, error: MailUnavailableError, accepted: true },
  {
    trouble: { kind: "accepted, then disconnected" },
    error: MailUnavailableError,
    accepted: true,
  },
  {
    trouble: { kind: "accepted, and said unreadably" },
    error: MailUnavailableError,
    accepted: true,
  },
];

/** Registers the suite for one mailer. */
export function testMailer(under: MailerUnderTest): void {
  const test = (name: string, run: (running: RunningMailer) => Promise<void>, perSecond = 100) =>
    Deno.test(`${under.name}: ${name}`, async () => {
      await using running = under.start({ perSecond });
      await run(running);
    });

  test("what is sent arrives as it was given", async ({ mailer, accepted }) => {
    const { id } = await mailer.send(mail, "welcome/1");
    assert.deepEqual(accepted(), [{ id, mail, idempotencyKey: "welcome/1" }]);
  });

  test("a mail without headers arrives without any", async ({ mailer, accepted }) => {
    const { headers: _, ...bare } = mail;
    await mailer.send(bare, "welcome/1");
    assert.deepEqual(accepted().map(({ mail }) => mail), [{ ...bare, headers: {} }]);
  });

  test("the same key sends once, and says the same", async ({ mailer, accepted }) => {
    const first = await mailer.send(mail, "k");
    assert.deepEqual(await mailer.send(mail, "k"), first);
    assert.equal(accepted().length, 1);
  });

  test("other content under a used key is not sent, and is no failure", async (running) => {
    const { mailer, accepted } = running;
    await mailer.send(mail, "k");
    assert.deepEqual(await mailer.send({ ...mail, subject: "Later" }, "k"), {});
    assert.deepEqual(accepted().map(({ mail }) => mail.subject), [mail.subject]);
  });

  test("a key that is forgotten sends anew", async ({ mailer, clock, accepted }) => {
    await mailer.send(mail, "k");
    await clock.advance(under.keysLastMs - 1);
    await mailer.send(mail, "k");
    assert.equal(accepted().length, 1);
    await clock.advance(1);
    await mailer.send(mail, "k");
    assert.equal(accepted().length, 2);
  });

  test("a key that is in use says when to come again", async (running) => {
    const { mailer, clock, accepted, meet } = running;
    meet({ kind: "slow", ms: 500 });
    const ended: unknown[] = [];
    const send = async () => void ended.push(await mailer.send(mail, "k").catch((error) => error));
    clock.schedule(clock.now(), send);
    clock.schedule(clock.now() + 100, send);
    await clock.advance(1_000);
    const [second, first] = ended;
    assert.ok(second instanceof MailUnavailableError);
    assert.equal(second.isLimited, false);
    assert.ok(second.retryAfterMs! >= 1_000);
    assert.deepEqual(first, await mailer.send(mail, "k"));
    assert.equal(accepted().length, 1);
  });

  test("over the rate nothing is taken, and a second later it is", async (running) => {
    const { mailer, clock, accepted } = running;
    await clock.advance(1_000 - clock.now() % 1_000);
    for (const key of ["a", "b"]) await mailer.send(mail, key);
    await assert.rejects(mailer.send(mail, "c"), {
      name: "MailUnavailableError",
      isLimited: true,
      retryAfterMs: 1_000,
    });
    await clock.advance(1_000);
    await mailer.send(mail, "c");
    assert.deepEqual(accepted().map(({ idempotencyKey }) => idempotencyKey), ["a", "b", "c"]);
  }, 2);

  test("a mail that is wrong in itself is rejected for good", async ({ mailer, accepted }) => {
    await assert.rejects(mailer.send({ ...mail, subject: "" }, "k"), MailRejectedError);
    assert.deepEqual(accepted(), []);
  });

  for (const row of troubles) {
    const { trouble, error: expected, isLimited = false, retryAfterMs } = row;
    test(`${JSON.stringify(trouble)} is ${expected.name}`, async (running) => {
      const { mailer, accepted, meet, secret } = running;
      meet(trouble);
      const error = await mailer.send(mail, "k").then(() => undefined, (error) => error);
      assert.ok(error instanceof expected, String(error));
      assert.equal(error.retryAfterMs, retryAfterMs);
      if (error instanceof MailUnavailableError) assert.equal(error.isLimited, isLimited);
      assert.equal(accepted().length, row.accepted ? 1 : 0);
      for (const hidden of [secret, "mona", "Grüße", "Hello"]) {
        assert.ok(!error.message.includes(hidden), error.message);
      }
      // Whatever happened, the same key once more is the way out of it.
      await mailer.send(mail, "k");
      assert.equal(accepted().length, 1);
    });
  }
}
