"""From a commit's return until 32 edges have applied it; and what it costs an edge."""

import jmh
from fan import column, fan_out
from processes import LOAD, SERVERS

CASE = "invalidation"


def run(stand):
    stand.home.move_to(SERVERS)
    assert stand.streams_warm
    found = fan_out(stand, ["home"], edges=32, rate=50, seconds=1 if stand.quick else 10, warm=1,
                    rounds=stand.rounds)["home"]
    stand.home.move_to(LOAD)
    stand.report.figure(CASE, "commit → applied on 32 edges, p50", column(found, "p50_ms"), "ms")
    row = stand.report.figure(CASE, "commit → applied on 32 edges, p99", column(found, "p99_ms"), "ms")
    stand.report.value(CASE, "commit → applied on 32 edges, p99", row["median"], "ms", 10, width=row["spread"])
    stand.report.value(CASE, "commits that an edge never heard of", sum(column(found, "lacking")), "", 0)
    _raising(stand)


def _raising(stand):
    print("  raising a watermark, by JMH", flush=True)
    found = jmh.scores("WatermarkBenchmark.raise", "entries", ["1000", "1000000"], stand.quick)
    for entries, nanos in found.items():
        stand.report.figure(CASE, f"raising a watermark over {entries} entries", nanos, "ns")
    stand.report.ratio(CASE, "raising a watermark, 1 000 000 : 1000 entries", found["1000000"], found["1000"], 1.2,
                       at_most=True)
