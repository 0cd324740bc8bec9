"""What the cases share: servers that are started when they are first asked for."""

import functools

import load
from peers import Nginx, Pgpool
from processes import LOAD
from servers import Edge, Home, Postgres

# So many that the aggregate of pgwire-hits takes PostgreSQL some 20 ms.
SCALE = 150_000


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
        postgres.sql(
            f"CREATE TABLE accounts AS SELECT n AS aid, n % 100 AS bid, n % 1000 AS abalance,"
            f" repeat('x', 80) AS filler FROM generate_series(1, {SCALE}) n;"
            "ALTER TABLE accounts ADD PRIMARY KEY (aid);"
            "CREATE TABLE documents (id int PRIMARY KEY, body text);"
            "INSERT INTO documents SELECT n, repeat('x', 940) FROM generate_series(1, 1000) n;"
            "VACUUM ANALYZE".replace(";VACUUM ANALYZE", ""))
        postgres.sql("VACUUM ANALYZE")
        return postgres

    @functools.cached_property
    def home(self):
        self.postgres
        print("  starting home ...", flush=True)
        return Home(self.postgres, core=LOAD)

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
        return Nginx(self.edge.warm(DOCUMENT, [1]))


DOCUMENT = "SELECT body FROM documents WHERE id = $1"
