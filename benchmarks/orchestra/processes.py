"""Starts processes on cores of their own, counts their CPU, and ends them all, whatever happens."""

import atexit
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SERVERS, LOAD, BOTH = "0", "1", "0,1"
TICKS = os.sysconf("SC_CLK_TCK")
_running = []
_ports = iter(range(17000, 20000))
work = pathlib.Path(tempfile.mkdtemp(prefix="perigee-bench-"))
work.chmod(0o755)


def port():
    """A port nobody listens on."""
    for number in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", number))
                return number
            except OSError:
                pass
    raise RuntimeError("no port is free")


class Process:
    """A server, with its log in the working directory."""

    def __init__(self, name, command, core, env=None, user=None):
        self.name = name
        self.log = work / f"{name}.log"
        pinned = ["taskset", "-c", core] if core else []
        if user:
            pinned = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] + pinned
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(
                pinned + [str(part) for part in command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=work,
                env={**os.environ, **(env or {})}, start_new_session=True)
        self.pid = self.popen.pid
        _running.append(self)

    def check(self):
        if self.popen.poll() is not None:
            raise RuntimeError(f"{self.name} has ended with {self.popen.returncode}:\n" + self.tail())

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])

    def cpu(self):
        """Seconds of CPU it and its children have used."""
        return sum(map(_cpu, tree(self.pid)))

    def move_to(self, core):
        """Pins all of its threads to another core."""
        for pid in tree(self.pid):
            run(["taskset", "-a", "-c", "-p", core, pid], core=None)

    def rss(self):
        """Bytes in memory."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024

    def stop(self, patience=8):
        if self in _running:
            _running.remove(self)
        if self.popen.poll() is None:
            # PostgreSQL's fast shutdown; for the others as good as any.
            self.popen.send_signal(signal.SIGINT if self.name.startswith(("postgres", "pgpool")) else signal.SIGTERM)
            try:
                self.popen.wait(patience)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()


def busy(seconds=1.0):
    """The share of the machine that is busy now."""
    def read():
        fields = list(map(int, open("/proc/stat").readline().split()[1:9]))
        return sum(fields), fields[3] + fields[4]
    total, idle = read()
    time.sleep(seconds)
    total_after, idle_after = read()
    return 1 - (idle_after - idle) / max(1, total_after - total)


def _stat(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _cpu(pid):
    stat = _stat(pid)
    # Children that have ended are counted with their parents.
    return sum(map(int, stat[11:15])) / TICKS if stat else 0


def tree(root):
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := _stat(entry)):
            parents.setdefault(int(stat[1]), []).append(int(entry))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def run(command, core=LOAD, user=None, check=True, **options):
    """Runs a command to its end and gives what it has printed."""
    prefix = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    prefix += ["taskset", "-c", core] if core else []
    options.setdefault("timeout", 300)
    done = subprocess.run(
        prefix + [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}:\n{done.stdout[-3000:]}")
    return done.stdout


def wait(what, condition, process=None, limit=60):
    """Waits until something is so."""
    deadline = time.monotonic() + limit
    while True:
        try:
            result = condition()
            if result:
                return result
        except OSError:
            pass
        if process:
            process.check()
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {limit} s for: {what}\n" + (process.tail() if process else ""))
        time.sleep(0.02)


def listening(number):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", number)) == 0


def stop_all():
    for process in list(reversed(_running)):
        process.stop(3)
    shutil.rmtree(work, ignore_errors=True)


def install():
    """From here on an end, of whatever kind, ends what was started; and what we do ourselves is load."""
    os.sched_setaffinity(0, {int(LOAD)})
    atexit.register(stop_all)
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: sys.exit(130))
