"""Home's streams to many edges, beside nchan's to as many subscribers."""

from fan import column, fan_out
from processes import LOAD, SERVERS

CASE = "fan-out"
# Commits a second that a core delivers to 1000 edges without leaving any out.
WHOLE = 300


def run(stand):
    stand.home.move_to(SERVERS)
    stand.nginx
    try:
        assert stand.streams_warm
        _beside_nchan(stand)
        _past_saturation(stand)
        if not stand.quick:
            _stalled(stand)
            _many(stand)
    finally:
        stand.home.move_to(LOAD)


def _beside_nchan(stand):
    report, seconds = stand.report, 1 if stand.quick else 4
    print("  1000 subscribers, as much as goes", flush=True)
    # Home: nearly as much as it can deliver, so that nothing is conflated. nchan: more than it can, as it queues.
    found = {"home": [], "nchan": []}
    for _ in range(stand.rounds):
        found["home"] += fan_out(stand, ["home"], edges=1000, rate=WHOLE, tables=500, durable=0, seconds=seconds,
                                 warm=2)["home"]
        found["nchan"] += fan_out(stand, ["nchan"], edges=1000, rate=1000, seconds=seconds, warm=2)["nchan"]
    for name, rows in found.items():
        report.figure(CASE, f"1000 saturated: {name}", column(rows, "deliveries_per_s"), "deliveries/s",
                      column(rows, "cpu_us"))
    report.figure(CASE, "1000 saturated: home, share conflated", column(found["home"], "skipped_share"), "")
    report.ratio(CASE, "1000 saturated: deliveries/s, home : nchan",
                 column(found["home"], "deliveries_per_s"), column(found["nchan"], "deliveries_per_s"), 0.8)
    print("  1000 subscribers, 100 commits a second", flush=True)
    found = fan_out(stand, ["home", "nchan"], edges=1000, rate=100, tables=100, seconds=seconds, warm=1,
                    rounds=stand.rounds)
    for name, rows in found.items():
        report.figure(CASE, f"1000 at 100/s: {name}, p99", column(rows, "p99_ms"), "ms", column(rows, "cpu_us"))
    report.ratio(CASE, "1000 at 100/s: p99, home : nchan", column(found["home"], "p99_ms"),
                 column(found["nchan"], "p99_ms"), 1.5, at_most=True)


def _past_saturation(stand):
    print("  1000 edges, one table, as many commits as go", flush=True)
    rows = fan_out(stand, ["home"], edges=1000, rate=1000, tables=1, durable=0, seconds=2 if stand.quick else 5, warm=2,
                   rounds=1 if stand.quick else 3)["home"]
    stand.report.figure(CASE, "past saturation: share conflated", column(rows, "skipped_share"), "")
    stand.report.figure(CASE, "past saturation: deliveries/s", column(rows, "deliveries_per_s"), "deliveries/s")
    row = stand.report.figure(CASE, "past saturation: commit → applied, p99", column(rows, "p99_ms"), "ms")
    stand.report.value(CASE, "past saturation: commit → applied, p99", row["median"], "ms", 100, width=row["spread"])


def _stalled(stand):
    print("  1000 edges, 20 commits a second, with and without 100 that stall", flush=True)
    calm, stalled = [], []
    for _ in range(stand.rounds):
        calm += fan_out(stand, ["home"], edges=1000, rate=20, seconds=4, warm=1)["home"]
        stalled += fan_out(stand, ["home"], edges=1000, rate=20, seconds=4, warm=1, stalled=100)["home"]
    stand.report.figure(CASE, "1000 at 20/s: p99", column(calm, "p99_ms"), "ms")
    stand.report.figure(CASE, "1000 at 20/s, 100 stalled: p99 of the others", column(stalled, "p99_ms"), "ms")
    stand.report.ratio(CASE, "p99 of the others, stalled : none", column(stalled, "p99_ms"), column(calm, "p99_ms"),
                       1.1, at_most=True)
    stand.report.value(CASE, "stalled edges that lack a version afterwards", sum(column(stalled, "stalled_lacking")),
                       "", 0)


def _many(stand):
    print("  5000 edges, 10 commits a second", flush=True)
    rows = fan_out(stand, ["home"], edges=5000, rate=10, seconds=20, warm=2)["home"]
    row = stand.report.figure(CASE, "5000 at 10/s: p99", column(rows, "p99_ms"), "ms", column(rows, "cpu_us"))
    stand.report.value(CASE, "5000 at 10/s: commit → applied, p99", row["median"], "ms", 50, width=row["spread"])
