/**
 * Faults that tests must notice: each a change of one place, and the tests that should fail by it.
 *
 * `find` stands exactly once in its file; a place that has moved is said, and is a failure of the run.
 *
 * @module
 */

/** A fault to plant. */
export interface Fault {
  /** What is wrong with it, as a sentence. */
  what: string;
  file: string;
  find: string;
  replace: string;
  /** Files of tests, of which at least one test must fail. */
  tests: readonly string[];
}

const jobs = "shared/core/jobs";
const deliveries = [
  "tests/core/jobs/fence_test.ts",
  "tests/core/jobs/deliveries_test.ts",
  "tests/core/jobs/races_test.ts",
];
const failures = [
  "tests/core/jobs/settled_failures_test.ts",
  "tests/core/jobs/failures_test.ts",
];
/** Mails that wait for longer than one message may. */
const hops = ["tests/functions/notifications_inputs_test.ts"];
const replies = ["tests/functions/chat_reply_fence_test.ts"];

/** Those that no test noticed once. */
export const formerFaults: readonly Fault[] = [
  {
    what: "a later attempt does not wait for the lease of the earlier one",
    file: `${jobs}/claim.ts`,
    find: `if (current.state === "running" && leaseLeftMs > 0) {`,
    replace: `if (current.state === "running" && leaseLeftMs > 0 && current.attempt >= attempt) {`,
    tests: deliveries,
  },
  {
    what: "a lease has no margin for clocks that differ",
    file: `${jobs}/claim.ts`,
    find: "leaseUntil: now + job.timeoutMs + LEASE_MARGIN_MS,",
    replace: "leaseUntil: now + job.timeoutMs,",
    tests: deliveries,
  },
  {
    what: "a claim of a job that failed is given back for a day",
    file: `${jobs}/claim.ts`,
    find: `state === "failed" ? failedMs : 0);`,
    replace: `state === "failed" ? 0 : 0);`,
    tests: deliveries,
  },
  {
    what: "a failure callback does not wait for a lease that lasts",
    file: `${jobs}/failures.ts`,
    find: `if (leaseLeftMs > 0) return { kind: "busy", retryAfterMs: leaseLeftMs };`,
    replace: `if (leaseLeftMs < 0) return { kind: "busy", retryAfterMs: leaseLeftMs };`,
    tests: failures,
  },
  {
    what: "a letter is removed although its job has failed",
    file: `${jobs}/failures.ts`,
    find:
      `if (settled === null && (await readRecords(redis, keys, id)).outcome?.state !== "failed") {`,
    replace: "if (settled === null) {",
    tests: failures,
  },
  {
    what: "a follow-up is marked as sent before it is",
    file: `${jobs}/groups.ts`,
    find: `  const job = findJob(dependencies.registry, place.then.job);
`,
    replace: `  const job = findJob(dependencies.registry, place.then.job);
  await dependencies.redis.run(["SETBIT", key, place.total, 1]);
`,
    tests: ["tests/core/jobs/settled_failures_test.ts", "tests/core/jobs/groups_test.ts"],
  },
  {
    what: "the ledger forgets what the job itself has written",
    file: `${jobs}/context.ts`,
    find: "forgottenBefore: envelope.enqueuedAt - job.retention.succeededMs,",
    replace: "forgottenBefore: clock.now(),",
    tests: ["tests/core/jobs/settled_failures_test.ts"],
  },
  {
    what: "a mail's later generation does not look at suppressions",
    file: "functions/notifications/sending/send_jobs.ts",
    find: "const heldBack = heldBackBy(event, standing.suppressions);",
    replace:
      "const heldBack = heldBackBy(event, context.generation > 0 ? [] : standing.suppressions);",
    tests: hops,
  },
  {
    what: "a mail's later generation does not look at the log of what was sent",
    file: "functions/notifications/sending/send_jobs.ts",
    find: "if (standing.outcome) return { outcome: standing.outcome };",
    replace:
      "if (standing.outcome && context.generation === 0) return { outcome: standing.outcome };",
    tests: hops,
  },
  {
    what: "a producer that lost its reply speaks on",
    file: "functions/chat/replies/produce.ts",
    find: "    if (!isOurs) return this.#lost();\n",
    replace: "",
    tests: replies,
  },
  {
    what: "a reply's lease is renewed by an older epoch",
    file: "functions/chat/replies/reply_store.ts",
    find: `     WHERE id = $1 AND epoch = $2 AND state = 'producing' RETURNING stop_requested\``,
    replace:
      `     WHERE id = $1 AND epoch >= $2 AND state = 'producing' RETURNING stop_requested\``,
    tests: replies,
  },
  {
    what: "a batch is published before its snapshot stands",
    file: "shared/core/streams/reply_batches.ts",
    find: "commands: isKept ? [set, publish] : [publish]",
    replace: "commands: isKept ? [publish, set] : [publish]",
    tests: replies,
  },
  {
    what: "a reset leaves the next window of a limit",
    file: "shared/core/limits/limits.ts",
    find: "[window - 1, window, window + 1]",
    replace: "[window - 1, window]",
    tests: ["tests/core/limits"],
  },
];

/** Faults of every part: the first twenty. */
export const faults: readonly Fault[] = [
  // Jobs
  {
    what: "an attempt that is late settles over the one that has ended",
    file: `${jobs}/settle.ts`,
    find: `    JSON.stringify(outcome),
    "NX",
    "EX",
    lifetime,`,
    replace: `    JSON.stringify(outcome),
    "EX",
    lifetime,`,
    tests: [...deliveries, "tests/core/jobs/cancel_test.ts"],
  },
  {
    what: "a schedule is marked as armed before its job is sent",
    file: `${jobs}/schedules.ts`,
    find: `    if (found[index] === null) {
      try {`,
    replace: `    if (found[index] === null) {
      await redis.run(["SET", markers[index], clock.now(), "EX", secondsOf(2 * schedule.slotMs)]);
      try {`,
    tests: ["tests/core/jobs/schedules_test.ts"],
  },
  {
    what: "a sealed secret opens in any place of its job",
    file: "shared/core/secrets/sealed_input.ts",
    find: "return JSON.stringify([job, id, place]);",
    replace: "return JSON.stringify([job, place, place]);",
    tests: ["tests/core/jobs/secrets_test.ts"],
  },
  {
    what: "an error that quotes a secret is kept as it is",
    file: `${jobs}/ends.ts`,
    find:
      "  const message = run.redaction.text(error instanceof Error ? error.message : String(error));",
    replace: "  const message = error instanceof Error ? error.message : String(error);",
    tests: ["tests/core/jobs/secrets_test.ts"],
  },
  {
    what: "two who use a failed dedupeId again both send it",
    file: `${jobs}/known.ts`,
    find: "if (other && other.nonce !== nonce && other.generation >= generation) {",
    replace: "if (other && other.nonce === nonce && other.generation >= generation) {",
    tests: ["tests/core/jobs/dedupe_test.ts"],
  },
  // Limits
  {
    what: "units in the hand outlive their window",
    file: "shared/core/limits/hands.ts",
    find: "return this.window === windowAt(this.policy, now) ? this.left : 0;",
    replace: "return this.window >= windowAt(this.policy, now) - 1 ? this.left : 0;",
    tests: ["tests/core/limits"],
  },
  // Feed
  {
    what: "a batch of impressions that was counted is counted again",
    file: "functions/feed/flush/log_store.ts",
    find: "for (const { batch } of fresh) {",
    replace: "for (const batch of fresh.length >= 0 ? batches.keys() : []) {",
    tests: ["tests/functions/feed_flush_days_test.ts"],
  },
  {
    what: "a flush that was overtaken adds its entries as well",
    file: "functions/feed/flush/log_store.ts",
    find: "if (log_position !== after) return false;",
    replace: "if (log_position < after) return false;",
    tests: ["tests/functions/feed_store_test.ts"],
  },
  {
    what: "counts of a day are lowered by a Redis that has lost some",
    file: "functions/feed/flush/store.ts",
    find: "views = GREATEST(feed_counts.views, EXCLUDED.views),",
    replace: "views = EXCLUDED.views,",
    tests: ["tests/functions/feed_store_test.ts"],
  },
  // Notifications
  {
    what: "a mail's retry has another idempotency key",
    file: "functions/notifications/sending/send_jobs.ts",
    find: "    }, context.idempotencyKey);",
    replace: "    }, `${context.idempotencyKey}-${context.generation}`);",
    tests: ["tests/functions/notifications_sending_test.ts"],
  },
  // Chat
  {
    what: "anybody reads anybody's conversation",
    file: "functions/chat/history/conversation_store.ts",
    find: "`SELECT ${COLUMNS} FROM chat_conversations WHERE id = $1 AND user_id = $2`",
    replace: "`SELECT ${COLUMNS} FROM chat_conversations WHERE id = $1 AND $2::text IS NOT NULL`",
    tests: ["tests/functions/chat_history_conversations_test.ts"],
  },
  {
    what: "a viewer is told an end of an epoch that is over",
    file: "shared/core/streams/reply_follower.ts",
    find: "if (end === undefined || epoch !== this.#position.epoch) return false;",
    replace: "if (end === undefined) return false;",
    tests: ["tests/core/streams"],
  },
  // Edges
  {
    what: "a user's token without an end is good for ever",
    file: "shared/adapters/user_claims.ts",
    find: "if (exp === undefined && requireExp) return undefined;",
    replace: "if (exp === undefined && !requireExp) return undefined;",
    tests: ["tests/adapters/user_tokens_test.ts"],
  },
  {
    what: "a delivery's body is not held to its signature",
    file: "shared/adapters/qstash_verifier.ts",
    find: `if (hash.replace(/=+$/, "") !== await hashOf(given)) throw invalid();`,
    replace: "await hashOf(given);",
    tests: ["tests/adapters/qstash_verifier_test.ts"],
  },
  {
    what: "a webhook's time stamp may be of any age",
    file: "functions/middleware/standard_signature.ts",
    find: "if (!(Math.abs(now - sentAt) <= TOLERANCE_MS)) {",
    replace: "if (!(now - sentAt <= Infinity)) {",
    tests: ["tests/functions/standard_webhooks_test.ts"],
  },
  // Adapters
  {
    what: "a mail provider's failure is the mail's own fault",
    file: "shared/adapters/resend_errors.ts",
    find:
      "if (status >= 500 || status === 408) return new MailUnavailableError(text, { retryAfterMs });",
    replace: "if (status === 408) return new MailUnavailableError(text, { retryAfterMs });",
    tests: ["tests/adapters/resend_test.ts"],
  },
  {
    what: "a breaker lets all callers probe at once",
    file: "shared/core/breaker.ts",
    find: `    return circuit = { state: "probing", since: clock.now() };`,
    replace: `    return circuit = { state: "probing", since: clock.now() - openMs };`,
    tests: ["tests/core/breaker_test.ts"],
  },
  // Dev servers
  {
    what: "dev's QStash forgets what it was sent a moment ago",
    file: "dev/qstash/publish.ts",
    find: "    if (key !== undefined) store.rememberDuplicate(key, message.id);\n",
    replace: "",
    tests: ["tests/conformance/qstash_publish_test.ts", "tests/dev/qstash"],
  },
  {
    what: "dev's Redis bills a script as one command",
    file: "dev/redis/meter.ts",
    find: "    for (const name of inner) {",
    replace: "    for (const name of inner.slice(0, 0)) {",
    tests: ["tests/conformance/redis_billing_test.ts"],
  },
  // People
  {
    what: "erasing somebody takes what another has in a list as theirs",
    file: "shared/core/people.ts",
    find: `if (typeof input !== "object" || input === null || Array.isArray(input)) return false;`,
    replace: `if (typeof input !== "object" || input === null) return false;`,
    tests: ["tests/functions/people_table_test.ts"],
  },
];
