"""An authenticated POST answered from memory, beside a bare reactor-netty handler that returns the same bytes."""

import json

from load import alternate, post_script, steady, wrk
from peers import Varnish
from processes import SERVERS, Process, listening, port, wait, work
from servers import CLIENT, java
from stand import DOCUMENT

CASE = "http-hits"


def run(stand):
    edge, report = stand.edge, stand.report
    body = json.dumps({"sql": DOCUMENT, "params": [1]})
    answer = edge.warm(DOCUMENT, [1])
    (work / "request").write_text(body)
    (work / "answer").write_bytes(answer)
    script = post_script("hit", body, CLIENT)
    bare_port = port()
    bare = Process("bare-http", java("BareHttp", bare_port, work / "request", work / "answer"), SERVERS)
    wait("the bare handler", lambda: listening(bare_port), bare)
    nginx = stand.nginx
    nginx.serve(answer)
    varnish = Varnish(nginx)
    contenders = {
        "edge, POST hit": (edge, lambda s: wrk(edge.url + "/api/query", script, seconds=s)),
        "bare reactor-netty, POST": (bare, lambda s: wrk(f"http://127.0.0.1:{bare_port}/api/query", script, seconds=s)),
        "nginx, static file, GET": (nginx, lambda s: wrk(f"http://127.0.0.1:{nginx.port}/answer", seconds=s)),
        "varnish, cached, GET": (varnish, lambda s: wrk(f"http://127.0.0.1:{varnish.port}/answer", seconds=s)),
    }
    print(f"  {len(answer)} bytes; warming up ...", flush=True)
    for _, (_, load) in list(contenders.items())[:2]:
        steady(load, stand.warm_up)
    found = alternate(stand.rounds, contenders)
    for name, (rates, cpu) in found.items():
        report.figure(CASE, name, rates, "per s", cpu)
    ours, bare_found = found["edge, POST hit"], found["bare reactor-netty, POST"]
    report.ratio(CASE, "hits per s, edge : bare reactor-netty", ours[0], bare_found[0], 0.6)
    report.ratio(CASE, "server CPU a hit, edge : varnish", ours[1], found["varnish, cached, GET"][1], 1.0, at_most=True)
    bare.stop()
    varnish.stop()
