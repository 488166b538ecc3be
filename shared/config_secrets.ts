/**
 * Secrets that somebody could guess, or that no sender could have signed with.
 *
 * What is hopeless is refused; what is only short, and was taken until now, is warned of.
 *
 * @module
 */
import type { SettingNotes } from "./config_fault.ts";

/** Fewer characters than this can be tried one after another in an afternoon. */
const LEAST = 8;
const ENOUGH = 16;
const LEAST_DIFFERENT = 4;

export const COMMAND_FOR_TOKENS = "make one with `openssl rand -hex 24`";
const COMMAND_FOR_WHSEC = 'make one with `echo "whsec_$(openssl rand -base64 24)"`';

/** Senders that sign as Standard Webhooks says, whose secrets are base64. */
const standardSenders: ReadonlySet<string> = new Set(["standard", "resend", "payload"]);
const WEBHOOK_SECRET = /^WEBHOOK_SECRET_([A-Z0-9_]+)$/;
const PREFIX = "whsec_";

/** What a note is made of. */
export interface Weighing {
  setting: string;
  notes: SettingNotes;
  /** Default: how to make a token. */
  command?: string;
}

/** Notes what is wrong with a secret; of bytes, each counts as a character. */
export function noteWeakness(
  secret: string,
  { setting, notes, command = COMMAND_FOR_TOKENS }: Weighing,
): void {
  const message = weaknessOf(secret);
  if (message !== undefined) notes.faults.push({ setting, message: `${message}; ${command}` });
  else if (secret.length < ENOUGH) {
    notes.warnings.push({
      setting,
      message: `has less than ${ENOUGH} characters, which 0.3 refuses; ${command}`,
    });
  }
}

/** Reads every `WEBHOOK_SECRET_<SENDER>`: the sender's name in lower case to its secret. */
export function readWebhookSecrets(
  given: Readonly<Record<string, string | undefined>>,
  notes: SettingNotes,
): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const [setting, value] of Object.entries(given)) {
    const sender = WEBHOOK_SECRET.exec(setting)?.[1].toLowerCase();
    if (sender === undefined || value === undefined) continue;
    secrets[sender] = value;
    const isStandard = standardSenders.has(sender) || value.startsWith(PREFIX);
    if (isStandard) noteStandard(value, { setting, notes });
    else noteWeakness(value, { setting, notes });
  }
  return secrets;
}

/** Notes a key of QStash's that is too short to be one. */
export function noteSigningKey(key: string, { setting, notes }: Weighing): void {
  const message = weaknessOf(key);
  if (message === undefined) return;
  notes.faults.push({ setting, message: `${message}: copy it from QStash's console` });
}

function noteStandard(value: string, { setting, notes }: Weighing): void {
  const bytes = bytesOfBase64(value.startsWith(PREFIX) ? value.slice(PREFIX.length) : value);
  if (bytes === undefined) {
    notes.faults.push({
      setting,
      message: `must be base64, after \`${PREFIX}\` or alone: no signature could be checked by it` +
        `; ${COMMAND_FOR_WHSEC}, or copy the sender's`,
    });
    return;
  }
  noteWeakness(bytes, { setting, notes, command: COMMAND_FOR_WHSEC });
}

/** Whether it is one character over and over, or nearly. */
export function isMonotonous(secret: string): boolean {
  return new Set(secret).size < LEAST_DIFFERENT;
}

function weaknessOf(secret: string): string | undefined {
  if (secret.length < LEAST) return `must be at least ${ENOUGH} characters`;
  return isMonotonous(secret) ? "must not repeat so few characters" : undefined;
}

/** As the check of a signature decodes it. */
function bytesOfBase64(text: string): string | undefined {
  try {
    return atob(text);
  } catch {
    // Said by the caller, as a fault.
    return undefined;
  }
}
