/**
 * The expressions of `Upstash-Retry-Delay`: arithmetic over `retried`, in ms.
 *
 * A small recursive-descent parser; nothing is evaluated as code.
 *
 * @module
 */

/** An expression that cannot be read, or whose value is not a finite number. */
export class RetryDelayError extends Error {
  override readonly name = "RetryDelayError";
  constructor(expression: string, detail: string) {
    super(`invalid retry delay expression "${expression}": ${detail}`);
  }
}

type Node = (retried: number) => number;

/** No delay is longer than a day; this bound is ours, QStash documents none. */
export const MAX_RETRY_DELAY_MS = 86_400_000;

const MAX_LENGTH = 1_000;
const MAX_DEPTH = 50;

const FUNCTIONS: Readonly<Record<string, { arity: number | "any"; apply: typeof Math.min }>> = {
  pow: { arity: 2, apply: (base, exponent) => Math.pow(base, exponent) },
  sqrt: { arity: 1, apply: (value) => Math.sqrt(value) },
  abs: { arity: 1, apply: (value) => Math.abs(value) },
  exp: { arity: 1, apply: (value) => Math.exp(value) },
  floor: { arity: 1, apply: (value) => Math.floor(value) },
  ceil: { arity: 1, apply: (value) => Math.ceil(value) },
  round: { arity: 1, apply: (value) => Math.round(value) },
  min: { arity: "any", apply: Math.min },
  max: { arity: "any", apply: Math.max },
};

/**
 * Reads an expression such as `pow(2, retried) * 1000`. The function it gives takes the number
 * of retries so far (0 before the first) and answers whole ms between 0 and a day.
 *
 * The function throws {@link RetryDelayError} where the value is not a finite number.
 *
 * @throws {RetryDelayError} when it cannot be read, or fails for the first retry
 */
export function parseRetryDelay(expression: string): (retried: number) => number {
  const evaluate = new Parser(expression).parse();
  const delay = (retried: number): number => {
    const ms = evaluate(retried);
    if (!Number.isFinite(ms)) {
      throw new RetryDelayError(expression, `the value is ${ms} where retried is ${retried}`);
    }
    return Math.min(Math.max(0, Math.round(ms)), MAX_RETRY_DELAY_MS);
  };
  delay(0);
  return delay;
}

class Parser {
  readonly #tokens: readonly string[];
  #position = 0;
  #depth = 0;

  constructor(readonly expression: string) {
    if (expression.length > MAX_LENGTH) throw this.#error(`longer than ${MAX_LENGTH} characters`);
    this.#tokens = [...this.#tokenize()];
  }

  parse(): Node {
    const node = this.#sum();
    const rest = this.#peek();
    if (rest !== undefined) throw this.#error(`unexpected "${rest}"`);
    return node;
  }

  *#tokenize(): Generator<string> {
    let end = 0;
    const token = /\s*((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|[-+*/%(),])\s*/gy;
    for (const match of this.expression.matchAll(token)) {
      yield match[1];
      end = match.index + match[0].length;
    }
    if (end < this.expression.length) {
      throw this.#error(`unexpected "${this.expression.slice(end).trim()[0] ?? ""}"`);
    }
  }

  #sum(): Node {
    return this.#chain(["+", "-"], () => this.#product());
  }

  #product(): Node {
    return this.#chain(["*", "/", "%"], () => this.#unary());
  }

  /** Operators of one rank, from left to right. */
  #chain(operators: readonly string[], operand: () => Node): Node {
    let left = operand();
    for (let token = this.#peek(); token && operators.includes(token); token = this.#peek()) {
      this.#position++;
      left = binary(token, left, operand());
    }
    return left;
  }

  #unary(): Node {
    const sign = this.#peek();
    if (sign !== "-" && sign !== "+") return this.#primary();
    this.#position++;
    const node = this.#nested(() => this.#unary());
    return sign === "-" ? (retried) => -node(retried) : node;
  }

  #primary(): Node {
    const token = this.#peek();
    if (token === undefined) throw this.#error("it ends too early");
    this.#position++;
    if (token === "(") {
      const node = this.#nested(() => this.#sum());
      this.#expect(")");
      return node;
    }
    if (/^[\d.]/.test(token)) {
      const value = Number(token);
      return () => value;
    }
    if (!/^[A-Za-z_]/.test(token)) throw this.#error(`unexpected "${token}"`);
    if (this.#peek() === "(") return this.#call(token);
    if (token !== "retried") {
      throw this.#error(`unknown variable "${token}", the only one is retried`);
    }
    return (retried) => retried;
  }

  #call(name: string): Node {
    if (!Object.hasOwn(FUNCTIONS, name)) throw this.#error(`unknown function "${name}"`);
    const { arity, apply } = FUNCTIONS[name];
    this.#expect("(");
    const values: Node[] = [];
    if (this.#peek() !== ")") {
      do values.push(this.#nested(() => this.#sum())); while (this.#take(","));
    }
    this.#expect(")");
    if (arity === "any" ? values.length === 0 : values.length !== arity) {
      const wanted = arity === "any"
        ? "at least 1 value"
        : arity === 1
        ? "1 value"
        : `${arity} values`;
      throw this.#error(`${name} takes ${wanted}, got ${values.length}`);
    }
    return (retried) => apply(...values.map((value) => value(retried)));
  }

  #nested(parse: () => Node): Node {
    if (++this.#depth > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH}`);
    const node = parse();
    this.#depth--;
    return node;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#position];
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#position++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) {
      throw this.#error(`expected "${token}", got ${JSON.stringify(this.#peek() ?? "the end")}`);
    }
  }

  #error(detail: string): RetryDelayError {
    return new RetryDelayError(this.expression, detail);
  }
}

function binary(operator: string, left: Node, right: Node): Node {
  switch (operator) {
    case "+":
      return (retried) => left(retried) + right(retried);
    case "-":
      return (retried) => left(retried) - right(retried);
    case "*":
      return (retried) => left(retried) * right(retried);
    case "/":
      return (retried) => left(retried) / right(retried);
    default:
      return (retried) => left(retried) % right(retried);
  }
}
