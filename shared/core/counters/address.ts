/**
 * Addresses of callers, masked so that one stands for many.
 *
 * @module
 */

const PORT = /^(\[[^\]]*\]|\d+\.\d+\.\d+\.\d+):\d+$/;

/**
 * The address without its last octet (IPv4) or last 80 bits (IPv6), in one spelling; undefined for
 * what is none. Brackets, a port and a zone are left out.
 */
export function maskAddress(text: string): string | undefined {
  const parsed = parse(text);
  if (!parsed) return undefined;
  return "octets" in parsed
    ? `${parsed.octets.slice(0, 3).join(".")}.0`
    : `${parsed.groups.slice(0, 3).join(":")}::`;
}

/**
 * The address in one spelling, of IPv6 its first 64 bits, which are what one customer has; undefined
 * for what is none.
 */
export function networkOf(text: string): string | undefined {
  const parsed = parse(text);
  if (!parsed) return undefined;
  return "octets" in parsed ? parsed.octets.join(".") : `${parsed.groups.slice(0, 4).join(":")}::`;
}

type Parsed = { octets: number[] } | { groups: string[] };

function parse(text: string): Parsed | undefined {
  const address = text.trim().replace(PORT, "$1").replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  return address.includes(":") ? parseSix(address) : parseFour(address);
}

function parseFour(address: string): Parsed | undefined {
  const octets = address.split(".");
  const isValid = octets.length === 4 &&
    octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256);
  return isValid ? { octets: octets.map(Number) } : undefined;
}

function parseSix(address: string): Parsed | undefined {
  // URL knows every way to write one, and writes it in one way.
  if (!/^[0-9a-f:.]+$/i.test(address) || !URL.canParse(`http://[${address}]`)) return undefined;
  const [head, tail = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  const groups = [...before, ...zeros, ...after];
  return fourWithin(groups) ?? { groups };
}

/** Servers that listen on both name an IPv4 caller `::ffff:203.0.113.7`: it is IPv4's. */
function fourWithin(groups: readonly string[]): Parsed | undefined {
  if (groups.slice(0, 6).join(":") !== "0:0:0:0:0:ffff") return undefined;
  const [high, low] = groups.slice(6).map((group) => parseInt(group, 16));
  return { octets: [high >> 8, high & 255, low >> 8, low & 255] };
}
