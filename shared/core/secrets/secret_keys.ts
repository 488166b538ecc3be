/**
 * The keys under which secrets are sealed: AES-GCM, each text bound to where it stands.
 *
 * The newest key seals, the others only open. Equal texts at one place are sealed alike, so that
 * what is published again is the same message; at another place the text does not open. No Redis
 * command; keys are imported once for each isolate.
 *
 * @module
 */
import { NonRetryableError, NotConfiguredError, SecretUnreadableError } from "../../errors.ts";

const IV_BYTES = 12;

interface ImportedKey {
  /** 8 hex digits that name the key and tell nothing of it. */
  id: string;
  seals: CryptoKey;
  signs: CryptoKey;
}

/** One isolate's keys; plain data, so requests may share it. */
export class SecretKeys {
  readonly #texts: readonly string[];
  #imported?: readonly ImportedKey[];

  /** `texts`: the newest first; any text, as `openssl rand -base64 32` makes it. */
  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  get areSet(): boolean {
    return this.#texts.length > 0;
  }

  /** Seals `text` for the place `boundTo`. @throws {NotConfiguredError} without a key */
  async seal(text: string, boundTo: string): Promise<string> {
    const [{ id, seals, signs }] = await this.#keys();
    // Made from all that is sealed: equal for equal texts at one place, as if random for others.
    const iv = (await sign(signs, JSON.stringify([boundTo, text]))).slice(0, IV_BYTES);
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: encode(boundTo) },
      seals,
      encode(text),
    );
    return `${id}.${toBase64(new Uint8Array([...iv, ...new Uint8Array(sealed)]))}`;
  }

  /**
   * Opens what was sealed for `boundTo`; `what` names it in errors.
   *
   * @throws {SecretUnreadableError} if its key is not among ours
   * @throws {NonRetryableError} if it was sealed for another place, or was changed
   */
  async open(sealed: string, boundTo: string, what: string): Promise<string> {
    const [id, base64 = ""] = sealed.split(".");
    const keys = this.areSet ? await this.#keys() : [];
    const key = keys.find((known) => known.id === id);
    if (!key) throw new SecretUnreadableError(what, id.slice(0, 16));
    try {
      const bytes = fromBase64(base64);
      const opened = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: bytes.slice(0, IV_BYTES), additionalData: encode(boundTo) },
        key.seals,
        bytes.slice(IV_BYTES),
      );
      return new TextDecoder().decode(opened);
    } catch (cause) {
      throw new NonRetryableError(
        `Cannot read the secret ${what}: it was sealed for another job or field, or was changed`,
        { cause },
      );
    }
  }

  /**
   * What may stand for `text` in an id: the same for as long as the oldest key is set, and a riddle
   * to who has no key. @throws {NotConfiguredError} without a key
   */
  async digest(text: string): Promise<string> {
    const { signs } = (await this.#keys()).at(-1)!;
    return toBase64((await sign(signs, `digest:${text}`)).slice(0, 20));
  }

  async #keys(): Promise<readonly ImportedKey[]> {
    if (!this.areSet) throw new NotConfiguredError("what carries secrets", ["SECRET_KEYS"]);
    // Kept when it is there, never as a promise: workerd shares none between requests.
    return this.#imported ??= await Promise.all(this.#texts.map(importKey));
  }
}

/** The jobs that carry secrets, where there is no key to seal them under. */
export function jobsWithoutKeys(
  registry: Readonly<Record<string, { name: string; secretsOf?: unknown }>>,
  keys: SecretKeys,
): string[] {
  if (keys.areSet) return [];
  return Object.values(registry).filter((job) => job.secretsOf).map(({ name }) => name);
}

async function importKey(text: string): Promise<ImportedKey> {
  const base = await crypto.subtle.importKey("raw", encode(text), "HKDF", false, ["deriveBits"]);
  const derive = async (info: string, bits: number) =>
    new Uint8Array(
      await crypto.subtle.deriveBits(
        { name: "HKDF", hash: "SHA-256", salt: encode("zeropoll"), info: encode(info) },
        base,
        bits,
      ),
    );
  const [id, seals, signs] = await Promise.all([
    derive("id", 32),
    derive("seal", 256),
    derive("sign", 256),
  ]);
  return {
    id: Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    seals: await crypto.subtle.importKey("raw", seals, "AES-GCM", false, ["encrypt", "decrypt"]),
    signs: await crypto.subtle.importKey("raw", signs, { name: "HMAC", hash: "SHA-256" }, false, [
      "sign",
    ]),
  };
}

async function sign(key: CryptoKey, text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, encode(text)));
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
