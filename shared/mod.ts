/**
 * Zeropoll's library: jobs on QStash and Redis, and nothing that polls.
 *
 * @module
 */
export { type Config, ConfigError, readConfig } from "./config.ts";
export {
  mayAs,
  type Operator,
  type Role,
  roles,
  type Scope,
  scopes,
  type ServiceToken,
} from "./config_tokens.ts";
export { DeadLetter } from "./contracts/dead_letter.ts";
export { missingMigrationNames } from "./migrations/ledger.ts";
export { FavoriteEntry, ImpressionsEntry, LogEntry } from "./contracts/event_log.ts";
export { asciiAddress, EmailAddress } from "./contracts/email_address.ts";
export type { LimitAnswer, LimitPolicy } from "./contracts/limit.ts";
export { isSound, soundText, startOf } from "./contracts/text.ts";
export { ReplyEnd, ReplyFrame, ReplySnapshot } from "./contracts/reply_stream.ts";
export { JobFailure, JobId, JobOutcome, JobStateName, JobView } from "./contracts/job.ts";
export {
  AppError,
  BodyInvalidError,
  CircuitOpenError,
  CommandRefusedError,
  type ErrorCode,
  errorTitles,
  EventTooLateError,
  type FieldFault,
  isPostgresAway,
  JobInternalError,
  LeaseLostError,
  LimitExceededError,
  LimitUnavailableError,
  LlmIncompleteError,
  LlmRejectedError,
  LlmUnavailableError,
  MailRefusedError,
  MailRejectedError,
  MailUnavailableError,
  NonRetryableError,
  NotConfiguredError,
  PostgresBusyError,
  PostgresQueryError,
  PostgresUnavailableError,
  QueueRejectedError,
  QueueUnavailableError,
  RedisCommandError,
  RedisSizeError,
  RedisUnavailableError,
  RequestError,
  SecretUnreadableError,
  UnknownJobError,
  UnsupportedDelayError,
} from "./errors.ts";
export type {
  Clock,
  Database,
  DeadLetters,
  DeliveryVerifier,
  FlowControl,
  Ids,
  Llm,
  LlmMessage,
  LlmRequest,
  Log,
  LogFields,
  Mail,
  Mailer,
  Queue,
  QueueSchedule,
  Redis,
  RedisCommand,
  RedisTally,
  RedisValue,
  Sleep,
  Sql,
  SqlValue,
  UserTokens,
} from "./ports.ts";
export {
  approximateViewCommands,
  countApproximateViews,
  recordApproximateView,
  RegisteredListings,
  scanApproximateListings,
} from "./core/counters/approximate.ts";
export {
  addDays,
  type Day,
  DAY_MS,
  dayOf,
  forgottenAtSeconds,
  refusedFrom,
  startOfDay,
} from "./core/counters/day.ts";
export {
  appendToLog,
  LOG_START,
  logCommand,
  type LoggedEntry,
  trimLog,
} from "./core/counters/event_log.ts";
export { type LogPage, LogReader } from "./core/counters/log_reader.ts";
export { networkOf } from "./core/counters/address.ts";
export { createIdentities, type Identities, type Person } from "./core/counters/identity.ts";
export {
  type Listing,
  MemberCounts,
  memberOf,
  recordUnique,
  shardOf,
  UNIQUE_SHARDS,
  uniqueCommand,
  type UniqueCounts,
  type UniqueEvent,
  type UniqueMetric,
} from "./core/counters/unique_events.ts";
export { isStorable } from "./core/counters/storable.ts";
export {
  countParts,
  readMembers,
  WALK_REQUESTS,
  walkMembers,
} from "./core/counters/unique_reads.ts";
export { Hands } from "./core/limits/hands.ts";
export {
  assertAllowed,
  createLimits,
  type LimitDemand,
  type LimitOptions,
  type Limits,
} from "./core/limits/limits.ts";
export { defineLimits, type LimitDefinition } from "./core/limits/policy.ts";
export { createRedisDeadLetters } from "./core/dead_letters.ts";
export { createPostgresDeadLetters } from "./core/postgres_dead_letters.ts";
export { withFields } from "./core/log_fields.ts";
export { newTally } from "./core/redis_policy.ts";
export type { ReplyEvent, ReplyPlace } from "./core/streams/reply_event.ts";
export {
  type FollowOptions,
  followReply,
  type StoredReply,
} from "./core/streams/reply_follower.ts";
export {
  createReplyWriter,
  type ReplyWriter,
  type ReplyWriterOptions,
  type StreamParts,
} from "./core/streams/reply_writer.ts";
export { Turn } from "./core/turn.ts";
export {
  type AskedPerson,
  isAbout,
  type PeopleContribution,
  type PeopleContributions,
  type PeopleParts,
  type Remainder,
} from "./core/people.ts";
export { createKeys, type Keys } from "./core/keys.ts";
export { jobsWithoutKeys, SecretKeys } from "./core/secrets/secret_keys.ts";
export type { JobDelivery } from "./core/jobs/deliver.ts";
export type { DeliveryAnswer } from "./core/jobs/ends.ts";
export type { EnqueuedGroup } from "./core/jobs/enqueue.ts";
export { dedupedJobId, hashedId, originOf } from "./core/jobs/identity.ts";
export type { JobsDependencies } from "./core/jobs/dependencies.ts";
export { ImportWatch } from "./core/jobs/import_watch.ts";
export { IMPORT_JOB, type Imported } from "./core/jobs/dead_letters_import.ts";
export type { FailedDelivery, FailureAnswer } from "./core/jobs/failures.ts";
export {
  type AnyJob,
  type Backoff,
  type ContextGroupOptions,
  defineJob,
  defineRegistry,
  type Enqueued,
  type EnqueueOptions,
  type InputOf,
  type Job,
  type JobContext,
  type JobDefinition,
  type JobLimit,
  type Registry,
  type TransactionOptions,
} from "./core/jobs/job.ts";
export { createJobs, type Jobs, type NamedGroupOptions, type NamedJob } from "./core/jobs/jobs.ts";
export { deliveryUrl, failureUrl } from "./core/jobs/publication.ts";
export {
  type ArmedSchedule,
  ArmedSlots,
  defineSchedules,
  type SchedulePlan,
  type Schedules,
} from "./core/jobs/schedules.ts";
