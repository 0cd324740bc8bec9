// The other side of the browser: statements through the edges, and edges that are not what they seem.

const { HOME_URL, EDGE_1_URL, EDGE_2_URL, CLIENT_TOKEN, EDGE_TOKEN } = process.env;

export const NASTY = `<img src=x onerror="window.pwned=1">`;

export async function sql(statement, params = [], at = EDGE_1_URL) {
  const answer = await fetch(`${at}/api/query`, {
    method: "POST",
    headers: { Authorization: `Bearer ${CLIENT_TOKEN}`, "Content-Type": "application/json" },
    body: JSON.stringify({ sql: statement, params }),
  });
  const body = await answer.text();
  if (!answer.ok) {
    throw new Error(`${statement}: ${answer.status} ${body}`);
  }
  return { body, status: answer.headers.get("Cache-Status"), cacheability: answer.headers.get("Perigee-Cacheability") };
}

/** Calls until it gives something; an error if it takes longer than it may. */
export async function until(what, seconds, probe) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    const found = await probe();
    if (found) {
      return found;
    }
    await new Promise((resume) => setTimeout(resume, 100));
  }
  throw new Error(`never: ${what}`);
}

/** A shop, some tables that cannot be published, and one with a name that is an attack. */
export async function prepare() {
  await sql("CREATE SCHEMA shop", [], HOME_URL);
  await sql("CREATE TABLE shop.products (id int PRIMARY KEY, name text, price numeric(10,2))", [], HOME_URL);
  await sql("CREATE TABLE shop.orders (id int PRIMARY KEY, product int, placed timestamptz DEFAULT now())", [], HOME_URL);
  await sql("CREATE TABLE shop.audit (entry text)", [], HOME_URL);
  await sql("CREATE UNLOGGED TABLE shop.sessions (id int PRIMARY KEY)", [], HOME_URL);
  await sql(`CREATE TABLE shop."${NASTY.replaceAll('"', '""')}" (id int PRIMARY KEY)`, [], HOME_URL);
  await sql("INSERT INTO shop.products SELECT n, 'Product ' || n, 10.00 FROM generate_series(1, 200) n", [], HOME_URL);
  await sql("INSERT INTO shop.orders SELECT n, 1 + n % 200 FROM generate_series(1, 500) n", [], HOME_URL);
  await until("a read is cacheable", 30, async () => (await sql("SELECT name, price FROM shop.products WHERE id = $1", [1])).cacheability === "cacheable");
}

/** Readers at both edges and a writer, until the returned function is called. */
export function traffic() {
  let on = true;
  const statements = [
    ["SELECT name, price FROM shop.products WHERE id = $1", (n) => [1 + (n % 7)]],
    ["SELECT p.name, count(*) FROM shop.orders o JOIN shop.products p ON p.id = o.product GROUP BY p.name ORDER BY 2 DESC LIMIT 10", () => []],
    ["SELECT count(*) FROM shop.orders", () => []],
    ["SELECT id, name FROM shop.products WHERE price < $1 ORDER BY id LIMIT 20", (n) => [10 + (n % 3)]],
    ["SELECT now(), count(*) FROM shop.orders", () => []],
    ["SELECT entry FROM shop.audit", () => []],
    ["SELECT relname FROM pg_catalog.pg_class LIMIT 1", () => []],
  ];
  const loop = async (pause, act) => {
    for (let n = 0; on; n++) {
      await act(n).catch(() => {});
      await new Promise((resume) => setTimeout(resume, pause));
    }
  };
  const reading = (at) => (n) => {
    const [statement, params] = statements[n % 12 < 8 ? 0 : n % statements.length];
    return sql(statement, params(n), at);
  };
  const loops = [
    loop(25, reading(EDGE_1_URL)),
    loop(45, reading(EDGE_2_URL)),
    loop(350, (n) => sql("UPDATE shop.orders SET placed = now() WHERE id = $1", [1 + (n % 500)], EDGE_2_URL)),
    loop(1500, (n) => sql("UPDATE shop.products SET price = price + 0.01 WHERE id = $1", [50 + (n % 100)], EDGE_1_URL)),
  ];
  return async () => {
    on = false;
    await Promise.all(loops);
  };
}

/** Registers by raw HTTP, and reads the stream without ever acknowledging. Gives the status and what ends it. */
export async function pretend(edge) {
  const abort = new AbortController();
  const answer = await fetch(`${HOME_URL}/api/edge/register`, {
    method: "POST",
    headers: { Authorization: `Bearer ${EDGE_TOKEN}`, "Content-Type": "application/json", Accept: "text/event-stream, application/problem+json" },
    body: JSON.stringify(edge),
    signal: abort.signal,
  });
  answer.body.pipeTo(new WritableStream()).catch(() => {});
  return { status: answer.status, end: () => abort.abort() };
}
