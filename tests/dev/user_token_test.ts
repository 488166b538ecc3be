import assert from "node:assert/strict";
import { userToken } from "../../dev/user_token.ts";
import { createUserTokens } from "../../shared/adapters/user_tokens.ts";

const SECRET = "the-secret-of-users-tokens";
const DAY_MS = 86_400_000;

Deno.test("dev's own token is taken as any user's, and ends a year after dev's clock", async () => {
  const issuedAt = Date.parse("2031-02-03T04:05:06Z");
  const token = await userToken(SECRET, "ada", issuedAt);
  const at = (days: number) =>
    createUserTokens({ secret: SECRET }, { now: () => issuedAt + days * DAY_MS });
  assert.equal(await at(0).verify(token), "ada");
  assert.equal(await at(364).verify(token), "ada");
  await assert.rejects(at(366).verify(token), { code: "token_invalid" });
});
