"""asyncpg through an edge: everything prepared, everything binary."""

import asyncio

import asyncpg
from common import DATABASE, HOST, PASSWORD, PORT, USER, Reads, check, done

TABLE = "client_asyncpg"


async def connect(**more):
    return await asyncpg.connect(host=HOST, port=PORT, user=USER, password=PASSWORD, database=DATABASE, **more)


async def last(connection):
    row = await connection.fetchrow("SHOW perigee.last")
    return row["outcome"], row["reason"]


async def reads_until_hit(connection, what, read):
    reads = Reads(what)
    while True:
        await read()
        pause = reads.pause_after(await last(connection))
        if pause is None:
            return len(reads.seen)
        await asyncio.sleep(pause)


async def cached_reads(connection):
    hits = {}

    def fetch(who, name):
        async def go():
            row = await connection.fetchrow(f"SELECT name, price FROM {TABLE} WHERE id = $1", who)
            check(row["name"] == name, f"read {row}")
        return go

    await reads_until_hit(connection, "warming", fetch(3, "Table"))
    hits["cached statement"] = await reads_until_hit(connection, "cached statement", fetch(1, "Lamp äöü"))
    statement = await connection.prepare(f"SELECT name, added FROM {TABLE} WHERE id = ANY($1::int[])")
    check([a.name for a in statement.get_attributes()] == ["name", "added"], "attributes")

    async def prepared():
        rows = await statement.fetch([1, 2])
        check(sorted(row["name"] for row in rows) == ["Chair", "Lamp äöü"], f"read {rows}")

    hits["prepared"] = await reads_until_hit(connection, "prepared", prepared)
    return hits


async def own_writes(connection):
    for price in range(100, 130):
        await connection.execute(f"UPDATE {TABLE} SET price = $1 WHERE id = 1", price)
        seen = await connection.fetchval(f"SELECT price FROM {TABLE} WHERE id = 1")
        check(seen == price, f"wrote {price}, read {seen}")
        await connection.fetchval(f"SELECT price FROM {TABLE} WHERE id = 1")


async def transactions(connection):
    count = f"SELECT count(*) FROM {TABLE}"
    before = await connection.fetchval(count)
    async with connection.transaction():
        await connection.execute(f"INSERT INTO {TABLE} VALUES (50, 'in', 1, now())")
        check(await connection.fetchval(count) == before + 1, "not seen in the transaction")
        try:
            async with connection.transaction():
                await connection.execute(f"INSERT INTO {TABLE} VALUES (50, 'again', 1, now())")
            check(False, "a duplicate key is accepted")
        except asyncpg.UniqueViolationError:
            pass
    check(await connection.fetchval(count) == before + 1, "not seen after the transaction")
    transaction = connection.transaction(isolation="serializable")
    await transaction.start()
    await connection.execute(f"DELETE FROM {TABLE}")
    await transaction.rollback()
    check(await connection.fetchval(count) == before + 1, "a rollback is not one")


async def bulk(connection):
    await connection.executemany(
        f"INSERT INTO {TABLE} (id, name) VALUES ($1, 'many')", [(n,) for n in range(1000, 1100)]
    )
    await connection.copy_records_to_table(
        TABLE, records=[(n, "copied") for n in range(2000, 2100)], columns=["id", "name"]
    )
    counts = await connection.fetch(f"SELECT name, count(*) AS n FROM {TABLE} WHERE id >= 1000 GROUP BY name")
    check({r["name"]: r["n"] for r in counts} == {"many": 100, "copied": 100}, f"{counts}")
    received = bytearray()

    async def receive(data):
        received.extend(data)

    await connection.copy_from_query(f"SELECT id FROM {TABLE} WHERE id >= 1000", output=receive)
    check(received.count(b"\n") == 200, "copied out")
    await connection.execute(f"DELETE FROM {TABLE} WHERE id >= 1000; SELECT 1")


async def cursors(connection):
    async with connection.transaction():
        seen = [r[0] async for r in connection.cursor("SELECT n FROM generate_series(1, 100) n", prefetch=7)]
        check(seen == list(range(1, 101)), "a cursor")
        cursor = await connection.cursor(f"SELECT id FROM {TABLE} ORDER BY id")
        check((await cursor.fetchrow())[0] == 1, "a portal")
        await cursor.forward(1)
        check((await cursor.fetchrow())[0] == 3, "a portal, further on")


async def notifications(connection):
    listener = await connect()
    got = asyncio.Queue()
    await listener.add_listener("perigee_asyncpg", lambda *message: got.put_nowait(message[3]))
    await connection.execute("SELECT pg_notify('perigee_asyncpg', $1)", "hello")
    check(await asyncio.wait_for(got.get(), 10) == "hello", "a notification")
    await connection.execute("NOTIFY perigee_asyncpg, 'again'")
    check(await asyncio.wait_for(got.get(), 10) == "again", "a second notification")
    await listener.close()


async def errors_and_cancels(connection):
    for bad, error in (
        ("SELEC 1", asyncpg.PostgresSyntaxError),
        ("SELECT * FROM no_such_table", asyncpg.UndefinedTableError),
        ("SELECT 1/$1::int", asyncpg.DivisionByZeroError),
    ):
        for _ in range(2):
            try:
                await connection.fetch(bad, *([0] if "$1" in bad else []))
                check(False, f"no error: {bad}")
            except error:
                pass
    try:
        await connection.execute("SELECT pg_sleep(30)", timeout=0.5)
        check(False, "not cancelled")
    except (asyncio.TimeoutError, TimeoutError):
        pass
    check(await connection.fetchval("SELECT 1") == 1, "the session goes on")


async def keep(connection):
    """A pool's way of resetting a session that leaves it as it is."""


async def pools(hits):
    options = dict(host=HOST, port=PORT, user=USER, password=PASSWORD, database=DATABASE, min_size=1, max_size=1)
    read = f"SELECT name FROM {TABLE} WHERE id = $1"
    async with asyncpg.create_pool(**options) as pool:
        # A session given back is reset. What it is then is asked along with the next read.
        async with pool.acquire() as connection:
            await connection.fetchval(read, 2)
        async with pool.acquire() as connection:
            check(await connection.fetchval(read, 2) == "Chair", "pool")
            hits["pool, in one acquire"] = await reads_until_hit(connection, "pool", lambda: connection.fetchval(read, 2))
    async with asyncpg.create_pool(**options, reset=keep) as pool:
        hits["pool that does not reset"] = await reads_until_hit(pool, "pool", lambda: pool.fetchval(read, 2))


async def main():
    connection = await connect()
    await connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
    await connection.execute(f"CREATE TABLE {TABLE} (id int PRIMARY KEY, name text, price numeric, added timestamptz)")
    await connection.execute(
        f"INSERT INTO {TABLE} VALUES (1, 'Lamp äöü', 12, now()), (2, 'Chair', 12, now()), (3, 'Table', 12, now())"
    )
    hits = await cached_reads(connection)
    await own_writes(connection)
    await transactions(connection)
    await bulk(connection)
    await cursors(connection)
    await notifications(connection)
    await errors_and_cancels(connection)
    await pools(hits)
    await connection.close()
    # Without names each statement is prepared, and waited for, each time: that is the database's.
    connection = await connect(statement_cache_size=0)
    for who, name in ((1, "Lamp äöü"), (2, "Chair"), (1, "Lamp äöü")):
        check(await connection.fetchval(f"SELECT name FROM {TABLE} WHERE id = $1", who) == name, "unnamed")
    await own_writes(connection)
    await connection.close()
    done("asyncpg", hits)


asyncio.run(main())
