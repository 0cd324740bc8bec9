"""Runs the cases and writes down what they found."""

import argparse
import importlib
import sys
import time
import traceback

import jmh
import processes
from report import Report
from stand import Stand

# The first ones fit into five minutes.
QUICK = ["http-hits", "pgwire-hits", "miss", "invalidation", "fan-out"]
CASES = QUICK + ["memory", "wan", "growth"]


def case(name):
    return importlib.import_module("cases." + name.replace("-", "_"))


def arguments():
    parser = argparse.ArgumentParser(prog="./bench", description="Perigee beside what people would use instead.")
    parser.add_argument("--quick", action="store_true", help="rounds of a second, of " + ", ".join(QUICK))
    parser.add_argument("--only", metavar="NAME[,NAME]", help="of: " + ", ".join(CASES))
    parser.add_argument("--list", action="store_true", help="lists the cases")
    parser.add_argument("--jmh", action="store_true", help="runs the microbenchmarks instead")
    given = parser.parse_args()
    chosen = given.only.split(",") if given.only else QUICK if given.quick else CASES
    for name in chosen:
        if name not in CASES:
            parser.error(f"there is no {name}; there are {', '.join(CASES)}")
    return given, chosen


def main():
    given, chosen = arguments()
    if given.list:
        for name in CASES:
            print(f"{name:14} {case(name).__doc__.splitlines()[0]}")
        return 0
    if given.jmh:
        return jmh.everything(given.quick)
    processes.install()
    report = Report()
    stand = Stand(given.quick, report)
    began = time.monotonic()
    failed = []
    for at, name in enumerate(chosen):
        module = case(name)
        print(f"[{at + 1}/{len(chosen)}] {name}: {module.__doc__.splitlines()[0]}", flush=True)
        report.busy = max(report.busy, processes.busy())
        if report.busy > 0.1:
            print(f"  this machine is {100 * report.busy:.0f} % busy with something else: do not trust what follows")
        started = time.monotonic()
        try:
            module.run(stand)
        except Exception:
            failed.append(name)
            traceback.print_exc()
        print(f"  {time.monotonic() - started:.0f} s", flush=True)
    report.write("part" if given.only else "quick" if given.quick else "full")
    print("\n" + report.table())
    print(f"{time.monotonic() - began:.0f} s; in benchmarks/results/." + (f" Failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
