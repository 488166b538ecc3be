import assert from "node:assert/strict";
import { readPostgresUrl } from "../../shared/adapters/postgres_url.ts";
import { postgresEngines } from "../support/postgres_engines.ts";

const base = "postgres://u:p@db.example:6543/app";

const printed: { query: string; url?: string; says?: object; because: string }[] = [
  { query: "", because: "nothing is said" },
  { query: "?", because: "nothing is said, in one more letter" },
  { query: "?pgbouncer=true", because: "Prisma behind a pooler" },
  {
    query: "?pgbouncer=true&connection_limit=1&pool_timeout=20",
    says: { connections: 1, waitTimeoutMs: 20_000 },
    because: "Prisma's pool is ours",
  },
  {
    query: "?connection_limit=0&pool_timeout=0",
    says: { waitTimeoutMs: 60_000 },
    because: "no end",
  },
  { query: "?connection_limit=x&connect_timeout=1e3", because: "no whole number" },
  { query: "?connection_limit=100000", says: { connections: 50 }, because: "more than is of use" },
  { query: "?connect_timeout=10", says: { connectTimeoutMs: 10_000 }, because: "libpq's own" },
  { query: "?schema=public&currentSchema=public", because: "Prisma, JDBC" },
  { query: "?sslmode=disable&supa=base-pooler.x", url: "?sslmode=disable", because: "Supabase" },
  {
    query: "?sslmode=require&channel_binding=require&options=project%3Dfloral",
    url: "?sslmode=require&options=project%3Dfloral",
    because: "Neon",
  },
  { query: "?sslmode=no-verify", url: "?sslmode=require", because: "node-postgres" },
  { query: "?ssl=true&sslfactory=x", url: "?sslmode=verify-full", because: "JDBC" },
  { query: "?ssl=false", url: "?sslmode=disable", because: "the same, off" },
  {
    query: "?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/a&sslkey=/b&sslpassword=c",
    url: "?sslmode=verify-full",
    because: "no file is read",
  },
  { query: "?sslrootcert=system", url: "?sslmode=verify-full", because: "the system's" },
  { query: "?sslaccept=strict&sslidentity=client.p12", because: "Prisma's files" },
  { query: "?uselibpqcompat=true&sslmode=require", url: "?sslmode=require", because: "pg 9" },
  { query: "?statement_cache_size=0&prepared_statement_cache_size=0", because: "asyncpg" },
  { query: "?prepareThreshold=0&reWriteBatchedInserts=true&tcpKeepAlive=true", because: "JDBC" },
  { query: "?pool_mode=transaction&pool_max_conns=4&sslnegotiation=", because: "pgx, empty" },
  { query: "?gssencmode=disable&keepalives_idle=30&tcp_user_timeout=3000", because: "libpq" },
  { query: "?target_session_attrs=any&load_balance_hosts=random", because: "libpq's defaults" },
  {
    query: "?target_session_attrs=read-write",
    url: "?target_session_attrs=read-write",
    because: "the driver knows it",
  },
  { query: "?client_encoding=utf8&DateStyle=German&TimeZone=CET", because: "how rows are read" },
  {
    query: "?application_name=shop&search_path=app&statement_timeout=5000",
    url: "?application_name=shop&search_path=app&statement_timeout=5000",
    because: "the server's own settings",
  },
  { query: "?host=/cloudsql/a:b:c", says: { host: "/cloudsql/a:b:c" }, because: "a socket" },
  {
    query: "?user=me&password=a%26b&port=7000&dbname=shop",
    says: { user: "me", password: "a&b", port: 7_000, database: "shop" },
    because: "libpq's other way to say it",
  },
];

for (const { query, url = "", says = {}, because } of printed) {
  Deno.test(`DATABASE_URL with ${query || "nothing"} behind it: ${because}`, () => {
    const { url: read, ...rest } = readPostgresUrl(base + query);
    assert.equal(read, base + url);
    assert.deepEqual(JSON.parse(JSON.stringify(rest)), says);
  });
}

Deno.test("a list of hosts stays one", () => {
  const { url } = readPostgresUrl("postgres://u:p@a:1,b:2/app?pgbouncer=true&sslmode=disable");
  assert.equal(url, "postgres://u:p@a:1,b:2/app?sslmode=disable");
});

for (const engine of postgresEngines()) {
  engine.test("is reached by every address that a host prints for other clients", async () => {
    const isAnswered = async (url: string) => {
      const database = engine.database({ url });
      const rows = await database.query("SELECT 1 AS one");
      await database.close();
      return rows;
    };
    // Neither server speaks TLS, and the other places are nowhere.
    const reachable = printed.filter(({ query }) =>
      !/ssl(mode)?=(?!disable|false|&)|sslrootcert=system|host=|user=|options=/.test(query)
    );
    assert.ok(reachable.length > 10);
    for (const { query } of reachable) {
      assert.deepEqual(await isAnswered(engine.url() + query), [{ one: 1 }], query);
    }
    const { hostname, port } = new URL(engine.url());
    const elsewhere = `postgres://nobody:no@192.0.2.1:1/nothing?host=${hostname}&port=${port}`;
    const rows = await isAnswered(`${elsewhere}&user=postgres&password=postgres&dbname=postgres`);
    assert.deepEqual(rows, [{ one: 1 }]);
  });
}
