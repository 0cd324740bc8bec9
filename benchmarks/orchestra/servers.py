"""The servers: PostgreSQL, a home, edges, and what stands in their place."""

import glob
import json
import pathlib
import re
import shutil
import time
import urllib.error
import urllib.request

from processes import LOAD, SERVERS, Process, listening, port, run, wait, work

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILT = ROOT / "target/bench"
EDGE, CLIENT, ADMIN = "edge-token-for-benchmarks", "client-token-for-benchmarks", "admin-token-for-benchmarks"


def pg_bin(name):
    return sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4]))[-1]


def jvm_options(heap):
    """As in the images, but for the share of the memory that is the heap's."""
    said = re.search(r'JAVA_TOOL_OPTIONS="([^"]*)"', (ROOT / "Dockerfile").read_text())
    options = said.group(1).split() if said else []
    # What names a file of the image's is the image's alone; nor does every JDK know what the image's does.
    return [f"-Xmx{heap}", "-XX:+IgnoreUnrecognizedVMOptions"] + [
        option for option in options
        if not option.startswith(("-XX:MaxRAMPercentage", "-XX:SharedArchiveFile", "-XX:AOT"))
        and option != "--enable-native-access=ALL-UNNAMED"]


def classpath():
    own = ROOT / "benchmarks/target"
    return f"{own}/classes:{(own / 'classpath').read_text().strip()}"


def java(main, *arguments, heap="512m"):
    return ["java", f"-Xmx{heap}", "-cp", classpath(), f"dev.perigee.bench.{main}", *arguments]


class Postgres(Process):
    """A PostgreSQL of its own, on a core of the servers."""

    def __init__(self, core=SERVERS):
        self.port = port()
        data = work / "postgres"
        data.mkdir()
        shutil.chown(data, "postgres", "postgres")
        run([pg_bin("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8"],
            core=None, user="postgres")
        settings = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": str(data),
            "wal_level": "logical", "max_connections": 200, "max_wal_size": "4GB", "shared_buffers": "256MB",
            "wal_writer_delay": "10ms", "max_wal_senders": 20, "max_replication_slots": 20, "autovacuum": "off",
            "shared_preload_libraries": "pg_stat_statements"}
        command = [pg_bin("postgres"), "-D", str(data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        super().__init__("postgres", command, core, user="postgres")
        # It listens a moment before it lets anybody in.
        wait("PostgreSQL", lambda: "accepting" in run(
            ["pg_isready", "-h", "127.0.0.1", "-p", self.port], core=None, check=False), self)
        self.sql("CREATE EXTENSION pg_stat_statements")

    def sql(self, text):
        """Runs statements by psql and gives what the last one has returned."""
        return run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", self.port,
                    "-U", "postgres", "-c", text], core=None).strip()

    def jdbc(self):
        return f"jdbc:postgresql://127.0.0.1:{self.port}/postgres?user=postgres"


def tokens():
    environment = {}
    for index, (value, role) in enumerate([(EDGE, "EDGE"), (CLIENT, "CLIENT"), (ADMIN, "ADMIN")]):
        prefix = f"PERIGEE_SECURITY_TOKENS_{index}_"
        environment |= {prefix + "NAME": role, prefix + "VALUE": value, prefix + "ROLES": role}
    return environment


class Service(Process):
    """A home or an edge, as it is packaged."""

    def __init__(self, name, module, core, heap, arguments):
        self.port = port()
        self.url = f"http://127.0.0.1:{self.port}"
        jar = BUILT / module / f"{module}.jar"
        aot = BUILT / f"{module}.aot"
        began = time.monotonic()
        super().__init__(
            name, ["java", *jvm_options(heap), *([f"-XX:AOTCache={aot}"] if aot.exists() else []), "-jar", jar, f"--server.port={self.port}",
                   "--server.address=127.0.0.1", *arguments], core, env=tokens())
        wait(f"{name} to be ready", self.ready, self, limit=120)
        self.started_after = time.monotonic() - began

    def ready(self):
        status, body = http(self.url + "/actuator/health")
        return status == 200 and json.loads(body)["status"] == "UP"

    def heap(self):
        """Bytes in use on the heap after a collection."""
        run(["jcmd", self.pid, "GC.run"], core=None)
        run(["jcmd", self.pid, "GC.run"], core=None)
        said = run(["jcmd", self.pid, "GC.heap_info"], core=None)
        parts = re.findall(r"total \d+K, used (\d+)K", said)
        if not parts:
            raise RuntimeError(f"what is this: {said}")
        return 1024 * sum(map(int, parts))


class Home(Service):
    def __init__(self, postgres, name="home", core=LOAD, heap="1g", arguments=()):
        self.jdbc = postgres.jdbc()
        super().__init__(name, "home-service", core, heap, [
            f"--perigee.home.id={name}", f"--spring.r2dbc.url=r2dbc:postgresql://127.0.0.1:{postgres.port}/postgres",
            "--spring.r2dbc.username=postgres", "--perigee.max-edges=20000",
            "--perigee.home.tunnel.max-connections-per-token=1000", "--perigee.web.max-strangers=20000", "--perigee.home.database.admin-timeout=60s",
            *arguments])


class Edge(Service):
    def __init__(self, home_port, name="edge", core=SERVERS, heap="1g", arguments=()):
        self.wire_port = port()
        super().__init__(name, "edge-service", core, heap, [
            f"--perigee.home-url=http://127.0.0.1:{home_port}", f"--perigee.auth-token={EDGE}",
            f"--perigee.edge.id={name}", "--perigee.edge.region=here", f"--perigee.edge.pgwire.port={self.wire_port}",
            "--perigee.edge.pgwire.address=127.0.0.1", "--perigee.edge.pgwire.allow-trust=true",
            # So that nothing ends while it is measured.
            "--perigee.web.max-strangers=20000", "--perigee.default-ttl=1d", "--perigee.max-entries=3000000", "--perigee.edge.cache.max-bytes=4GB",
            *arguments])

    def query(self, sql, params=(), **headers):
        """Status, body, and Cache-Status of an answer."""
        return http_full(self.url + "/api/query", {"sql": sql, "params": list(params)}, headers)

    def warm(self, sql, params=()):
        """Asks until the answer comes from memory: a new table takes a moment to be published."""
        def hit():
            status, body, found = self.query(sql, params)
            return body if status == 200 and "hit" in found.get("Cache-Status", "") else None
        return wait(f"a hit of {sql}", hit, self, limit=30)


def http(url, token=ADMIN):
    try:
        with urllib.request.urlopen(
                urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def http_full(url, body, headers=None, token=CLIENT):
    request = urllib.request.Request(url, json.dumps(body).encode(), {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read(), dict(refused.headers)
