/**
 * Every Redis key, as a function: no key is spelled anywhere else.
 *
 * Each says its type, its TTL and what pays for it. All start with the namespace, so that
 * previews and projects can share one database.
 *
 * @module
 */

/** Makes the keys of one namespace. */
export function createKeys(namespace: string) {
  return {
    /** String (JSON `JobClaim`); TTL: the job's longest retention. 1 command for an attempt, step or progress report. */
    jobClaim: (id: string) => `${namespace}:job:${id}:claim`,
    /** String (JSON `JobOutcome`); TTL: the retention of its state. 1 command to settle. */
    jobOutcome: (id: string) => `${namespace}:job:${id}:outcome`,
    /** Bitmap of the children that ended; TTL 400 days, set by child 0; 40 days once the follow-up was sent. 2 commands for a child, 1 for the follow-up. */
    groupEnded: (id: string) => `${namespace}:group:${id}:ended`,
    /** String (epoch ms); TTL 2 slots. At most 2 commands for each isolate and slot. */
    scheduleSlot: (schedule: string, slot: string) => `${namespace}:schedule:${schedule}:${slot}`,
    /** String (a message id); TTL 10 minutes. 1 command for a delivery of a fixed schedule's tick. */
    tickSignature: (id: string) => `${namespace}:tick:${id}`,
    /**
     * Set of what makes a view or a booking one, by shard of the listing; TTL: 7 days and an hour
     * after its UTC day, set by the first flush that meets it. 1 command for an event.
     */
    uniqueEvents: (day: string, shard: number) => `${namespace}:feed:${day}:unique:${shard}`,
    /** Stream of impressions and favorites; TTL as above. 1 command for a request. */
    eventLog: (day: string) => `${namespace}:feed:${day}:log`,
    /** HyperLogLog of who saw a listing; TTL as above, set with its first view. 1 command for a view. */
    approximateViews: (day: string, kind: string, id: string) =>
      `${namespace}:feed:${day}:views:${kind}:${id}`,
    /** Set of the listings that have such a HyperLogLog; TTL as above. 1 command for each isolate and listing. */
    approximateListings: (day: string) => `${namespace}:feed:${day}:listings`,
    /** What the keys of one limit begin with: @upstash/ratelimit adds the rest by itself. */
    limitPrefix: (limit: string) => `${namespace}:limit:${limit}`,
    /** What stands for an identifier in keys: no `:` in it, so that it is nobody else's key. */
    limitIdentifier: (identifier: string) => encodeURIComponent(identifier.toWellFormed()),
    /**
     * String (units taken in a window); TTL: 2 windows and 1 s, or 1 window of a fixed one. 5 commands
     * for an isolate's first check, 4, 3 for a further one, none for one on a lease.
     */
    limitWindow: (limit: string, identifier: string, window: number) =>
      `${namespace}:limit:${limit}:${encodeURIComponent(identifier.toWellFormed())}:${window}`,
    /** Hash (`refilledAt`, `tokens`); TTL: until it would be full. 4 commands for a check. */
    limitBucket: (limit: string, identifier: string) =>
      `${namespace}:limit:${limit}:${encodeURIComponent(identifier.toWellFormed())}`,
    /** Channel of a reply's frames (JSON `ReplyFrame`). 1 command for a batch, 1 for each who listens. */
    replyChannel: (reply: string) => `${namespace}:reply:${reply}`,
    /** Channel on which a reply's producer is told to stop. 1 command for it to listen, 1 to stop it. */
    replyControl: (reply: string) => `${namespace}:reply:${reply}:control`,
    /** String (JSON `ReplySnapshot`); TTL 1 h. 1 command for every fourth batch and the end, 1 for a viewer. */
    replySnapshot: (reply: string) => `${namespace}:reply:${reply}:snapshot`,
    /** String (JSON, the last 50 messages); TTL 24 h. 1 command for a page, 1 more to fill, 1 to forget. */
    conversationPage: (conversation: string) => `${namespace}:conversation:${conversation}:latest`,
    /** List of what a user searched for last; TTL 30 days. 3 commands for a search, 1 to read. */
    recentSearches: (user: string) =>
      `${namespace}:searches:${encodeURIComponent(user.toWellFormed())}`,
    /** String (JSON, a profile); TTL 24 h. 1 command to read, 1 more where it is not there, 1 to update. */
    profile: (user: string) => `${namespace}:profile:${encodeURIComponent(user)}`,
    /** String (JSON `DeadLetter`); TTL 30 days. */
    deadLetter: (id: string) => `${namespace}:dead-letter:${id}`,
    /** Sorted set of dead letters' ids by time of failure; TTL 30 days, renewed by each. */
    deadLetters: () => `${namespace}:dead-letters`,
  };
}

/** The keys of one namespace. */
export type Keys = ReturnType<typeof createKeys>;
