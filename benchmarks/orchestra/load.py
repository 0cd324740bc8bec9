"""Load generators, on a core of their own, and rounds of them."""

import re

from processes import run, work

SECONDS = 5
QUICK = False


def wrk(url, script=None, connections=32, seconds=None):
    """Requests a second."""
    said = run(["wrk", "-t1", f"-c{connections}", f"-d{seconds or SECONDS}s"]
               + (["-s", script] if script else []) + [url])
    if "Non-2xx" in said:
        raise RuntimeError(said)
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", said).group(1))


def post_script(name, body, token):
    """A wrk script that posts."""
    script = work / f"{name}.lua"
    script.write_text(
        f'wrk.method = "POST"\nwrk.body = [==[{body}]==]\nwrk.headers["Content-Type"] = "application/json"\n'
        f'wrk.headers["Authorization"] = "Bearer {token}"\n')
    return script


def pgbench(port, script, mode, clients=8, seconds=None):
    """Transactions a second."""
    said = run(["pgbench", "-n", "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-M", mode, "-c", clients, "-j", 1,
                "-T", seconds or SECONDS, "-f", script, "postgres"])
    if re.search(r"number of failed transactions: [1-9]", said):
        raise RuntimeError(said)
    return float(re.search(r"tps = ([0-9.]+)", said).group(1))


def sql_script(name, text):
    script = work / f"{name}.sql"
    script.write_text(text)
    return script


def steady(load, limit):
    """Repeats a load until it is no faster than before: a JVM that has just started compiles itself meanwhile."""
    best = 0.0
    for _ in range(max(1, limit // 2)):
        rate = load(2)
        if rate < 1.03 * best:
            return
        best = max(best, rate)


def alternate(rounds, contenders, seconds=None):
    """Runs contenders in turn, A B A B ...; {name: (server process, load)}; gives {name: (rates, µs of CPU each)}."""
    found = {name: ([], []) for name in contenders}
    length = seconds or SECONDS
    for number in range(rounds):
        print(f"\r    round {number + 1} of {rounds} ", end="", flush=True)
        for name, (server, load) in contenders.items():
            before = server.cpu()
            rate = load(length)
            found[name][0].append(rate)
            found[name][1].append(1e6 * (server.cpu() - before) / max(1.0, rate * length))
    print("\r" + " " * 30 + "\r", end="", flush=True)
    return found
