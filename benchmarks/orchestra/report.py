"""What was found: as a table, as JSON, as plots."""

import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

import stats

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "results"


class Report:
    """Rows of figures, and rows that compare."""

    def __init__(self):
        self.series = []
        self.comparisons = []
        self.plots = []
        # The share of the machine that was busy with something else when a case began.
        self.busy = 0.0

    def figure(self, case, what, values, unit, cpu=None):
        """A measured series, a value a round; cpu is microseconds of the server's a request."""
        row = {"case": case, "what": what, "unit": unit, "median": stats.median(values),
               "spread": stats.spread(values), "values": list(values)}
        if cpu:
            row["server_cpu_us"] = stats.median(cpu)
        self.series.append(row)
        print("    {:<44} {:>12} {} ±{:.0f} %{}".format(
            what, number(row["median"]), unit, 100 * row["spread"],
            f"   {row['server_cpu_us']:.1f} µs CPU each" if cpu else ""), flush=True)
        return row

    def ratio(self, case, what, ours, theirs, target=None, at_most=False):
        """Compares two series of the same rounds."""
        value, width = stats.ratio(ours, theirs)
        self._compare(case, what, value, width, "×", target, at_most, not stats.differs(value, width))

    def value(self, case, what, value, unit, target=None, at_most=True, width=0.0):
        """One figure against its target."""
        self._compare(case, what, value, width, unit, target, at_most, False)

    def _compare(self, case, what, value, width, unit, target, at_most, same):
        verdict = ""
        if target is not None:
            verdict = "met" if (value <= target if at_most else value >= target) else "missed"
        row = {"case": case, "what": what, "value": value, "spread": width, "unit": unit, "target": target,
               "at_most": at_most, "verdict": verdict, "no_difference": same}
        self.comparisons.append(row)
        print(f"    => {what}: {shown(row)}  {aimed(row)} {verdict}", flush=True)

    def table(self):
        lines = [f"Measured {datetime.date.today()} on {machine()}, {command()}."
                 + (f" The machine was {100 * self.busy:.0f} % busy with something else." if self.busy > 0.1 else ""), "",
                 "| case | what | measured | target | |", "|---|---|---|---|---|"]
        for row in self.comparisons:
            lines.append(f"| {row['case']} | {row['what']} | {shown(row)} | {aimed(row)} | {row['verdict']} |")
        lines += ["", "| case | what | median | spread | server CPU each |", "|---|---|---|---|---|"]
        for row in self.series:
            cpu = f"{row['server_cpu_us']:.1f} µs" if "server_cpu_us" in row else ""
            lines.append(f"| {row['case']} | {row['what']} | {number(row['median'])} {row['unit']} "
                         f"| ±{100 * row['spread']:.0f} % | {cpu} |")
        return "\n".join(lines) + "\n"

    def write(self, name):
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text(self.table())
        (RESULTS / f"{name}.json").write_text(json.dumps({
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "machine": machine(), "command": command(), "busy": self.busy, "comparisons": self.comparisons, "series": self.series},
            indent=1) + "\n")
        for file, svg in self.plots:
            (RESULTS / file).write_text(svg)


def number(value):
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def shown(row):
    unit = row["unit"] if row["unit"] == "×" else " " + row["unit"]
    text = f"{number(row['value'])}{unit}"
    if row["unit"] == "×":
        text += f" ±{number(row['spread'] * row['value'])}"
    return text + (" (no difference)" if row["no_difference"] else "")


def aimed(row):
    if row["target"] is None:
        return ""
    unit = row["unit"] if row["unit"] == "×" else " " + row["unit"]
    return ("≤ " if row["at_most"] else "≥ ") + number(row["target"]) + unit


def command():
    return "`./bench" + "".join(" " + argument for argument in sys.argv[1:]) + "`"


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    java = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr.splitlines()[0]
    return f"{os.cpu_count()} cores {model}, Linux {platform.release().split('-')[0]}, {java.replace(chr(34), '')}"
