"""What the way through edge and home adds to a read that is not in memory."""

import concurrent.futures
import http.client
import json
import re
import threading
import time

from cases.memory import fill
import load
from load import sql_script
from peers import Pgbouncer
from processes import LOAD, SERVERS, Process, listening, port, run as execute, wait, work
from servers import CLIENT, Edge, java
from stats import percentile

CASE = "miss"
DELAY = 20
AT_ONCE = 1000


def run(stand):
    _added(stand)
    far_port = port()
    proxy = Process("delay-proxy", java("DelayProxy", far_port, stand.home.port, DELAY), LOAD)
    wait("the proxy", lambda: listening(far_port), proxy)
    far = Edge(far_port, name="far-edge", core=SERVERS)
    _round_trips(stand, far)
    _herd(stand, far)
    far.stop()
    proxy.stop()


class Client:
    """One connection that is kept; counts nothing but the time to the last byte."""

    def __init__(self, service):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=40)

    def ask(self, sql, params, **headers):
        began = time.perf_counter()
        self.connection.request("POST", "/api/query", json.dumps({"sql": sql, "params": params}), {
            "Authorization": f"Bearer {CLIENT}", "Content-Type": "application/json", **headers})
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {sql}")
        return 1000 * (time.perf_counter() - began), answer.getheader("Cache-Status")


SQL = "SELECT abalance FROM accounts WHERE aid = $1"


def _misses(client, keys):
    found = []
    for key in keys:
        millis, status = client.ask(SQL, [key])
        if "hit" in status.split(";")[1]:
            raise RuntimeError("that was no miss: " + status)
        found.append(millis)
    return found


def _added(stand):
    """A read straight to PostgreSQL, prepared, by pgbench; and as a miss, by both protocols."""
    print("  one client, one after the other", flush=True)
    stand.edge.warm(SQL, [1])
    count = 150 if stand.quick else 1500
    straight, bounced, missed, wire = [], [], [], []
    bouncer = Pgbouncer(stand.postgres.port)
    _warm(stand.edge, 1_000_000, 25 if stand.quick else 120)
    _pgbench(stand.edge.wire_port, 100_000, 4 * count)
    key = 1000
    for _ in range(stand.rounds):
        straight.append(_pgbench(stand.postgres.port, key, count))
        bounced.append(_pgbench(bouncer.port, key, count))
        missed.append(_by_http(stand.edge, 100 * key))
        wire.append(_pgbench(stand.edge.wire_port, key, count))
        key += count
    stand.report.figure(CASE, "straight to PostgreSQL, p50", straight, "ms")
    stand.report.figure(CASE, "through pgbouncer, p50", bounced, "ms")
    bouncer.stop()
    stand.report.figure(CASE, "miss by HTTP through edge and home, p50", missed, "ms")
    stand.report.figure(CASE, "miss by PostgreSQL's protocol, p50", wire, "ms")
    added = [through - direct for through, direct in zip(missed, straight)]
    row = stand.report.figure(CASE, "added by HTTP, p50", added, "ms")
    stand.report.value(CASE, "added to a miss by HTTP, p50", row["median"], "ms", 1, width=row["spread"])
    added = [through - direct for through, direct in zip(wire, straight)]
    row = stand.report.figure(CASE, "added by PostgreSQL's protocol, p50", added, "ms")
    stand.report.value(CASE, "added to a miss by PostgreSQL's protocol, p50", row["median"], "ms", 1,
                       width=row["spread"])


def _by_http(edge, first):
    """The median of misses over one connection, each of another key, milliseconds."""
    script = work / "misses.lua"
    script.write_text(f"""
local n, hits = {first}, 0
function request()
  n = n + 1
  return wrk.format("POST", nil, nil, '{{"sql":"{SQL}","params":[' .. n .. ']}}')
end
function response(status, headers, body)
  if status ~= 200 or not headers["Cache-Status"]:find("uri-miss", 1, true) then failed = (failed or 0) + 1 end
end
function setup(thread) one = thread end
function done(summary, latency, requests)
  io.write(string.format("p50 %d failed %d\\n", latency:percentile(50), one:get("failed") or 0))
end
wrk.headers["Authorization"] = "Bearer {CLIENT}"
wrk.headers["Content-Type"] = "application/json"
""")
    said = execute(["wrk", "-t1", "-c1", f"-d{load.SECONDS}s", "-s", script, edge.url + "/api/query"], core=LOAD)
    micros, failed = re.search(r"p50 (\d+) failed (\d+)", said).groups()
    if failed != "0":
        raise RuntimeError(f"{failed} answers were not of misses")
    return int(micros) / 1000


def _pgbench(number, first, count):
    """The median of as many reads, each of another key, milliseconds."""
    # A sequence of its own gives each read another key.
    script = sql_script("miss", "\\set aid :first + :n\nSELECT abalance FROM accounts WHERE aid = :aid;\n\\set n :n + 1\n")
    prefix = work / "latency"
    for old in work.glob("latency.*"):
        old.unlink()
    execute(["pgbench", "-n", "-h", "127.0.0.1", "-p", number, "-U", "postgres", "-M", "extended", "-c", 1, "-t", count,
             "-D", f"first={first}", "-D", "n=0", "-f", script, "-l", f"--log-prefix={prefix}", "postgres"], core=LOAD)
    lines = next(work.glob("latency.*")).read_text().splitlines()
    return percentile([int(line.split()[2]) / 1000 for line in lines], 0.5)


def _warm(edge, first, limit, threads=8):
    """Misses until there are no more of them in a second: it takes the JVMs tens of thousands to compile the way."""
    best, slower, began = 0.0, 0, time.monotonic()
    while slower < 5 and time.monotonic() - began < limit:
        at = time.monotonic()
        fill(edge, SQL, range(first, first + 1000), threads)
        first += 1000
        rate = 1000 / (time.monotonic() - at)
        slower = slower + 1 if rate < 1.02 * best else 0
        best = max(best, rate)


def _round_trips(stand, far):
    print("  40 ms between edge and home", flush=True)
    far.warm(SQL, [1])
    _warm(far, 2_000_000, 15 if stand.quick else 60, threads=32)
    client = Client(far)
    _misses(client, range(50_000, 50_020))
    count = 10 if stand.quick else 60
    trips = [percentile(_misses(client, range(51_000 + n * count, 51_000 + (n + 1) * count)), 0.5) / (2 * DELAY)
             for n in range(stand.rounds)]
    row = stand.report.figure(CASE, "round trips a miss with 40 ms to home, p50", trips, "")
    stand.report.value(CASE, "round trips a miss, 40 ms to home", row["median"], "", 1.2, width=row["spread"])


def _herd(stand, far):
    print(f"  {AT_ONCE} clients miss the same key at once", flush=True)
    queries = []
    text = "SELECT abalance, filler FROM accounts WHERE aid = $1"
    far.warm(text, [1])
    for round_ in range(1 if stand.quick else stand.rounds):
        stand.postgres.sql("SELECT pg_stat_statements_reset()")
        gate = threading.Barrier(AT_ONCE)

        def one(_):
            client = Client(far)
            client.connection.connect()
            gate.wait()
            return client.ask(text, [2000 + round_])

        threading.stack_size(256 * 1024)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as clients:
            list(clients.map(one, range(AT_ONCE)))
        queries.append(float(stand.postgres.sql(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE '%abalance, filler FROM accounts%'"
            " AND query NOT LIKE '%pg_stat_statements%'")))
    row = stand.report.figure(CASE, f"queries for {AT_ONCE} simultaneous misses of one key", queries, "")
    stand.report.value(CASE, f"queries for {AT_ONCE} simultaneous misses of one key", max(queries), "", 1)
