/**
 * `github.push`: sums up a push: who, how many commits, which files.
 *
 * Sent by `/hooks/github`; the input is GitHub's own payload, of which it reads what it needs.
 *
 * @module
 */
import * as z from "zod";
import { defineJob, startOf } from "../../shared/mod.ts";

const KINDS = ["added", "modified", "removed"] as const;
const MOST_SUBJECT = 500;

/** Others that send GitHub's payload write null for an empty list, or for whom they do not know. */
const files = z.array(z.string()).nullish();
const name = z.string().nullish();

const Commit = z.object({
  id: z.string(),
  message: z.string(),
  author: z.object({ name, username: name }).nullish(),
  added: files,
  modified: files,
  removed: files,
});

const Files = z.object({ added: z.int(), modified: z.int(), removed: z.int() });

const Push = z.object({
  ref: z.string(),
  after: z.string(),
  deleted: z.boolean().nullish(),
  forced: z.boolean().nullish(),
  repository: z.object({ full_name: z.string() }),
  pusher: z.object({ name: z.string() }),
  commits: z.array(Commit.nullable()).nullish(),
  files: Files.optional().describe("How many there are; without it the commits' own are counted."),
});
type Push = z.output<typeof Push>;

/** What the job reads: of a payload of 25 MB, mostly names of files, a message has no room. */
function summedUp(push: Push): Push {
  const commits = push.commits?.filter((commit) => commit !== null) ?? [];
  return {
    ...push,
    files: push.files ?? countFiles(push),
    commits: commits.map(({ id, message, author }, index) => ({
      id,
      // Only the newest one's is shown.
      message: index === commits.length - 1 ? subjectOf(message) : "",
      author: author && { name: author.username ?? author.name },
    })),
  };
}

function countFiles({ commits }: Push): z.output<typeof Files> {
  const touched = { added: new Set(), modified: new Set(), removed: new Set() };
  for (const commit of commits ?? []) {
    for (const kind of KINDS) for (const file of commit?.[kind] ?? []) touched[kind].add(file);
  }
  const { added, modified, removed } = touched;
  return { added: added.size, modified: modified.size, removed: removed.size };
}

function subjectOf(message: string): string {
  return startOf(message.split("\n", 1)[0], MOST_SUBJECT);
}

export const githubPush = defineJob({
  name: "github.push",
  description: "Sums up a push to a GitHub repository.",
  input: Push.overwrite(summedUp),
  output: z.object({
    repository: z.string(),
    branch: z.string(),
    pusher: z.string(),
    head: z.string(),
    commits: z.int(),
    authors: z.array(z.string()),
    files: Files,
    /** The first line of the newest commit's message. */
    subject: z.string().optional(),
    deleted: z.boolean(),
    forced: z.boolean(),
  }),
  run({ ref, after, deleted, forced, repository, pusher, commits, files }) {
    const authors = commits?.flatMap((commit) => commit?.author?.name ?? []);
    const newest = commits?.at(-1);
    return {
      repository: repository.full_name,
      branch: ref.replace(/^refs\/(heads|tags)\//, ""),
      pusher: pusher.name,
      head: after,
      commits: commits?.length ?? 0,
      authors: [...new Set(authors)],
      files: files!,
      ...(newest && { subject: newest.message }),
      deleted: deleted ?? false,
      forced: forced ?? false,
    };
  },
});
