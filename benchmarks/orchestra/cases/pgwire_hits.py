"""Reads by PostgreSQL's protocol answered from memory, beside PostgreSQL, pgpool-II's cache and a minimal responder."""

import time

from load import alternate, pgbench, sql_script, steady
from processes import SERVERS, Process, listening, port, wait
from servers import java

CASE = "pgwire-hits"
MODES = ["simple", "extended", "prepared"]
KEYS = 50
POINT = f"\\set aid random(1, {KEYS})\nSELECT abalance FROM accounts WHERE aid = :aid;\n"
HEAVY = "SELECT bid, count(*), sum(abalance), max(filler) FROM accounts GROUP BY bid ORDER BY bid LIMIT 1;\n"
# Of the issue: at the least, beside PostgreSQL and beside pgpool.
BESIDE_POSTGRES = {"simple": 2.0, "extended": 2.0, "prepared": 1.7}
BESIDE_PGPOOL = {"simple": 1.8, "extended": 8.0, "prepared": 8.0}


def run(stand):
    postgres, edge = stand.postgres, stand.edge
    bare_port = port()
    bare = Process("bare-wire", java("BareWire", bare_port), SERVERS)
    wait("the minimal responder", lambda: listening(bare_port), bare)
    point = sql_script("point", POINT)
    for mode in MODES:
        _points(stand, bare, bare_port, point, mode)
    bare.stop()
    _heavy(stand, postgres, edge)


def _points(stand, bare, bare_port, script, mode):
    print(f"  point select, {mode}", flush=True)
    contenders = {
        "edge": (stand.edge, lambda s: pgbench(stand.edge.wire_port, script, mode, seconds=s)),
        "PostgreSQL": (stand.postgres, lambda s: pgbench(stand.postgres.port, script, mode, seconds=s)),
        "pgpool": (stand.pgpool, lambda s: pgbench(stand.pgpool.port, script, mode, seconds=s)),
        "minimal responder": (bare, lambda s: pgbench(bare_port, script, mode, seconds=s)),
    }
    steady(contenders["edge"][1], stand.warm_up)
    steady(contenders["minimal responder"][1], stand.warm_up)
    contenders["pgpool"][1](1)
    found = alternate(stand.rounds, contenders)
    for name, (rates, cpu) in found.items():
        stand.report.figure(CASE, f"{mode}: {name}", rates, "tps", cpu)
    edge = found["edge"]
    stand.report.ratio(CASE, f"{mode}: tps, edge : PostgreSQL", edge[0], found["PostgreSQL"][0], BESIDE_POSTGRES[mode])
    stand.report.ratio(CASE, f"{mode}: tps, edge : pgpool", edge[0], found["pgpool"][0], BESIDE_PGPOOL[mode])
    stand.report.ratio(CASE, f"{mode}: server CPU, edge : minimal", edge[1], found["minimal responder"][1], 1.5,
                       at_most=True)


def _heavy(stand, postgres, edge):
    script = sql_script("heavy", HEAVY)
    print("  heavy aggregate", flush=True)
    modes = MODES[-1:] if stand.quick else MODES
    for mode in modes:
        pgbench(edge.wire_port, script, mode, seconds=2)
    # The mode makes no difference to what takes PostgreSQL 20 ms.
    contenders = {"PostgreSQL": (postgres, lambda s: pgbench(postgres.port, script, "prepared", seconds=s))}
    for mode in modes:
        contenders[mode] = (edge, lambda s, mode=mode: pgbench(edge.wire_port, script, mode, seconds=s))
    found = alternate(stand.rounds, contenders)
    for name, (rates, cpu) in found.items():
        stand.report.figure(CASE, "heavy: PostgreSQL" if name == "PostgreSQL" else f"heavy, {name}: edge", rates, "tps", cpu)
    for mode in modes:
        stand.report.ratio(CASE, f"heavy, {mode}: tps, edge : PostgreSQL", found[mode][0], found["PostgreSQL"][0], 2500)
    _recovery(stand, postgres, edge, script)


def _recovery(stand, postgres, edge, script):
    """After a commit: how often PostgreSQL runs the statement until all is as before."""
    pgbench(edge.wire_port, script, "simple", clients=1, seconds=1)
    runs = []
    for _ in range(2 if stand.quick else stand.rounds):
        postgres.sql("SELECT pg_stat_statements_reset()")
        postgres.sql("UPDATE accounts SET abalance = abalance + 1 WHERE aid = 1")
        time.sleep(0.2)
        pgbench(edge.wire_port, script, "simple", clients=1, seconds=1)
        runs.append(float(postgres.sql(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE '%max(filler)%'")))
    row = stand.report.figure(CASE, "heavy: runs at PostgreSQL after an invalidation", runs, "runs")
    stand.report.value(CASE, "heavy: misses a key after an invalidation", row["median"], "", 1)
