/**
 * Whose limits the local vendors keep: `DEV_PLAN`.
 *
 * @module
 */

/** The vendors' free plans, or those that are paid by use. */
export type DevPlan = "free" | "payg";

/** How a plan is shown. */
export const planTitles: Readonly<Record<DevPlan, string>> = {
  free: "free plan",
  payg: "pay as you go",
};

/** @throws {TypeError} for a plan that there is not */
export function readPlan(
  { DEV_PLAN: text }: Readonly<Record<string, string | undefined>>,
): DevPlan | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const plan = text.trim().toLowerCase();
  if (plan === "free" || plan === "payg") return plan;
  throw new TypeError(`DEV_PLAN must be free or payg, got ${JSON.stringify(text)}`);
}
