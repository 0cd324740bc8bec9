"""An application 40 ms away from its database: no cache, pgpool-II and Perigee beside it."""

import os

import plot
from load import sql_script
from peers import Pgpool
from processes import LOAD, Process, listening, port, run as execute, wait, work
from servers import Edge, java
from stats import percentile

CASE = "wan"
DELAY = 20
TABLES, KEYS = 20, 20
# What is read most is written least.
READ = f"""\\set t random_zipfian(1, {TABLES}, 1.2)
\\set k random_zipfian(1, {KEYS}, 1.2)
SELECT v FROM wan.t:t WHERE id = :k;
"""
WRITE = f"""\\set t {TABLES} + 1 - random_zipfian(1, {TABLES}, 1.2)
\\set k random(1, {KEYS})
UPDATE wan.t:t SET v = v + 1 WHERE id = :k;
"""
MIXES = {"90 % reads": (9, 1), "50 % reads": (1, 1)}


def run(stand):
    postgres, report = stand.postgres, stand.report
    postgres.sql("CREATE SCHEMA wan;" + "".join(
        f"CREATE TABLE wan.t{n} AS SELECT id, 0 AS v FROM generate_series(1, {KEYS}) id;"
        f"ALTER TABLE wan.t{n} ADD PRIMARY KEY (id);" for n in range(1, TABLES + 1)))
    home = stand.home
    to_database, to_home = port(), port()
    proxies = [Process("delay-database", java("DelayProxy", to_database, postgres.port, DELAY), LOAD),
               Process("delay-home", java("DelayProxy", to_home, home.port, DELAY), LOAD)]
    for number, proxy in zip((to_database, to_home), proxies):
        wait("the proxy", lambda number=number: listening(number), proxy)
    edge = Edge(to_home, name="wan-edge")
    pgpool = Pgpool(to_database, name="wan-pgpool")
    contenders = {"no cache": to_database, "pgpool": pgpool.port, "Perigee": edge.wire_port}
    scripts = sql_script("wan-read", READ), sql_script("wan-write", WRITE)
    for number in contenders.values():
        _load(number, scripts, (9, 1), 3 if stand.quick else 15)
    medians = {}
    for mix, weights in MIXES.items():
        found = {name: [] for name in contenders}
        for round_ in range(stand.rounds):
            print(f"\r    {mix}, round {round_ + 1} ", end="", flush=True)
            for name, number in contenders.items():
                found[name].append(_measured(postgres, number, scripts, weights, 1 if stand.quick else 7))
        print("\r", end="")
        for name, rounds in found.items():
            columns = list(zip(*rounds))
            for at, (what, unit) in enumerate(
                    [("reads, p50", "ms"), ("reads, p99", "ms"), ("writes, p50", "ms"),
                     ("reads at PostgreSQL of 100", ""), ("PostgreSQL's CPU, 1000 transactions", "ms")]):
                medians[mix, name, what] = report.figure(CASE, f"{mix}: {name}, {what}", columns[at], unit)["median"]
        report.ratio(CASE, f"{mix}: p50 of reads, no cache : Perigee",
                     [row[0] for row in found["no cache"]], [row[0] for row in found["Perigee"]])
        report.ratio(CASE, f"{mix}: reads at PostgreSQL, no cache : Perigee",
                     [row[3] for row in found["no cache"]], [max(0.01, row[3]) for row in found["Perigee"]])
    groups = [f"{mix}, {share}" for mix in MIXES for share in ("p50", "p99")]
    report.plots.append(("wan.svg", plot.bars(
        "Reads of an application 40 ms away from its database", "milliseconds", groups,
        {name: [medians[mix, name, f"reads, {share}"] for mix in MIXES for share in ("p50", "p99")]
         for name in contenders})))
    report.plots.append(("wan-load.svg", plot.bars(
        "What reaches the database of 100 reads", "statements", list(MIXES),
        {name: [medians[mix, name, "reads at PostgreSQL of 100"] for mix in MIXES] for name in contenders})))
    for process in (edge, pgpool, *proxies):
        process.stop()


def _load(number, scripts, weights, seconds):
    for old in work.glob("wan-log.*"):
        old.unlink()
    execute(["pgbench", "-n", "-h", "127.0.0.1", "-p", number, "-U", "postgres", "-M", "simple", "-c", 16,
             # A thread each: they connect at once, and not one after the other over this distance.
             "-j", 16,
             "-R", 150, "-T", seconds, "-f", f"{scripts[0]}@{weights[0]}", "-f", f"{scripts[1]}@{weights[1]}",
             "-l", f"--log-prefix={work}/wan-log", "postgres"], core=LOAD, env={**os.environ, "PGSSLMODE": "disable"})


def _measured(postgres, number, scripts, weights, seconds):
    """p50 and p99 of reads, p50 of writes, milliseconds; reads that PostgreSQL saw of 100; its CPU."""
    postgres.sql("SELECT pg_stat_statements_reset()")
    before = postgres.cpu()
    _load(number, scripts, weights, seconds)
    cpu = postgres.cpu() - before
    seen = float(postgres.sql(
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE 'SELECT v FROM wan.t%'"))
    times = ([], [])
    for log in work.glob("wan-log.*"):
        for row in log.read_text().splitlines():
            # With -R the time includes the wait for a free client, as a user would wait.
            fields = row.split()
            times[int(fields[3])].append(int(fields[2]) / 1000)
    reads, writes = times
    return (percentile(reads, 0.5), percentile(reads, 0.99), percentile(writes, 0.5), 100 * seen / len(reads),
            1000 * cpu * 1000 / (len(reads) + len(writes)))
