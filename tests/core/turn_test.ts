import assert from "node:assert/strict";
import { Turn } from "../../shared/mod.ts";

/** Work that ends when the test says so. */
function newWork() {
  let end: (error?: Error) => void = () => {};
  const work = {
    runs: 0,
    end: (error?: Error) => end(error),
    run: () => {
      work.runs++;
      return new Promise<void>((resolve, reject) => {
        end = (error) => error ? reject(error) : resolve();
      });
    },
  };
  return work;
}

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
const impatient = () => Promise.resolve();

Deno.test("one does the work, and who comes meanwhile waits for its end", async () => {
  const turn = new Turn(soon);
  const work = newWork();
  const all = [1, 2, 3].map(() => turn.take(work.run));
  work.end();
  await Promise.all(all);
  assert.equal(work.runs, 1);
});

Deno.test("who waits throws what the one threw", async () => {
  const turn = new Turn(soon);
  const work = newWork();
  const all = [1, 2, 3].map(() => turn.take(work.run));
  work.end(new Error("told to fail"));
  for (const one of await Promise.allSettled(all)) {
    assert.equal(one.status === "rejected" && one.reason.message, "told to fail");
  }
  assert.equal(work.runs, 1);
});

Deno.test("who comes afterwards does it anew", async () => {
  const turn = new Turn(soon);
  let runs = 0;
  const work = () => {
    runs++;
    return runs === 1 ? Promise.reject(new Error("told to fail")) : Promise.resolve();
  };
  await assert.rejects(turn.take(work));
  await turn.take(work);
  await turn.take(work);
  assert.equal(runs, 3);
});

Deno.test("one that was stopped is waited for no longer than 600 looks, then the others do it", async () => {
  let looks = 0;
  const turn = new Turn(() => {
    looks++;
    return impatient();
  });
  void turn.take(newWork().run);
  let runs = 0;
  const work = () => Promise.resolve(void runs++);
  await turn.take(work);
  assert.deepEqual({ runs, looks }, { runs: 1, looks: 600 });
  await turn.take(work);
  assert.equal(looks, 600, "and nobody waits for it any more");
});

Deno.test("one that was given up on has no say when it ends after all", async () => {
  const turn = new Turn(impatient);
  const lost = newWork();
  const first = turn.take(lost.run);
  await turn.take(() => Promise.resolve());
  const next = newWork();
  const leader = turn.take(next.run);
  lost.end(new Error("too late"));
  await assert.rejects(first);
  let waited = false;
  const follower = turn.take(() => Promise.resolve(void (waited = true)));
  next.end();
  await Promise.all([leader, follower]);
  assert.equal(waited, false, "it waited for the one whose turn it is");
});
