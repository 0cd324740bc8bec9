"""The microbenchmarks."""

import json
import subprocess

from processes import SERVERS, run, work
from report import RESULTS
from servers import classpath

SHORT = ["-wi", "2", "-w", "300ms", "-i", "5", "-r", "300ms"]


def everything(quick):
    """Runs them all for somebody who watches."""
    return subprocess.call(["java", "-cp", classpath(), "org.openjdk.jmh.Main", *(SHORT if quick else []),
                            "-rf", "json", "-rff", str(RESULTS / "jmh.json")])


def scores(benchmark, parameter, values, quick):
    """{value: the scores of the iterations}."""
    file = work / "jmh.json"
    run(["java", "-cp", classpath(), "org.openjdk.jmh.Main", benchmark, "-p", f"{parameter}={','.join(values)}",
         *(SHORT if quick else []), "-rf", "json", "-rff", file], core=SERVERS, cwd=work)
    return {row["params"][parameter]: row["primaryMetric"]["rawData"][0] for row in json.loads(file.read_text())}
