"""How cost grows: with the number of entries, of edges, and of committed rows."""

import math
import time

import plot
from fan import fan_out
from load import pgbench, sql_script, steady
from processes import LOAD, SERVERS, run as execute
from servers import ADMIN, http_full

CASE = "growth"


def run(stand):
    _entries(stand)
    _edges(stand)
    _feed(stand)


def slope(points):
    """Of log y against log x: 0 is flat, -1 is as much slower as there is more."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / sum((x - mean_x) ** 2 for x in xs)


def _entries(stand):
    counts = [1000, 10_000] if stand.quick else [1000, 10_000, 100_000, 1_000_000]
    edge = stand.edge
    text = "SELECT abalance, bid FROM accounts WHERE aid = :aid;\n"
    fill = sql_script("fill", "\\set n :n + 1\n\\set aid :client_id * :share + :n\n" + text)
    points, have = [], 0
    pgbench(edge.wire_port, fill_one(text), "extended", seconds=2)
    for count in counts:
        print(f"  {count} entries", flush=True)
        share = count // 8
        for _ in range(2):
            # Twice: what was asked before home had said that it may be kept was not.
            if have < count:
                execute(["pgbench", "-n", "-h", "127.0.0.1", "-p", edge.wire_port, "-U", "postgres", "-M", "extended",
                         "-c", 8, "-j", 1, "-t", share, "-D", "n=0", "-D", f"share={share}", "-f", fill, "postgres"],
                        core=LOAD, timeout=1800)
        have = count
        script = sql_script(f"random-{count}", f"\\set aid random(1, {8 * share})\n" + text)
        steady(lambda s: pgbench(edge.wire_port, script, "extended", seconds=s), 8)
        rates = [pgbench(edge.wire_port, script, "extended") for _ in range(3 if stand.quick else 5)]
        points.append((count, stand.report.figure(CASE, f"hits/s with {count} entries", rates, "tps")["median"]))
    stand.report.value(CASE, "hits/s against entries: slope of the logarithms", slope(points), "")
    stand.report.plots.append(("growth-entries.svg", plot.line(
        "Hits a second against entries, one core, pgbench -M extended, 8 clients", "entries", "hits a second", points)))


def fill_one(text):
    return sql_script("fill-one", "\\set aid 1\n" + text)


def _edges(stand):
    stand.home.move_to(SERVERS)
    assert stand.streams_warm
    points = []
    for edges in ([1, 100, 1000] if stand.quick else [1, 10, 100, 1000, 5000]):
        rows = fan_out(stand, ["home"], edges=edges, rate=1000, tables=500, durable=0, seconds=1 if stand.quick else 4,
                       warm=1,
                       rounds=1 if stand.quick or edges == 5000 else 3)["home"]
        row = stand.report.figure(CASE, f"fan-out to {edges} edges, 1000 commits/s offered",
                                  [each["deliveries_per_s"] for each in rows], "deliveries/s",
                                  [each["cpu_us"] for each in rows])
        stand.report.figure(CASE, f"fan-out to {edges} edges, share conflated",
                            [each["skipped_share"] for each in rows], "")
        points.append((edges, row["median"]))
    stand.home.move_to(LOAD)
    stand.report.plots.append(("growth-edges.svg", plot.line(
        "Deliveries a second against edges, 1000 commits a second offered, one core", "edges", "deliveries a second",
        points)))


def _feed(stand):
    """Rows committed as fast as PostgreSQL can; then how long home is behind."""
    postgres, seconds = stand.postgres, 3 if stand.quick else 10
    postgres.sql("CREATE TABLE IF NOT EXISTS written (id int PRIMARY KEY, n int);"
                 "INSERT INTO written SELECT n, 0 FROM generate_series(1, 40000) n ON CONFLICT DO NOTHING")
    time.sleep(1)
    script = sql_script("rows", "UPDATE written SET n = n + 1"
                        " WHERE id BETWEEN :client_id * 1000 + 1 AND :client_id * 1000 + 1000;\n")
    written, kept = [], []
    for _ in range(2 if stand.quick else 5):
        rate = 1000 * pgbench(postgres.port, script, "prepared", clients=4, seconds=seconds)
        ended = time.monotonic()
        _read_back(stand.home)
        written.append(rate)
        kept.append(rate * seconds / (seconds + time.monotonic() - ended))
    stand.report.figure(CASE, "rows/s that PostgreSQL wrote, 1000 a commit", written, "rows/s")
    stand.report.figure(CASE, "rows/s that home kept up with", kept, "rows/s")
    stand.report.ratio(CASE, "rows/s, home : PostgreSQL", kept, written)


def _read_back(home):
    """An invalidation of ours has come back through the WAL once everything before it has; home waits 5 s for it."""
    for _ in range(24):
        status, body, _ = http_full(home.url + "/api/edge/invalidate", {"tables": ["public.written"]}, token=ADMIN)
        if status == 200:
            return
    raise RuntimeError(f"home is minutes behind: {status} {body[:200]}")
