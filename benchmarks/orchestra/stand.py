"""What the cases share: servers that are started when they are first asked for."""

import functools

import fan
import load
from peers import Nginx, Pgpool
from processes import LOAD
from servers import Edge, Home, Postgres

# So many that the aggregate of pgwire-hits takes PostgreSQL some 20 ms.
SCALE = 150_000
FAN_TABLES = 500


class Stand:
    def __init__(self, quick, report):
        self.quick = quick
        self.report = report
        self.rounds = 5
        load.SECONDS = 1 if quick else 4
        self.warm_up = 16 if quick else 40

    @functools.cached_property
    def postgres(self):
        print("  starting PostgreSQL ...", flush=True)
        postgres = Postgres()
        # Before home starts, which publishes what it finds at once.
        postgres.sql("CREATE SCHEMA fan;" + "".join(
            f"CREATE TABLE fan.t{n} (id int PRIMARY KEY, n int); INSERT INTO fan.t{n} VALUES (1, 0);"
            for n in range(FAN_TABLES)))
        postgres.sql(
            f"CREATE TABLE accounts AS SELECT n AS aid, n % 100 AS bid, n % 1000 AS abalance,"
            f" repeat('x', 80) AS filler FROM generate_series(1, {SCALE}) n;"
            "ALTER TABLE accounts ADD PRIMARY KEY (aid);"
            "CREATE TABLE documents (id int PRIMARY KEY, body text);"
            "INSERT INTO documents SELECT n, repeat('x', 940) FROM generate_series(1, 1000) n")
        postgres.sql("VACUUM ANALYZE")
        return postgres

    @functools.cached_property
    def home(self):
        self.postgres
        print("  starting home ...", flush=True)
        return Home(self.postgres, core=LOAD)

    @functools.cached_property
    def streams_warm(self):
        """Home has served streams for a while: a JVM that has just started compiles itself meanwhile."""
        print("  warming up home's streams ...", flush=True)
        fan.fan_out(self, ["home"], edges=1000, rate=1000, tables=FAN_TABLES, durable=0,
                    seconds=10 if self.quick else 40, warm=1)
        return True

    @functools.cached_property
    def edge(self):
        self.home
        print("  starting an edge ...", flush=True)
        return Edge(self.home.port)

    @functools.cached_property
    def pgpool(self):
        return Pgpool(self.postgres.port)

    @functools.cached_property
    def nginx(self):
        return Nginx()


DOCUMENT = "SELECT body FROM documents WHERE id = $1"
