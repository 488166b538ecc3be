import assert from "node:assert/strict";
import { maskAddress } from "../../../shared/core/counters/address.ts";

const masked: [address: string, mask: string | undefined, because: string][] = [
  ["203.0.113.77", "203.0.113.0", "IPv4 loses its last octet"],
  ["203.0.113.1", "203.0.113.0", "so neighbours are one"],
  ["0.0.0.0", "0.0.0.0", "the lowest"],
  ["255.255.255.255", "255.255.255.0", "the highest"],
  [" 203.0.113.77 ", "203.0.113.0", "spaces around it are none of it"],
  ["203.0.113.77:52100", "203.0.113.0", "a port is none of it"],
  ["010.001.002.003", "10.1.2.0", "zeros in front change nothing"],
  ["2001:db8:85a3:8d3:1319:8a2e:370:7348", "2001:db8:85a3::", "IPv6 keeps its first 48 bits"],
  ["2001:0DB8:85A3:FFFF::1", "2001:db8:85a3::", "however it is written"],
  ["[2001:db8:85a3::1]", "2001:db8:85a3::", "in brackets"],
  ["[2001:db8:85a3::1]:443", "2001:db8:85a3::", "in brackets with a port"],
  ["fe80::1%eth0", "fe80:0:0::", "with a zone"],
  ["2001:db8::", "2001:db8:0::", "zeros that are left out are there"],
  ["::1", "0:0:0::", "loopback"],
  ["::", "0:0:0::", "none at all"],
  ["::ffff:203.0.113.77", "203.0.113.0", "IPv4 in IPv6 is IPv4"],
  ["::FFFF:cb00:714d", "203.0.113.0", "and so is its other spelling"],
  ["1:2:3:4:5:6:7::", "1:2:3::", "one group of zeros"],
  ["203.0.113", undefined, "three octets"],
  ["203.0.113.77.1", undefined, "five octets"],
  ["203.0.113.256", undefined, "an octet too large"],
  ["203.0.113.-1", undefined, "a negative octet"],
  ["1:2:3:4:5:6:7", undefined, "seven groups"],
  ["1::2::3", undefined, "two gaps"],
  ["::1]/x[", undefined, "more than an address"],
  ["unknown", undefined, "what proxies say when they do not know"],
  ["", undefined, "nothing"],
  ["0x7f.1", undefined, "what only inet_aton takes"],
  ["203.0.113.77, 10.0.0.1", undefined, "a list"],
];
for (const [address, mask, because] of masked) {
  Deno.test(`maskAddress("${address}") is ${mask}: ${because}`, () => {
    assert.equal(maskAddress(address), mask);
  });
}
