/**
 * Addresses of callers, masked so that one stands for many.
 *
 * @module
 */

/** The address without its last octet (IPv4) or last 80 bits (IPv6); undefined for what is none. */
export function maskAddress(text: string): string | undefined {
  const address = text.trim().replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  if (mapped.includes(".") && !mapped.includes(":")) return maskFour(mapped);
  return maskSix(mapped);
}

function maskFour(address: string): string | undefined {
  const octets = address.split(".");
  const isValid = octets.length === 4 &&
    octets.every((o) => /^\d{1,3}$/.test(o) && Number(o) < 256);
  return isValid ? `${octets.slice(0, 3).map(Number).join(".")}.0` : undefined;
}

function maskSix(address: string): string | undefined {
  // URL knows every way to write one, and writes it in one way.
  if (!URL.canParse(`http://[${address}]`)) return undefined;
  const [head, tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  while (groups.length + after.length < 8) groups.push("0");
  return `${[...groups, ...after].slice(0, 3).join(":")}::`;
}
