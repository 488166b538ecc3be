/**
 * Our check of QStash's signature beside the vendor's own, on tokens that are forged at random.
 *
 * What ours takes the vendor's takes, always. What the vendor's takes ours takes as well, but for what
 * QStash never makes: another algorithm, a header that asks for more, no end, or padding.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { Receiver } from "@upstash/qstash";
import { installClock, VirtualClock } from "../../dev/clock.ts";
import { seededRandom } from "../../dev/random.ts";
import { createDeliveryVerifier } from "../../shared/adapters/qstash_verifier.ts";

const RUNS = 3_000;
const LEEWAY = 60;
const keys = { currentSigningKey: "sig_of_the_current", nextSigningKey: "sig_of_the_next" };
const URL_PUBLISHED = "https://app.example/qstash/jobs/debug.echo";

const base64url = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

Deno.test(`ours and the vendor's check agree on ${RUNS} signatures, most of them forged`, async () => {
  const seed = Number(Deno.env.get("SEED") ?? 1);

  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)];
  const rarely = <T>(usual: T, others: readonly T[]): T => random() < 0.15 ? pick(others) : usual;

  const clock = new VirtualClock();
  const uninstall = installClock(clock);
  try {
    const ours = createDeliveryVerifier({ ...keys, clock, leewaySeconds: LEEWAY });
    const theirs = new Receiver({ ...keys, devMode: false });
    const passed = { both: 0, neither: 0, theirsAlone: 0 };
    for (let run = 0; run < RUNS; run++) {
      const now = Math.floor(clock.now() / 1_000);
      const body = pick(["{}", "", "☃", '{"a":1}', "\uFEFF{}"]);
      const hash = createHash("sha256").update(body).digest("base64url");
      const edges = [-61, -60, -59, 0, 59, 60, 61].map((off) => now + off);
      const claims = rarely<unknown>({
        iss: rarely<unknown>("Upstash", ["upstash", "", undefined, ["Upstash"], null]),
        sub: rarely<unknown>(URL_PUBLISHED, [`${URL_PUBLISHED}/`, undefined, [URL_PUBLISHED], ""]),
        exp: rarely<unknown>(now + 300, [...edges, undefined, null, `${now + 300}`, 1.5, -1]),
        nbf: rarely<unknown>(0, [...edges, undefined, null, "0"]),
        iat: rarely<unknown>(now, [now + 1_000, undefined, "now"]),
        jti: rarely<unknown>("jwt_1", [undefined, 1]),
        body: rarely<unknown>(hash, [`${hash}=`, `${hash}==`, hash.slice(1), undefined, 1, ""]),
      }, [[], null, 7, "text", {}]);
      const header = rarely<unknown>({ alg: "HS256", typ: "JWT" }, [
        { alg: "HS256" },
        { alg: "HS512", typ: "JWT" },
        { alg: "none" },
        { alg: "hs256" },
        { alg: "HS256", crit: ["exp"] },
        { alg: "HS256", crit: [] },
        { typ: "JWT" },
        [],
        null,
        "HS256",
      ]);
      const key = rarely(pick(Object.values(keys)), ["sig_forged", "", `${keys.nextSigningKey} `]);
      const signed = `${base64url(header)}.${base64url(claims)}`;
      const isLong = (header as { alg?: string } | null)?.alg === "HS512";
      const seal = createHmac(isLong ? "sha512" : "sha256", key).update(signed).digest("base64url");
      const whole = `${signed}.${seal}`;
      const at = Math.floor(random() * whole.length);
      const signature = rarely(whole, [
        `${signed}.`,
        signed,
        `${whole}.`,
        ` ${whole}`,
        `${whole}=`,
        whole.slice(0, -2),
        whole.slice(0, at) + pick(["A", "-", ".", "+", "é"]) + whole.slice(at + 1),
      ]);
      const delivery = { signature, body, url: URL_PUBLISHED };
      const [oursPassed, theirsPassed] = await Promise.all([
        ours.verify(delivery).then(() => true, (error) => {
          assert.match(error.code, /^signature_(invalid|expired)$/);
          return false;
        }),
        theirs.verify({ ...delivery, clockTolerance: LEEWAY }).catch(() => false),
      ]);
      const what = `SEED=${seed} run ${run}: ${signature}`;
      if (oursPassed) assert.equal(theirsPassed, true, what);
      if (theirsPassed && !oursPassed) {
        const { alg, crit } = (header ?? {}) as { alg?: string; crit?: unknown };
        const { exp } = (claims ?? {}) as { exp?: unknown };
        const isOther = alg !== "HS256" || crit !== undefined || exp === undefined;
        assert.ok(isOther || signature.endsWith("="), what);
      }
      passed[oursPassed ? "both" : theirsPassed ? "theirsAlone" : "neither"]++;
    }
    assert.ok(passed.both > RUNS / 20 && passed.neither > RUNS / 20, JSON.stringify(passed));
    assert.ok(passed.theirsAlone > 0, "what ours alone refuses was tried");
  } finally {
    uninstall();
  }
});
