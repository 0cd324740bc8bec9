"""From a commit's return until 32 edges have applied it."""

from fan import column, fan_out
from processes import LOAD, SERVERS

CASE = "invalidation"


def run(stand):
    stand.home.move_to(SERVERS)
    assert stand.streams_warm
    found = fan_out(stand, ["home"], edges=32, rate=50, seconds=2 if stand.quick else 10, warm=1,
                    rounds=stand.rounds)["home"]
    stand.home.move_to(LOAD)
    stand.report.figure(CASE, "commit → applied on 32 edges, p50", column(found, "p50_ms"), "ms")
    row = stand.report.figure(CASE, "commit → applied on 32 edges, p99", column(found, "p99_ms"), "ms")
    stand.report.value(CASE, "commit → applied on 32 edges, p99", row["median"], "ms", 10, width=row["spread"])
    stand.report.value(CASE, "commits that an edge never heard of", sum(column(found, "lacking")), "", 0)
