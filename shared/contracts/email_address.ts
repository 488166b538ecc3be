/**
 * E-mail addresses as they exist, and as providers take them: with the domain in ASCII.
 *
 * @module
 */
import * as z from "zod";

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
/** The dot-atoms of RFC 5321. What is outside ASCII before the @ only few servers take. */
const ADDRESS = new RegExp(
  `^(?=.{1,64}@)${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+(?:[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{1,59})$`,
);

/** The address with a domain like `bücher.example` in ASCII; any other text as it is. */
export function asciiAddress(text: string): string {
  const address = text.trim();
  const at = address.lastIndexOf("@");
  const domain = address.slice(at + 1);
  // What would not be the host of a URL alone stays, and is refused.
  // deno-lint-ignore no-control-regex -- all of ASCII
  if (/^[\x00-\x7f]*$/.test(domain) || /[\s\x00-\x2c/:-@[-`{-\x7f]/.test(domain)) return address;
  const url = `http://${domain}/`;
  return URL.canParse(url) ? `${address.slice(0, at + 1)}${new URL(url).hostname}` : address;
}

/** One address; a domain outside ASCII becomes its ASCII form, by which all of its spellings are one. */
export const EmailAddress = z.string().overwrite(asciiAddress).max(254)
  .regex(ADDRESS, "must be an e-mail address, as in ada@example.com")
  .meta({ format: "email" });
