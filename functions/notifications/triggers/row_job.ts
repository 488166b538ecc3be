/**
 * `notification.row`: tells of a changed row once more, for a trigger that lacked something.
 *
 * It fails at once while something is lacking, and so becomes a dead letter that names it. Mended and
 * replayed it tells, whom it told before not again. Untracked: no Redis command.
 *
 * @module
 */
import * as z from "zod";
import { type Config, defineJob, NonRetryableError } from "../../../shared/mod.ts";
import { partsInJob } from "../notify_in_job.ts";
import { RowInput } from "./contracts.ts";
import { tellOf } from "./fire.ts";
import { triggers } from "./table.ts";

/** Makes the job. */
export function createRowJob({ config }: { config: Config }) {
  return defineJob({
    name: "notification.row",
    description: "Tells of a changed row that lacked something, once that was mended.",
    input: RowInput,
    internal: true,
    output: z.object({ told: z.array(z.string()) }),
    backoff: { first: 2_000, factor: 3 },
    tracked: false,
    // Without mail nothing is told, and no key is asked for.
    ...(config.mail && { secrets: secretsOfRow }),
    async run({ trigger: name, change }, context) {
      const trigger = triggers.find((trigger) => trigger.name === name);
      if (!trigger) throw new NonRetryableError(`Cannot tell: there is no trigger "${name}"`);
      const parts = { ...partsInJob(context, config, context.id), log: context.log };
      const { told, lacking } = await tellOf(parts, trigger, change);
      if (lacking.length === 0) return { told: told.map(({ id }) => id) };
      throw new NonRetryableError(`Cannot tell of ${name}: the row lacks ${lacking.join(", ")}`);
    },
  });
}

/** Where rows of these triggers have the links and codes that act for their recipient. */
const ACTING = /^(claim|participation)\./;
const SECRETS = [["url"], ["code"], ["event", "url"], ["listing", "url"]];

function secretsOfRow({ trigger, change }: RowInput): string[] {
  if (!ACTING.test(trigger)) return [];
  return (["row", "before"] as const).flatMap((name) =>
    SECRETS.filter((path) => isThere(change[name], path))
      .map((path) => ["change", name, ...path].join("."))
  );
}

function isThere(value: unknown, path: readonly string[]): boolean {
  const found = path.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | null | undefined)?.[name],
    value,
  );
  return found !== undefined && found !== null;
}
