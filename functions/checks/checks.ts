/**
 * Every check of settings that change under waiting work.
 *
 * @module
 */
import type { Change, Loss, SettingCheck } from "./loss.ts";
import { checkPublicUrl, checkQueue, checkSigningKeys } from "./queue_checks.ts";
import {
  checkIdentitySecret,
  checkMail,
  checkSecretKeys,
  checkUserTokens,
} from "./secret_checks.ts";
import { checkDatabase, checkNamespace, checkUniques } from "./store_checks.ts";

/** A new one is a function, and a line here. */
export const settingChecks: readonly SettingCheck[] = [
  checkPublicUrl,
  checkNamespace,
  checkDatabase,
  checkQueue,
  checkSigningKeys,
  checkIdentitySecret,
  checkSecretKeys,
  checkUserTokens,
  checkUniques,
  checkMail,
];

/**
 * What the app as it runs would lose if it had these settings. Reads QStash's schedules and letters,
 * and, for another namespace or Redis, 8 commands; changes nothing.
 */
export async function lossesOf(change: Change): Promise<Loss[]> {
  const found = [];
  for (const check of settingChecks) found.push(...await check(change));
  return found;
}
