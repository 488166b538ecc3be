/**
 * The mails that were accepted, in memory.
 *
 * @module
 */
import type { AcceptedMail } from "./mail.ts";

/** Beyond these the oldest are dropped. */
const MOST_MAILS = 50_000;

export class MailStore {
  readonly #mails = new Map<string, AcceptedMail>();
  readonly #read = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #accepted = 0;

  /** How many were accepted, deleted ones included. */
  get accepted(): number {
    return this.#accepted;
  }

  get size(): number {
    return this.#mails.size;
  }

  add(mail: AcceptedMail): void {
    this.#mails.set(mail.id, mail);
    this.#accepted++;
    if (this.#mails.size > MOST_MAILS) this.#drop(this.#mails.keys().next().value!);
    this.#tell();
  }

  get(id: string): AcceptedMail | undefined {
    return this.#mails.get(id);
  }

  /** The oldest first. */
  list(): AcceptedMail[] {
    return [...this.#mails.values()];
  }

  isRead(id: string): boolean {
    return this.#read.has(id);
  }

  /** How many nobody has looked at on the page. */
  get unread(): number {
    return this.#mails.size - this.#read.size;
  }

  markRead(id: string): void {
    if (!this.#mails.has(id) || this.#read.has(id)) return;
    this.#read.add(id);
    this.#tell();
  }

  clear(): void {
    this.#mails.clear();
    this.#read.clear();
    this.#tell();
  }

  /** Calls `listener` after every change. Returns the undo. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Says that something about a mail has changed that is not kept here. */
  touch(): void {
    this.#tell();
  }

  #drop(id: string): void {
    this.#mails.delete(id);
    this.#read.delete(id);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
