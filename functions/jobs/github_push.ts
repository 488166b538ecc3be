/**
 * `github.push`: sums up a push: who, how many commits, which files.
 *
 * Sent by `/hooks/github`; the input is GitHub's own payload, of which it reads what it needs.
 *
 * @module
 */
import * as z from "zod";
import { defineJob } from "../../shared/mod.ts";

const Commit = z.object({
  id: z.string(),
  message: z.string(),
  author: z.object({ name: z.string(), username: z.string().optional() }),
  added: z.array(z.string()).default([]),
  modified: z.array(z.string()).default([]),
  removed: z.array(z.string()).default([]),
});

export const githubPush = defineJob({
  name: "github.push",
  description: "Sums up a push to a GitHub repository.",
  input: z.object({
    ref: z.string(),
    after: z.string(),
    deleted: z.boolean().default(false),
    forced: z.boolean().default(false),
    repository: z.object({ full_name: z.string() }),
    pusher: z.object({ name: z.string() }),
    commits: z.array(Commit).default([]),
  }),
  output: z.object({
    repository: z.string(),
    branch: z.string(),
    pusher: z.string(),
    head: z.string(),
    commits: z.int(),
    authors: z.array(z.string()),
    files: z.object({ added: z.int(), modified: z.int(), removed: z.int() }),
    /** The first line of the newest commit's message. */
    subject: z.string().optional(),
    deleted: z.boolean(),
    forced: z.boolean(),
  }),
  run({ ref, after, deleted, forced, repository, pusher, commits }) {
    const authors = new Set(commits.map(({ author }) => author.username ?? author.name));
    const touched = { added: new Set(), modified: new Set(), removed: new Set() };
    for (const commit of commits) {
      for (const kind of ["added", "modified", "removed"] as const) {
        for (const file of commit[kind]) touched[kind].add(file);
      }
    }
    return {
      repository: repository.full_name,
      branch: ref.replace(/^refs\/(heads|tags)\//, ""),
      pusher: pusher.name,
      head: after,
      commits: commits.length,
      authors: [...authors],
      files: {
        added: touched.added.size,
        modified: touched.modified.size,
        removed: touched.removed.size,
      },
      subject: commits.at(-1)?.message.split("\n")[0],
      deleted,
      forced,
    };
  },
});
