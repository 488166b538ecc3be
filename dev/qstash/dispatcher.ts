/**
 * The way of a message: its moment, its queue, flow control, the plan's parallelism, the
 * call, and then its end or the next attempt.
 *
 * Every step is a task of the clock or follows from one, so that on a virtual clock the
 * order is fixed and nothing is delivered until time moves.
 *
 * @module
 */
import { Attempts } from "./attempts.ts";
import { callbackSpec } from "./callbacks.ts";
import type { ClockScope } from "./clock_scope.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { Deliverer, Outcome } from "./deliver.ts";
import { type QstashFaults, targetOf } from "./faults.ts";
import type { FlowControls } from "./flow_control.ts";
import type { Logs } from "./logs.ts";
import type { QstashMeter } from "./meter.ts";
import type { CallbackSpec, DeadLetter, DeliveryResponse, Endpoint } from "./model.ts";
import type { Message, MessageSpec, MessageState, QueueTurn } from "./model.ts";
import { Parallelism } from "./parallelism.ts";
import type { DailyQuota, Plan } from "./plans.ts";
import type { Queues } from "./queues.ts";
import { Release } from "./release.ts";
import { isNonRetryable, retryDelayMs } from "./retries.ts";
import type { MessageStore } from "./store.ts";

/** Why and for whom a message is made. */
export interface Origin {
  kind?: Message["kind"];
  queueName?: string;
  scheduleId?: string;
  sourceMessageId?: string;
  /** The place in a queue that a callback shares with its message. */
  turn?: QueueTurn;
}

export interface DispatcherParts {
  newMessageId: () => string;
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

export class Dispatcher {
  readonly parallelism: Parallelism;
  readonly #attempts: Attempts;
  readonly #release: Release;

  constructor(readonly parts: DispatcherParts) {
    const { clock, faults } = parts;
    this.#attempts = new Attempts(parts);
    this.#release = new Release(clock, faults, (message) => this.#start(message));
    this.parallelism = new Parallelism(parts.plan.globalParallelism);
  }

  /**
   * Makes a message and sends it on its way. One that is due has its place under flow control,
   * or on the waiting list, when this returns.
   */
  send(spec: MessageSpec, endpoint: Endpoint, origin: Origin = {}): Message {
    const { clock, store, logs, flowControls, meter, quota } = this.parts;
    const { kind = "message", turn, ...names } = origin;
    const createdAt = clock.now();
    const notBeforeAt = spec.notBeforeAt ?? createdAt + spec.delayMs;
    const message: Message = {
      id: this.parts.newMessageId(),
      kind,
      spec,
      endpoint,
      createdAt,
      notBeforeAt,
      ...names,
      turn,
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
    turn?.join();
    this.#await(message);
    return message;
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
    this.#attempts.close();
  }

  #await(message: Message): void {
    if (message.dueAt <= this.parts.clock.now()) return this.#enterQueue(message);
    message.timer = this.parts.clock.schedule(message.dueAt, () => {
      message.timer = undefined;
      this.#enterQueue(message);
    });
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
    if (!flowControl) return this.#release.add(message);
    this.parts.flowControls.enter(message, flowControl, () => this.#release.add(message));
  }

  #start(message: Message): void | Promise<void> {
    if (this.parallelism.enter(() => this.#startLater(message))) return this.#attempt(message);
  }

  #startLater(message: Message): void {
    const { clock } = this.parts;
    clock.schedule(clock.now(), () => this.#attempt(message));
  }

  #attempt(message: Message): void | Promise<void> {
    const { plan, logs, meter, quota, faults } = this.parts;
    if (message.cancelRequested) {
      this.parallelism.leave();
      return this.#end(message, "CANCELED");
    }
    message.state = "ACTIVE";
    message.attempts++;
    logs.add(message, "ACTIVE");
    if (faults.take("dropped", targetOf(message))) {
      this.parallelism.leave();
      return this.#end(message, "DELIVERED");
    }
    meter.countAttempt(message);
    // The first attempt was counted when the message was accepted.
    if (message.kind !== "message" || message.retried > 0) quota.use(1);
    const timeoutMs = Math.min(message.spec.timeoutMs ?? Infinity, plan.responseMs);
    return this.#attempts.run(message, timeoutMs, (outcome) => {
      this.parallelism.leave();
      message.flowSlot?.leave();
      this.#settle(message, outcome);
    });
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
    message.dueAt = clock.now() + retryDelayMs(message, outcome.headers, clock.now());
    const nextDeliveryAt = message.dueAt;
    logs.add(message, "ERROR", { error, response, nextDeliveryAt });
    logs.add(message, "RETRY", { nextDeliveryAt });
    if (!message.cancelRequested) message.state = "RETRY";
    message.retried++;
    this.#await(message);
  }

  #report(
    callback: CallbackSpec | undefined,
    source: Message,
    response: DeliveryResponse,
    letter?: DeadLetter,
  ): void {
    if (!callback) return;
    this.send(callbackSpec(callback, source, response, letter), { url: callback.url }, {
      kind: letter ? "failureCallback" : "callback",
      sourceMessageId: source.id,
      turn: source.turn,
    });
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
