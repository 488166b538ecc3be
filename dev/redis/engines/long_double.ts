/**
 * Sums the way Redis makes them: numbers of 64 significant bits, written with up to 17 decimals.
 *
 * That is x86's `long double`, which JavaScript lacks; by BigInt it is exact, and slow enough to
 * be worth it for INCRBYFLOAT and HINCRBYFLOAT alone.
 *
 * @module
 */

/** `mantissa` times 2 to the power of `exponent`. */
export interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const BITS = 64;
/** The power of the last bit of the smallest number, and the first power that is too large. */
const LEAST_EXPONENT = -16_445;
const INFINITE_FROM = 16_384;
const DECIMALS = 17;
/** Beyond, every number is too large or too small, and would only be slow to find so. */
const MAX_DECIMAL_EXPONENT = 20_000;

/** The number that `text` stands for; nothing for what is none, or is out of range. */
export function parseLongDouble(text: string): LongDouble | undefined {
  if (/^[+-]?0x/i.test(text)) return parseHexadecimal(text);
  const parts = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
  if (!parts || !/^[+-]?\.?\d/.test(text)) return undefined;
  const [, sign, whole, fraction, power = "0"] = parts;
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return { mantissa: 0n, exponent: 0 };
  const exponent = Number(power) - fraction.length;
  if (Math.abs(exponent) > MAX_DECIMAL_EXPONENT + digits.toString().length) return undefined;
  const scale = 10n ** BigInt(Math.abs(exponent));
  const value = exponent >= 0 ? rounded(digits * scale, 0) : quotient(digits, scale);
  if (value.mantissa === 0n || isInfinite(value)) return undefined;
  return sign === "-" ? { ...value, mantissa: -value.mantissa } : value;
}

/** As in `0x1.8p3`, which is 12. */
function parseHexadecimal(text: string): LongDouble | undefined {
  const parts = /^([+-]?)0x([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d{1,9}))?$/i.exec(text);
  if (!parts || parts[2] + parts[3] === "") return undefined;
  const [, sign, whole, fraction, power = "0"] = parts;
  const digits = BigInt(`0x${whole}${fraction}`);
  if (digits === 0n) return { mantissa: 0n, exponent: 0 };
  const exponent = Number(power) - 4 * fraction.length;
  if (exponent < 4 * LEAST_EXPONENT) return undefined;
  const value = rounded(digits, exponent);
  if (value.mantissa === 0n || isInfinite(value)) return undefined;
  return sign === "-" ? { ...value, mantissa: -value.mantissa } : value;
}

/** The sum of both, as the nearest number; nothing where it is too large. */
export function addLongDoubles(one: LongDouble, other: LongDouble): LongDouble | undefined {
  const exponent = Math.min(one.exponent, other.exponent);
  const at = (each: LongDouble) => each.mantissa << BigInt(each.exponent - exponent);
  const sum = at(one) + at(other);
  const value = rounded(sum < 0n ? -sum : sum, exponent);
  if (isInfinite(value)) return undefined;
  return sum < 0n ? { ...value, mantissa: -value.mantissa } : value;
}

/** As `%.17Lf` writes it, without the zeros at its end. */
export function formatLongDouble({ mantissa, exponent }: LongDouble): string {
  const size = (mantissa < 0n ? -mantissa : mantissa) * 10n ** BigInt(DECIMALS);
  const scaled = exponent >= 0 ? size << BigInt(exponent) : shiftedRight(size, -exponent);
  const digits = scaled.toString().padStart(DECIMALS + 1, "0");
  const text = `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`.replace(/\.?0+$/, "");
  return mantissa < 0n && text !== "0" ? `-${text}` : text;
}

/** `size` times 2 to the power of `exponent`, in as many bits as a number has. */
function rounded(size: bigint, exponent: number): LongDouble {
  if (size === 0n) return { mantissa: 0n, exponent: 0 };
  const tooMany = Math.max(bitsOf(size) - BITS, LEAST_EXPONENT - exponent, 0);
  return { mantissa: shiftedRight(size, tooMany), exponent: exponent + tooMany };
}

/** With enough bits for the rounding, the last of which stands for all that follows. */
function quotient(size: bigint, divisor: bigint): LongDouble {
  const shift = Math.max(0, BITS + 2 + bitsOf(divisor) - bitsOf(size));
  const shifted = size << BigInt(shift);
  const rest = shifted % divisor === 0n ? 0n : 1n;
  return rounded((shifted / divisor) << 1n | rest, -shift - 1);
}

/** Half goes to the even neighbour. */
function shiftedRight(size: bigint, by: number): bigint {
  if (by === 0) return size;
  const kept = size >> BigInt(by);
  const rest = size - (kept << BigInt(by));
  const half = 1n << BigInt(by - 1);
  return rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
}

function bitsOf(size: bigint): number {
  const hex = size.toString(16);
  return 4 * (hex.length - 1) + 32 - Math.clz32(parseInt(hex[0], 16));
}

function isInfinite({ mantissa, exponent }: LongDouble): boolean {
  return mantissa !== 0n && bitsOf(mantissa) + exponent > INFINITE_FROM;
}
