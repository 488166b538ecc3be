/**
 * The parts of one server, put together: what the routes and the page work on.
 *
 * @module
 */
import { BulkActions } from "./bulk_actions.ts";
import { ClockScope } from "./clock_scope.ts";
import type { DevClock } from "../clock.ts";
import { DeadLetters } from "./dead_letters.ts";
import { Deliverer, type Transport } from "./deliver.ts";
import { Dispatcher } from "./dispatcher.ts";
import { QstashFaults } from "./faults.ts";
import { FlowControls } from "./flow_control.ts";
import { KeyRing, type SigningKeys } from "./keys.ts";
import { Logs } from "./logs.ts";
import { QstashMeter } from "./meter.ts";
import { DailyQuota, type Plan } from "./plans.ts";
import { Publisher } from "./publish.ts";
import type { SpecContext } from "./publish_headers.ts";
import { Queues } from "./queues.ts";
import { Schedules } from "./schedules.ts";
import { MessageStore } from "./store.ts";
import { UrlGroups } from "./url_groups.ts";

export interface QstashParts {
  clock: ClockScope;
  plan: Plan;
  token: string;
  readOnlyToken: string | undefined;
  keys: KeyRing;
  faults: QstashFaults;
  meter: QstashMeter;
  quota: DailyQuota;
  store: MessageStore;
  logs: Logs;
  deadLetters: DeadLetters;
  queues: Queues;
  flowControls: FlowControls;
  urlGroups: UrlGroups;
  bulkActions: BulkActions;
  dispatcher: Dispatcher;
  publisher: Publisher;
  schedules: Schedules;
  /** What a publish from `callerIp` may ask for. */
  specContext(callerIp: string): SpecContext;
}

export interface PartsOptions {
  clock: DevClock;
  plan: Plan;
  transport: Transport;
  token: string;
  readOnlyToken: string | undefined;
  signingKeys: SigningKeys;
  newMessageId: () => string;
}

/** Puts the parts of a server together; nothing runs yet. */
export function createParts(options: PartsOptions): QstashParts {
  const { plan, transport, token, readOnlyToken, signingKeys, newMessageId } = options;
  const clock = new ClockScope(options.clock);
  const tokens = readOnlyToken === undefined ? [token] : [token, readOnlyToken];
  const specContext = (callerIp: string): SpecContext => ({
    plan,
    callerIp,
    tokens,
    now: clock.now(),
  });

  const keys = new KeyRing(signingKeys);
  const state = {
    clock,
    plan,
    faults: new QstashFaults(),
    meter: new QstashMeter(),
    quota: new DailyQuota(clock, plan.messagesPerDay),
    store: new MessageStore(clock),
    logs: new Logs(clock, plan.retentionDays.logs),
    deadLetters: new DeadLetters(clock, plan.retentionDays.deadLetters),
    queues: new Queues(clock, plan),
    flowControls: new FlowControls(clock),
    urlGroups: new UrlGroups(clock, plan),
    bulkActions: new BulkActions(clock),
  };
  const deliverer = new Deliverer({ clock, keys, transport, maxResponseBytes: plan.messageBytes });
  const dispatcher = new Dispatcher({ ...state, deliverer, newMessageId });
  const publisher = new Publisher({ ...state, context: specContext, dispatcher });
  const schedules = new Schedules(clock, plan, state.quota, publisher);
  return { ...state, token, readOnlyToken, keys, dispatcher, publisher, schedules, specContext };
}
