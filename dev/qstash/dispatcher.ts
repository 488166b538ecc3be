/**
 * The way of a message: its moment, its queue, flow control, the plan's parallelism, the
 * call, and then its end or the next attempt.
 *
 * Every step is a task of the clock or follows from one, so that on a virtual clock the
 * order is fixed and nothing is delivered until time moves.
 *
 * @module
 */
import { callbackSpec } from "./callbacks.ts";
import type { ClockScope } from "./clock_scope.ts";
import type { DeadLetters } from "./dead_letters.ts";
import { type Deliverer, noAnswer, type Outcome } from "./deliver.ts";
import { parseRetryAfter } from "./durations.ts";
import type { FaultTarget, QstashFaults } from "./faults.ts";
import type { FlowControls } from "./flow_control.ts";
import { newId } from "./keys.ts";
import type { Logs } from "./logs.ts";
import type { QstashMeter } from "./meter.ts";
import type { CallbackSpec, DeadLetter, DeliveryResponse, Endpoint } from "./model.ts";
import type { Message, MessageSpec, MessageState } from "./model.ts";
import { Parallelism } from "./parallelism.ts";
import type { DailyQuota, Plan } from "./plans.ts";
import type { Queues } from "./queues.ts";
import type { MessageStore } from "./store.ts";

/** Why and for whom a message is made. */
export interface Origin {
  kind?: Message["kind"];
  queueName?: string;
  scheduleId?: string;
  sourceMessageId?: string;
}

export interface DispatcherParts {
  clock: ClockScope;
  plan: Plan;
  store: MessageStore;
  logs: Logs;
  deadLetters: DeadLetters;
  queues: Queues;
  flowControls: FlowControls;
  deliverer: Deliverer;
  faults: QstashFaults;
  meter: QstashMeter;
  quota: DailyQuota;
}

const NON_RETRYABLE_STATUS = 489;
const DAY_MS = 86_400_000;

export class Dispatcher {
  readonly parallelism: Parallelism;
  readonly #calls = new Set<AbortController>();
  #closed = false;
  readonly #held: Message[] = [];

  constructor(readonly parts: DispatcherParts) {
    this.parallelism = new Parallelism(parts.plan.globalParallelism);
  }

  /** Makes a message and sends it on its way. Its place under flow control is taken before this returns. */
  create(spec: MessageSpec, endpoint: Endpoint, origin: Origin = {}): Message {
    const { clock, store, logs, flowControls, meter, quota } = this.parts;
    const { kind = "message", queueName, scheduleId, sourceMessageId } = origin;
    const createdAt = clock.now();
    const notBeforeAt = spec.notBeforeAt ?? createdAt + spec.delayMs;
    const message: Message = {
      id: newId("msg_"),
      kind,
      spec,
      endpoint,
      createdAt,
      notBeforeAt,
      queueName,
      scheduleId,
      sourceMessageId,
      state: "CREATED",
      attempts: 0,
      retried: 0,
      // Clients round to whole seconds; the half they may have lost is given back.
      dueAt: spec.notBeforeAt === undefined ? notBeforeAt : notBeforeAt + 500,
      cancelRequested: false,
    };
    store.add(message);
    logs.add(message, "CREATED");
    if (kind === "message") {
      meter.countPublish();
      quota.use(1);
    }
    if (spec.flowControl) flowControls.configure(spec.flowControl);
    return message;
  }

  /** Waits for the message's moment, then lets it in. */
  submit(message: Message): void {
    if (message.dueAt <= this.parts.clock.now()) return this.#enterQueue(message);
    message.timer = this.parts.clock.schedule(message.dueAt, () => {
      message.timer = undefined;
      this.#enterQueue(message);
    });
  }

  /** Lets a message that waits for its moment go now. False when it does not wait. */
  runNow(message: Message): boolean {
    if (!message.timer) return false;
    message.timer.cancel();
    message.timer = undefined;
    message.dueAt = this.parts.clock.now();
    this.#enterQueue(message);
    return true;
  }

  /** Cancels at the message's next moment. False when it has ended or was cancelled already. */
  cancel(message: Message): boolean {
    if (message.endedAt !== undefined || message.cancelRequested) return false;
    message.cancelRequested = true;
    message.state = "CANCEL_REQUESTED";
    this.parts.logs.add(message, "CANCEL_REQUESTED");
    return true;
  }

  /** Ends messages whose queue has been deleted. */
  discard(messages: readonly Message[]): void {
    for (const message of messages) this.#end(message, "CANCELED");
  }

  /** Breaks off the calls under way; nothing more is sent. */
  close(): void {
    this.#closed = true;
    for (const call of this.#calls) call.abort();
  }

  #enterQueue(message: Message): void {
    const { queues } = this.parts;
    // A retry keeps the turn that its first attempt was given.
    if (message.queueName === undefined || message.turn) return this.#enterFlow(message);
    queues.enter(message.queueName, message, () => this.#enterFlow(message));
  }

  #enterFlow(message: Message): void {
    if (message.cancelRequested) return this.#end(message, "CANCELED");
    const { flowControl } = message.spec;
    if (!flowControl) return this.#ready(message);
    this.parts.flowControls.enter(message, flowControl, () => this.#ready(message));
  }

  #ready(message: Message): void {
    const { clock, faults } = this.parts;
    const late = faults.take("late", targetOf(message));
    if (late) {
      clock.schedule(clock.now() + late.ms, () => this.#start(message));
      return;
    }
    const reordered = faults.take("reordered", targetOf(message));
    if (!reordered) {
      clock.schedule(clock.now(), () => this.#start(message));
      return;
    }
    this.#held.push(message);
    if (this.#held.length >= reordered.count) return this.#releaseHeld();
    clock.schedule(clock.now() + (reordered.withinMs ?? 1000), () => {
      if (this.#held.includes(message)) this.#releaseHeld();
    });
  }

  #releaseHeld(): void {
    const { clock } = this.parts;
    for (const message of this.#held.splice(0).reverse()) {
      clock.schedule(clock.now(), () => this.#start(message));
    }
  }

  #start(message: Message): void | Promise<void> {
    if (this.parallelism.enter(() => this.#startLater(message))) return this.#attempt(message);
  }

  #startLater(message: Message): void {
    const { clock } = this.parts;
    clock.schedule(clock.now(), () => this.#attempt(message));
  }

  async #attempt(message: Message): Promise<void> {
    const { clock, plan, logs, meter, quota, faults } = this.parts;
    if (message.cancelRequested) {
      this.parallelism.leave();
      return this.#end(message, "CANCELED");
    }
    const target = targetOf(message);
    message.state = "ACTIVE";
    message.attempts++;
    logs.add(message, "ACTIVE");
    if (faults.take("dropped", target)) {
      this.parallelism.leave();
      return this.#end(message, "DELIVERED");
    }
    meter.countAttempt(message);
    if (message.kind !== "message" || message.retried > 0) quota.use(1);

    let settled = false;
    const settle = (outcome: Outcome) => {
      if (settled) return;
      settled = true;
      timeout.cancel();
      this.parallelism.leave();
      message.flowSlot?.leave();
      this.#settle(message, outcome);
    };
    const timeoutMs = Math.min(message.spec.timeoutMs ?? Infinity, plan.responseMs);
    const abort = new AbortController();
    const timeout = clock.schedule(clock.now() + timeoutMs, () => {
      settle(noAnswer(`timed out: no response within ${timeoutMs} ms`));
      // On a virtual clock the handler may be waiting for its own moment: it runs on, unheard,
      // and this task with it, so that the clock keeps count of who is at work.
      if (!clock.isVirtual) abort.abort();
    });

    const lost = faults.take("lost", target) !== undefined;
    const twice = faults.take("duplicate", target) !== undefined;
    const call = this.#call(message, abort);
    if (faults.take("overlapping", target)) await this.#callAlongside(message);
    const outcome = await call;
    if (this.#closed) return;
    settle(lost ? noAnswer("connection closed before the response was complete") : outcome);
    if (twice) clock.schedule(clock.now(), () => this.#callAgain(message));
  }

  async #call(message: Message, abort = new AbortController()): Promise<Outcome> {
    this.#calls.add(abort);
    try {
      // A copy: the call reads the attempt's number after the message may have moved on.
      return await this.parts.deliverer.call({ ...message }, abort.signal);
    } finally {
      this.#calls.delete(abort);
    }
  }

  /** A call that QStash does not know of: it counts for nothing, whatever the answer. */
  async #callAgain(message: Message): Promise<void> {
    this.parts.meter.countExtraCall();
    await this.#call(message);
  }

  /** Starts a second call as a task of its own, while the one that this is called from goes on. */
  async #callAlongside(message: Message): Promise<void> {
    const { clock } = this.parts;
    const snapshot = { ...message };
    clock.schedule(clock.now(), () => this.#callAgain(snapshot));
    // Lets the clock come to that task although this one has not ended.
    await clock.sleep(0);
  }

  #settle(message: Message, outcome: Outcome): void {
    const { clock, logs, deadLetters } = this.parts;
    const { spec } = message;
    const { response } = outcome;
    message.response = response;
    message.error = outcome.ok ? undefined : outcome.error;
    if (outcome.ok) {
      this.#report(spec.callback, message, response);
      return this.#end(message, "DELIVERED", response);
    }
    const { error } = outcome;
    const last = message.retried >= spec.maxRetries ||
      isNonRetryable(response.status, outcome.headers);
    this.#report(spec.callback, message, response);
    if (last) {
      logs.add(message, "ERROR", { error, response });
      if (message.cancelRequested) return this.#end(message, "CANCELED");
      const letter = deadLetters.add(message, response);
      this.#report(spec.failureCallback, message, response, letter);
      return this.#end(message, "FAILED", response);
    }
    message.dueAt = clock.now() + this.#retryDelayMs(message, outcome.headers);
    const nextDeliveryAt = message.dueAt;
    logs.add(message, "ERROR", { error, response, nextDeliveryAt });
    logs.add(message, "RETRY", { nextDeliveryAt });
    if (!message.cancelRequested) message.state = "RETRY";
    message.retried++;
    this.submit(message);
  }

  #retryDelayMs(message: Message, headers: Headers): number {
    const { retried, spec } = message;
    const asked = parseRetryAfter(headers, this.parts.clock.now());
    if (asked !== undefined) return asked;
    try {
      if (spec.retryDelay) return spec.retryDelay.delayMs(retried);
    } catch {
      // An expression may have no value for this retry; the default has one for each.
    }
    return Math.min(DAY_MS, Math.round(Math.exp(2.5 * (retried + 1)) * 1000));
  }

  #report(
    callback: CallbackSpec | undefined,
    source: Message,
    response: DeliveryResponse,
    letter?: DeadLetter,
  ): void {
    if (!callback) return;
    const message = this.create(
      callbackSpec(callback, source, response, letter),
      { url: callback.url },
      { kind: letter ? "failureCallback" : "callback", sourceMessageId: source.id },
    );
    source.turn?.join();
    message.turn = source.turn;
    this.submit(message);
  }

  #end(message: Message, state: MessageState, response?: DeliveryResponse): void {
    const { store, logs } = this.parts;
    message.state = state;
    logs.add(message, state, { response });
    store.end(message);
    message.flowSlot?.leave();
    message.turn?.leave();
    message.turn = undefined;
  }
}

function targetOf({ id, endpoint, spec }: Message): FaultTarget {
  return { url: endpoint.url, labels: spec.labels, messageId: id };
}

function isNonRetryable(status: number, headers: Headers): boolean {
  return status === NON_RETRYABLE_STATUS &&
    headers.get("upstash-nonretryable-error")?.toLowerCase() === "true";
}
