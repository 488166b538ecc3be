/**
 * How often one caller may do what anybody may: `OPEN_LIMITS`.
 *
 * @module
 */
import { itemsOf, type SettingNotes } from "./config_fault.ts";

/** The limits that the setting may change. */
export const openLimitNames = [
  "events",
  "reads",
  "failed-tokens",
  "searches",
  "history",
  "profile-read",
  "streams",
] as const;

const MOST = 1_000_000;

/** Reads `name=number` or `name=off`, a comma list. */
export function readOpenLimits(
  text: string | undefined,
  { faults }: SettingNotes,
): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const item of itemsOf(text)) {
    const [, name, value] = /^([a-z-]+)=(off|[1-9]\d{0,6})$/.exec(item) ?? [];
    const limit = value === "off" ? MOST : Number(value);
    if (!(openLimitNames as readonly string[]).includes(name) || !(limit >= 2 && limit <= MOST)) {
      faults.push({
        setting: "OPEN_LIMITS",
        message: "must be a comma list of `name=number`, 2 to 1,000,000 a minute, or `name=off`; " +
          `names are ${openLimitNames.join(", ")}`,
      });
      break;
    }
    limits[name] = limit;
  }
  return limits;
}
