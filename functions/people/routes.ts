/**
 * What is kept of a person: shown, and erased.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { type AskedPerson, isAbout } from "../../shared/mod.ts";
import type { AppEnv } from "../context.ts";
import { bodyText, parseShape, readBytes } from "../middleware/body.ts";
import { parseJson } from "../middleware/json.ts";
import { jobLocation } from "../middleware/location.ts";
import { EraseRequest, PersonQuery } from "./contracts.ts";
import { aliasesOf } from "./jobs.ts";

const ERASE_BYTES = 10_000;

export const peopleRoutes = new Hono<AppEnv>()
  .get("/api/people/:user", async (c) => {
    const person = personOf(c);
    const { clock, database, jobs, keys, log, people, redis } = c.var.deps;
    const parts = { clock, keys, log, redis, ...(database && { sql: database }) };
    const data: Record<string, Readonly<Record<string, unknown>>> = {};
    const remains: Record<string, { what: string; because: string }[]> = {};
    for (const [feature, contribution] of Object.entries(people)) {
      const rows = await contribution.export(parts, person);
      if (Object.keys(rows).length > 0) data[feature] = rows;
      const left = contribution.remains?.(clock.now()) ?? [];
      if (left.length > 0) remains[feature] = left.map(({ what, because }) => ({ what, because }));
    }
    const aliases = new Set(await aliasesOf(people, parts, person));
    const letters = await jobs.lettersAbout((_job, input) => isAbout(input, person, aliases));
    data.jobs = { letters: letters.map(jobs.showLetter) };
    const exportedAt = new Date(clock.now()).toISOString();
    return c.json({ ...person, exportedAt, data, remains }, 200, { "Cache-Control": "no-store" });
  })
  .delete("/api/people/:user", async (c) => {
    const bytes = await readBytes(c, { maxBytes: ERASE_BYTES });
    const body = bytes.length === 0 ? {} : parseJson(bodyText(c, bytes));
    const { addresses = [] } = parseShape(EraseRequest, body);
    const { user, addresses: asked } = personOf(c);
    const person = { user, addresses: [...new Set([...asked, ...addresses])] };
    const { id } = await c.var.deps.jobs.enqueue("people.erase", person);
    return c.json({ id, job: "people.erase", state: "queued" }, 202, {
      Location: jobLocation(c, id),
    });
  });

/** Who is asked for: a user in the path, addresses in the query. @throws {BodyInvalidError} */
function personOf(c: Context<AppEnv>): AskedPerson {
  const given = {
    user: c.req.param("user"),
    address: [...c.req.queries("address") ?? [], ...c.req.queries("email") ?? []],
  };
  const { user, address } = parseShape(PersonQuery, given, "address");
  return { user, addresses: [...new Set(address)] };
}
