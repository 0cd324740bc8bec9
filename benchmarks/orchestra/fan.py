"""Runs the subscribers of FanOut.java and reads what they print."""

import json

from processes import LOAD, run, tree
from servers import EDGE, java


def fan_out(stand, targets, **options):
    """Gives {target: [a round's figures]}."""
    settings = dict(options)
    pids = []
    for target in targets:
        if target == "home":
            settings |= {"home": stand.home.port, "token": EDGE, "jdbc": stand.postgres.jdbc()}
            pids.append(str(stand.home.pid))
        else:
            settings["nchan"] = stand.nginx.port
            pids.append(",".join(map(str, tree(stand.nginx.pid))))
    settings |= {"target": ",".join(targets), "pids": ":".join(pids)}
    said = run(java("FanOut", *(f"{name}={value}" for name, value in settings.items()), heap="2g"), core=LOAD)
    found = {target: [] for target in targets}
    for line in said.splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            row["cpu_us"] = 1e6 * row["cpu_seconds"] / max(1, row["deliveries"])
            row["skipped_share"] = row["skipped"] / max(1, row["skipped"] + row["deliveries"])
            found[row["target"]].append(row)
    if not all(found.values()):
        raise RuntimeError(said[-3000:])
    return found


def column(rows, name):
    return [row[name] for row in rows]
