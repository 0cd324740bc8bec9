"""psycopg 3 through an edge, as its users write it."""

import threading
import time

import psycopg
from common import DATABASE, HOST, PASSWORD, PORT, USER, Reads, check, done
from psycopg import sql
from psycopg.rows import dict_row

CONNINFO = f"host={HOST} port={PORT} user={USER} password={PASSWORD} dbname={DATABASE}"


def last(connection):
    with psycopg.ClientCursor(connection) as cursor:
        row = cursor.execute("SHOW perigee.last").fetchone()
        return row[0], row[1]


def reads_until_hit(connection, what, read):
    reads = Reads(what)
    while True:
        read()
        pause = reads.pause_after(last(connection))
        if pause is None:
            return len(reads.seen)
        time.sleep(pause)


def cached_reads(connection, table):
    """Each way of sending a statement is answered from memory, with what the database answers."""
    hits = {}
    query = sql.SQL("SELECT id, name, price, added FROM {} WHERE id = %s").format(table)
    expected = [(1, "Lamp äöü", 12, None)]

    def read(prepare, binary, who):
        def go():
            with connection.cursor(binary=binary) as cursor:
                row = cursor.execute(query, (who,), prepare=prepare).fetchall()
                check([r[:2] for r in row] == [(who, names[who])], f"read {row}")
        return go

    names = {1: "Lamp äöü", 2: "Chair", 3: "Table"}
    check(expected[0][1] == names[1], "names")
    reads_until_hit(connection, "warming", read(False, False, 3))
    hits["unprepared"] = reads_until_hit(connection, "unprepared", read(False, False, 1))
    hits["prepared"] = reads_until_hit(connection, "prepared", read(True, False, 2))
    hits["binary"] = reads_until_hit(connection, "binary", read(None, True, 1))

    def simple():
        with psycopg.ClientCursor(connection, row_factory=dict_row) as cursor:
            cursor.execute(query, (2,))
            check(cursor.fetchone()["name"] == "Chair", "simple")

    hits["simple"] = reads_until_hit(connection, "simple", simple)
    return hits


def own_writes(connection, table):
    """What the session has just written, it reads, whatever was in memory."""
    read = sql.SQL("SELECT price FROM {} WHERE id = 1").format(table)
    write = sql.SQL("UPDATE {} SET price = %s WHERE id = 1").format(table)
    for price in range(100, 130):
        connection.execute(write, (price,))
        seen = connection.execute(read).fetchone()[0]
        check(seen == price, f"wrote {price}, read {seen} ({last(connection)})")
        connection.execute(read).fetchone()


def transactions(connection, table):
    count = sql.SQL("SELECT count(*) FROM {}").format(table)
    before = connection.execute(count).fetchone()[0]
    with connection.transaction():
        connection.execute(sql.SQL("INSERT INTO {} VALUES (50, 'in', 1, now())").format(table))
        check(connection.execute(count).fetchone()[0] == before + 1, "not seen in the transaction")
        try:
            with connection.transaction():
                connection.execute(sql.SQL("INSERT INTO {} VALUES (50, 'again', 1, now())").format(table))
            check(False, "a duplicate key is accepted")
        except psycopg.errors.UniqueViolation as violation:
            check(violation.diag.constraint_name is not None, "no constraint in the error")
    check(connection.execute(count).fetchone()[0] == before + 1, "not seen after the transaction")
    try:
        with connection.transaction():
            connection.execute(sql.SQL("DELETE FROM {}").format(table))
            raise psycopg.Rollback()
    except psycopg.Rollback:
        pass
    check(connection.execute(count).fetchone()[0] == before + 1, "a rollback is not one")
    check(connection.execute(count).fetchone()[0] == before + 1, "a rollback is not one")


def copies(connection, table):
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY {} (id, name, price) FROM STDIN").format(table)) as copy:
            for n in range(1000, 1200):
                copy.write_row((n, "copied", n))
        count = sql.SQL("SELECT count(*) FROM {} WHERE name = 'copied'").format(table)
        check(cursor.execute(count).fetchone()[0] == 200, "what was copied in is not there")
        with cursor.copy(sql.SQL("COPY (SELECT id FROM {} WHERE id >= 1000) TO STDOUT").format(table)) as copy:
            check(len(list(copy.rows())) == 200, "what is copied out is not all")
        cursor.execute(sql.SQL("DELETE FROM {} WHERE id >= 1000").format(table))


def pipelines(connection, table):
    insert = sql.SQL("INSERT INTO {} (id, name) VALUES (%s, 'piped')").format(table)
    with connection.pipeline():
        connection.execute(sql.SQL("SELECT id FROM {} WHERE id = 1").format(table))
        with connection.cursor() as cursor:
            cursor.executemany(insert, [(n,) for n in range(2000, 2050)])
        count = connection.execute(sql.SQL("SELECT count(*) FROM {} WHERE name = 'piped'").format(table))
        check(count.fetchone()[0] == 50, "a pipeline's own writes")
    connection.execute(sql.SQL("DELETE FROM {} WHERE id >= 2000").format(table))
    check(connection.execute(sql.SQL("SELECT count(*) FROM {} WHERE name = 'piped'").format(table)).fetchone()[0] == 0, "gone")


def cursors(connection, table):
    with connection.transaction(), connection.cursor(name="walk") as cursor:
        cursor.itersize = 7
        cursor.execute("SELECT n FROM generate_series(1, 100) n")
        check([row[0] for row in cursor] == list(range(1, 101)), "a server-side cursor")
    with connection.cursor() as cursor:
        streamed = cursor.stream(sql.SQL("SELECT id FROM {} ORDER BY id").format(table))
        check(len(list(streamed)) >= 3, "streaming")


def notifications(connection):
    with psycopg.connect(CONNINFO, autocommit=True) as listener:
        listener.execute("LISTEN perigee_psycopg")
        connection.execute("SELECT pg_notify('perigee_psycopg', 'hello')")
        got = next(listener.notifies(timeout=10, stop_after=1))
        check(got.payload == "hello", "a notification")
        connection.execute("NOTIFY perigee_psycopg, 'again'")
        got = next(listener.notifies(timeout=10, stop_after=1))
        check(got.payload == "again", "a second notification")


def cancels(connection):
    threading.Timer(0.5, connection.cancel_safe).start()
    begun = time.monotonic()
    try:
        connection.execute("SELECT pg_sleep(30)")
        check(False, "not cancelled")
    except psycopg.errors.QueryCanceled:
        check(time.monotonic() - begun < 10, "cancelled late")
    check(connection.execute("SELECT 1").fetchone() == (1,), "the session goes on")


def errors(connection):
    for bad in ("SELEC 1", "SELECT * FROM no_such_table", "SELECT 1/0"):
        for _ in range(2):
            try:
                connection.execute(bad)
                check(False, f"no error: {bad}")
            except psycopg.Error as error:
                check(error.sqlstate in ("42601", "42P01", "22012"), f"{bad}: {error.sqlstate}")
    check(connection.execute("SELECT 1").fetchone() == (1,), "the session goes on")


def main():
    with psycopg.connect(CONNINFO, autocommit=True) as connection:
        table = sql.Identifier("client_psycopg")
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
        connection.execute(
            sql.SQL("CREATE TABLE {} (id int PRIMARY KEY, name text, price numeric, added timestamptz)").format(table)
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                sql.SQL("INSERT INTO {} VALUES (%s, %s, 12, now())").format(table),
                [(1, "Lamp äöü"), (2, "Chair"), (3, "Table")],
            )
        hits = cached_reads(connection, table)
        own_writes(connection, table)
        transactions(connection, table)
        copies(connection, table)
        pipelines(connection, table)
        cursors(connection, table)
        notifications(connection)
        cancels(connection)
        errors(connection)
        hits["again"] = cached_reads(connection, table)["prepared"]
    with psycopg.connect(CONNINFO) as connection:
        # Not in autocommit: everything is in a transaction, and answered by the database.
        connection.execute("INSERT INTO client_psycopg (id, name) VALUES (60, 'x')")
        connection.rollback()
        check(connection.execute("SELECT id FROM client_psycopg WHERE id = 60").fetchone() is None, "rolled back")
        connection.commit()
    done("psycopg 3", hits)


main()
