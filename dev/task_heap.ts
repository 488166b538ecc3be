/**
 * Tasks by their moment, then by the order in which they came: a binary heap.
 *
 * Adding and taking cost O(log n). A cancelled task stays until it comes up, or until half
 * of the heap is made of such: so that cancelling costs next to nothing.
 *
 * @module
 */

/** A task that waits for `at` (epoch ms). */
export interface HeapTask {
  readonly at: number;
  /** Later ones have higher numbers. */
  readonly sequence: number;
  readonly run: () => void | Promise<void>;
  /** False once it was taken or cancelled. */
  waiting: boolean;
}

export class TaskHeap {
  #tasks: HeapTask[] = [];
  #cancelled = 0;

  add(task: HeapTask): void {
    this.#tasks.push(task);
    this.#rise(this.#tasks.length - 1);
  }

  /** The earliest task. */
  first(): HeapTask | undefined {
    while (this.#tasks.length > 0 && !this.#tasks[0].waiting) {
      this.#removeFirst();
      this.#cancelled--;
    }
    return this.#tasks[0];
  }

  /** Removes the earliest task and returns it. */
  take(): HeapTask | undefined {
    const task = this.first();
    if (!task) return undefined;
    this.#removeFirst();
    task.waiting = false;
    return task;
  }

  cancel(task: HeapTask): void {
    if (!task.waiting) return;
    task.waiting = false;
    this.#cancelled++;
    if (this.#cancelled * 2 <= this.#tasks.length) return;
    // A sorted array is a heap.
    this.#tasks = this.#tasks.filter(({ waiting }) => waiting).sort(compare);
    this.#cancelled = 0;
  }

  #removeFirst(): void {
    const last = this.#tasks.pop()!;
    if (this.#tasks.length === 0) return;
    this.#tasks[0] = last;
    this.#sink(0);
  }

  #rise(index: number): void {
    const tasks = this.#tasks;
    const task = tasks[index];
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (compare(tasks[parent], task) < 0) break;
      tasks[index] = tasks[parent];
      index = parent;
    }
    tasks[index] = task;
  }

  #sink(index: number): void {
    const tasks = this.#tasks;
    const task = tasks[index];
    for (;;) {
      let child = 2 * index + 1;
      if (child >= tasks.length) break;
      if (child + 1 < tasks.length && compare(tasks[child + 1], tasks[child]) < 0) child++;
      if (compare(task, tasks[child]) < 0) break;
      tasks[index] = tasks[child];
      index = child;
    }
    tasks[index] = task;
  }
}

function compare(one: HeapTask, other: HeapTask): number {
  return one.at - other.at || one.sequence - other.sequence;
}
