/**
 * Publishing: from a request to messages that are on their way.
 *
 * In two steps, so that a batch is refused as a whole: everything is read and checked
 * first, then everything is accepted.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { ApiError } from "./api_error.ts";
import { assertHttpUrl, type Settings } from "./destination.ts";
import type { Dispatcher, Origin } from "./dispatcher.ts";
import type { Endpoint, Message, MessageSpec } from "./model.ts";
import type { DailyQuota } from "./plans.ts";
import { parseSpec, type SpecContext } from "./publish_headers.ts";
import { assertName, type Queues } from "./queues.ts";
import type { MessageStore } from "./store.ts";
import type { UrlGroups } from "./url_groups.ts";

/** A publish that was read and found good. */
export interface Prepared {
  spec: MessageSpec;
  endpoints: Endpoint[];
  /** Set when the destination is a URL group: then the answer is a list. */
  topicName?: string;
  queueName?: string;
}

/** What the API answers for one message. */
export interface Accepted {
  messageId: string;
  /** For a member of a URL group. */
  url?: string;
  deduplicated?: true;
}

export interface PublishRequest {
  /** A URL, or the name of a URL group. */
  destination: string;
  settings: Settings;
  body: Uint8Array;
  queueName?: string;
}

export interface PublisherParts {
  context: (callerIp: string) => SpecContext;
  dispatcher: Dispatcher;
  quota: DailyQuota;
  queues: Queues;
  store: MessageStore;
  urlGroups: UrlGroups;
}

export class Publisher {
  constructor(readonly parts: PublisherParts) {}

  /** Reads and checks; accepts nothing. */
  prepare(request: PublishRequest, callerIp: string): Prepared {
    const { destination, settings, body, queueName } = request;
    const { urlGroups, context } = this.parts;
    if (queueName !== undefined) assertName("queue", queueName);
    const merged = new Map([...urlGroups.defaults(destination), ...settings]);
    return {
      spec: parseSpec(merged, body, context(callerIp)),
      endpoints: this.endpoints(destination),
      topicName: urlGroups.find(destination)?.name,
      queueName,
    };
  }

  /** @throws {ApiError} 400 for what is neither a URL nor could be a group, 404 for an unknown group */
  endpoints(destination: string): Endpoint[] {
    const group = this.parts.urlGroups.find(destination);
    if (group) {
      return group.endpoints.map(({ url, name }) => ({
        url,
        endpointName: name,
        topicName: group.name,
      }));
    }
    if (/^[A-Za-z0-9_-]+$/.test(destination)) {
      throw new ApiError(404, `topic ${destination} not found`);
    }
    assertHttpUrl(destination);
    return [{ url: destination }];
  }

  /** @throws {ApiError} 429 when the day's messages do not suffice for all of them */
  assertQuota(prepared: readonly Prepared[]): void {
    this.parts.quota.assertLeft(prepared.reduce((sum, { endpoints }) => sum + endpoints.length, 0));
  }

  /** Sends it on its way: one answer, or a list of them for a URL group. */
  accept(prepared: Prepared): Accepted | Accepted[] {
    if (prepared.queueName !== undefined) this.parts.queues.ensure(prepared.queueName);
    const accepted = prepared.endpoints.map((endpoint) => this.#acceptOne(prepared, endpoint));
    if (prepared.topicName === undefined) return accepted[0];
    return accepted.map((one, index) => ({ ...one, url: prepared.endpoints[index].url }));
  }

  /** Makes a message without deduplication: for a schedule's tick or a dead letter's retry. */
  dispatch(spec: MessageSpec, endpoint: Endpoint, origin: Origin): Message {
    return this.parts.dispatcher.send(spec, endpoint, origin);
  }

  #acceptOne({ spec, queueName }: Prepared, endpoint: Endpoint): Accepted {
    const { store } = this.parts;
    const key = deduplicationKey(spec, endpoint);
    const older = key === undefined ? undefined : store.findDuplicate(key);
    if (older !== undefined) return { messageId: older, deduplicated: true };
    const message = this.dispatch(spec, endpoint, { queueName });
    if (key !== undefined) store.rememberDuplicate(key, message.id);
    return { messageId: message.id };
  }
}

/** Each member of a group is deduplicated for itself. */
function deduplicationKey(spec: MessageSpec, endpoint: Endpoint): string | undefined {
  const scope = endpoint.topicName ? `${endpoint.topicName} ${endpoint.url}` : "";
  if (spec.deduplicationId !== undefined) return `id ${scope} ${spec.deduplicationId}`;
  if (!spec.contentBasedDeduplication) return undefined;
  const hash = createHash("sha256").update(JSON.stringify([
    endpoint.url,
    Object.entries(spec.header).sort(([left], [right]) => left < right ? -1 : 1),
  ])).update(spec.body);
  return `content ${scope} ${hash.digest("hex")}`;
}
