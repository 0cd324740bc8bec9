"""What a cached entry costs beyond its payload, what an idle edge costs at home, and how long a start takes."""

import concurrent.futures
import http.client
import json
import time

from processes import BOTH, LOAD, Process, wait
from servers import CLIENT, EDGE, Edge, Home, java

CASE = "memory"
ENTRIES = 100_000
FIRST = 45_000
STREAMS = 1000


def run(stand):
    _entries(stand)
    _streams(stand)
    _starts(stand)


def fill(edge, statement, keys, threads=8):
    """Reads every key once."""
    def some(share):
        connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=40)
        for key in share:
            connection.request("POST", "/api/query", json.dumps({"sql": statement, "params": [key]}), {
                "Authorization": f"Bearer {CLIENT}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(str(answer.status))
    keys = list(keys)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, [keys[n::threads] for n in range(threads)]))


def _entries(stand):
    count = ENTRIES // 10 if stand.quick else ENTRIES
    print(f"  {count} entries", flush=True)
    edge = stand.edge
    sql = "SELECT aid, abalance FROM accounts WHERE aid = $1"
    edge.warm(sql, [1])
    # What is bounded for itself, like the memory of requests' bodies, is full then and no longer grows with the entries.
    fill(edge, sql, range(1, FIRST))
    before = edge.heap()
    fill(edge, sql, range(FIRST, FIRST + count))
    after = edge.heap()
    # The payload is the body of the answer, and the parameter, in bytes; the text of the statement each entry has too.
    payload = len(edge.query(sql, [50_000])[1]) + len(sql)
    beyond = (after - before) / count - payload
    stand.report.figure(CASE, "heap an entry, payload included", [(after - before) / count], "bytes")
    stand.report.value(CASE, "heap an entry beyond body and statement text", beyond, "bytes", 250)
    stand.report.figure(CASE, "edge's heap after a collection", [after / 1e6], "MB")


def _streams(stand):
    print(f"  {STREAMS} idle streams", flush=True)
    home = stand.home
    warm = _held(home)
    warm.stop()
    time.sleep(1)
    before, rss = home.heap(), home.rss()
    held = _held(home)
    after, rss_after = home.heap(), home.rss()
    held.stop()
    stand.report.value(CASE, "heap of home an idle edge", (after - before) / STREAMS / 1024, "KB", 20)
    stand.report.figure(CASE, "resident memory of home an idle edge", [max(0, rss_after - rss) / STREAMS / 1024], "KB")
    stand.report.figure(CASE, "home's heap after a collection", [after / 1e6], "MB")


def _held(home):
    held = Process("held", java("FanOut", "target=home", f"home={home.port}",
                                f"token={EDGE}", "jdbc=" + home.jdbc, f"edges={STREAMS}", "hold=1"), LOAD)
    wait("the streams", lambda: "connected" in held.log.read_text(), held)
    held.log.write_text("")
    return held


def _starts(stand):
    print("  starts, on both cores", flush=True)
    homes, edges = [], []
    for number in range(2 if stand.quick else 5):
        home = Home(stand.postgres, name=f"started-home-{number}", core=BOTH)
        homes.append(home.started_after)
        edge = Edge(home.port, name=f"started-edge-{number}", core=BOTH)
        edges.append(edge.started_after)
        edge.stop()
        home.stop()
    for name, seconds in (("home", homes), ("edge", edges)):
        row = stand.report.figure(CASE, f"start of {name} until it is ready", seconds, "s")
        stand.report.value(CASE, f"start of {name} until it is ready", row["median"], "s", 3, width=row["spread"])
