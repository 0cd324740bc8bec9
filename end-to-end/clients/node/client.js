// node-postgres through an edge: simple, unnamed and named statements, binary, a cursor, a pool, LISTEN.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import Cursor from 'pg-cursor';

const table = 'client_node';
const hits = {};

async function last(client) {
  const { rows } = await client.query('SHOW perigee.last');
  return rows[0];
}

/** Reads until the first that is answered from memory, with pauses: a new table takes home a moment to publish. */
async function readsUntilHit(client, what, read) {
  const deadline = Date.now() + 20_000;
  let reads = 0;
  for (let pause = 100; ; pause = Math.min(2 * pause, 1000)) {
    await read();
    reads++;
    const { outcome, reason } = await last(client);
    if (outcome === 'hit') {
      return reads;
    }
    assert.ok(Date.now() < deadline, `${what}: no hit in ${reads} reads, ${outcome} ${reason}`);
    await sleep(pause);
  }
}

async function cachedReads(client) {
  const query = `SELECT id, name, price FROM ${table} WHERE id = $1`;
  const names = { 1: 'Lamp äöü', 2: 'Chair', 3: 'Table' };
  const read = (id, more = {}) => async () => {
    const { rows, fields } = await client.query({ text: query, values: [id], ...more });
    assert.equal(rows[0].name, names[id]);
    assert.deepEqual(fields.map((field) => field.name), ['id', 'name', 'price']);
  };
  await readsUntilHit(client, 'warming', read(3));
  hits.unnamed = await readsUntilHit(client, 'unnamed', read(1));
  hits.named = await readsUntilHit(client, 'named', read(2, { name: 'by-id' }));
  hits.simple = await readsUntilHit(client, 'simple', async () => {
    const { rows } = await client.query(`SELECT name FROM ${table} WHERE id = 1`);
    assert.equal(rows[0].name, names[1]);
  });
  hits.binary = await readsUntilHit(client, 'binary', async () => {
    const { rows } = await client.query({ text: `SELECT id FROM ${table} WHERE id = $1`, values: [2], binary: true });
    assert.equal(rows[0].id, 2);
  });
}

async function ownWrites(client) {
  for (let price = 100; price < 130; price++) {
    await client.query(`UPDATE ${table} SET price = $1 WHERE id = 1`, [price]);
    for (let again = 0; again < 2; again++) {
      const { rows } = await client.query({ name: 'price', text: `SELECT price FROM ${table} WHERE id = $1`, values: [1] });
      assert.equal(Number(rows[0].price), price);
    }
  }
  // Sent without waiting for answers.
  const [, read] = await Promise.all([
    client.query(`UPDATE ${table} SET price = 7 WHERE id = 1`),
    client.query(`SELECT price FROM ${table} WHERE id = 1`),
  ]);
  assert.equal(Number(read.rows[0].price), 7);
}

async function transactions(client) {
  const count = async () => Number((await client.query(`SELECT count(*) FROM ${table}`)).rows[0].count);
  const before = await count();
  await client.query('BEGIN');
  await client.query(`INSERT INTO ${table} VALUES ($1, 'in', 1)`, [50]);
  assert.equal(await count(), before + 1);
  await client.query('SAVEPOINT one');
  await assert.rejects(client.query(`INSERT INTO ${table} VALUES ($1, 'again', 1)`, [50]), { code: '23505' });
  await assert.rejects(count(), { code: '25P02' });
  await client.query('ROLLBACK TO one');
  await client.query('COMMIT');
  assert.equal(await count(), before + 1);
  await client.query('BEGIN');
  await client.query(`DELETE FROM ${table}`);
  assert.equal(await count(), 0);
  await client.query('ROLLBACK');
  assert.equal(await count(), before + 1);
}

async function cursors(client) {
  await client.query('BEGIN');
  const cursor = client.query(new Cursor('SELECT n FROM generate_series(1, $1) n', [100]));
  const seen = [];
  for (let rows = await cursor.read(7); rows.length > 0; rows = await cursor.read(7)) {
    seen.push(...rows.map((row) => row.n));
  }
  await cursor.close();
  await client.query('COMMIT');
  assert.equal(seen.length, 100);
  // Outside of a transaction, and closed before its end.
  for (let again = 0; again < 3; again++) {
    const few = client.query(new Cursor(`SELECT id FROM ${table} ORDER BY id`));
    assert.deepEqual((await few.read(2)).map((row) => row.id), [1, 2]);
    await few.close();
  }
  const many = await client.query(`SELECT 1 AS one; SELECT id FROM ${table} WHERE id = 2`);
  assert.equal(many[1].rows[0].id, 2);
}

async function notifications(client) {
  const listener = new pg.Client();
  await listener.connect();
  await listener.query('LISTEN perigee_node');
  for (const payload of ['hello', 'again']) {
    const heard = once(listener, 'notification');
    await client.query("SELECT pg_notify('perigee_node', $1)", [payload]);
    assert.equal((await heard)[0].payload, payload);
  }
  await listener.end();
}

async function errors(client) {
  for (let again = 0; again < 2; again++) {
    await assert.rejects(client.query('SELEC 1'), { code: '42601' });
    await assert.rejects(client.query('SELECT * FROM no_such_table WHERE id = $1', [1]), { code: '42P01' });
    await assert.rejects(client.query('SELECT 1 / $1::int', [0]), { code: '22012' });
  }
  assert.equal((await client.query('SELECT 1 AS one')).rows[0].one, 1);
}

async function pools() {
  const pool = new pg.Pool({ max: 2 });
  await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      const { rows } = await pool.query(`SELECT name FROM ${table} WHERE id = $1`, [(n % 3) + 1]);
      assert.equal(rows.length, 1);
    }),
  );
  await pool.end();
}

const client = new pg.Client();
await client.connect();
await client.query(`DROP TABLE IF EXISTS ${table}`);
await client.query(`CREATE TABLE ${table} (id int PRIMARY KEY, name text, price numeric)`);
await client.query(`INSERT INTO ${table} VALUES (1, 'Lamp äöü', 12), (2, 'Chair', 12), (3, 'Table', 12)`);
await cachedReads(client);
await ownWrites(client);
await transactions(client);
await cursors(client);
await notifications(client);
await errors(client);
await pools();
await client.end();
console.log(`node-postgres: ok (${Object.entries(hits).map(([how, reads]) => `${how}: hit on read ${reads}`).join(', ')})`);
