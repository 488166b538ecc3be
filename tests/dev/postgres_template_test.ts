import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { openEmpty } from "../../dev/postgres/template.ts";

Deno.test("an empty database is made once; where its file is spoiled, it is made again", async () => {
  const folder = await Deno.makeTempDir({ prefix: "zeropoll-template-" });
  const url = pathToFileURL(`${folder}/`);
  const names = () => Array.from(Deno.readDirSync(folder), ({ name }) => name);
  try {
    const made = await openEmpty(url);
    await made.exec("CREATE TABLE mine ()");
    await made.close();
    const [name, ...others] = names();
    assert.deepEqual(others, []);
    const { size } = await Deno.stat(`${folder}/${name}`);
    for (const spoil of [() => {}, () => Deno.truncateSync(`${folder}/${name}`, 100_000)]) {
      spoil();
      const opened = await openEmpty(url);
      const sql = "SELECT count(*)::int AS mine FROM pg_class WHERE relname = 'mine'";
      assert.deepEqual((await opened.query(sql)).rows, [{ mine: 0 }]);
      await opened.close();
      assert.deepEqual(names(), [name]);
      assert.equal((await Deno.stat(`${folder}/${name}`)).size, size);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
