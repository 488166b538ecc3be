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
    output: z.object({ told: z.array(z.string()) }),
    backoff: { first: 2_000, factor: 3 },
    tracked: false,
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
