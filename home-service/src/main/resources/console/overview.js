// The fleet at a glance.

import { applied, fleet, lastLatency, link, ratio } from "./fleet.js";
import { bytes, h, lsn, millis, number, panel, percent, rate, table, tile, time } from "./dom.js";
import { chart } from "./charts.js";
import { map } from "./map.js";

const TAIL = 40;

const names = (record) => (record.table_count === 0 ? "all tables" : record.tables.join(", ") + (record.table_count > record.tables.length ? ` and ${record.table_count - record.tables.length} more` : ""));
const share = (edge) => ratio(fleet.edges.get(edge.node.edge_id));

export function overview() {
  const tiles = ["Edges in step", "Hit ratio", "Statements per second", "Commit → applied", "Change feed"].map(tile);
  const notice = h("p", { class: "notice", role: "status", hidden: true });
  const view = map();
  const latency = chart(
    "Commit → applied",
    [
      { label: "median", color: "accent", show: millis, fill: true },
      { label: "99 of 100", color: "warn", show: millis },
    ],
    { axis: (mark) => millis(mark) },
  );
  const hits = chart("Hit ratio", [{ label: "from memory", color: "good", show: percent, fill: true }], { axis: (mark) => `${Math.round(mark * 100)} %`, top: 1.05 });

  const edges = table(
    "Edges",
    [
      { label: "Edge", make: (edge) => h("a", { href: `#/edge/${encodeURIComponent(edge.node.edge_id)}` }), text: (edge) => edge.node.edge_id },
      { label: "Region", text: (edge) => edge.node.region },
      { label: "Link", text: (edge) => (edge.gone ? `gone ${millis(Date.now() - edge.gone)} ago` : link(edge).word), tone: (edge) => (edge.gone ? "off" : link(edge).tone) },
      { label: "Staleness", class: "n", text: (edge) => millis(edge.staleness_ms), title: "How far behind the commits it may be at the most" },
      { label: "Lag", class: "n", text: (edge) => (edge.node.lag === null ? "–" : bytes(edge.node.lag)), title: "WAL between the head of home's log and what it has acknowledged" },
      { label: "Hit ratio", class: "n", text: (edge) => (edge.gone ? "–" : percent(share(edge).share)), tone: (edge) => (share(edge).recent ? "" : "quiet"), title: "Of the reads that may be kept: in the last minute, or, grey, since it started" },
      { label: "Statements/s", class: "n", text: (edge) => rate(edge.node.requests_per_second) },
      { label: "Results", class: "n", text: (edge) => number(edge.node.stats.entries) },
      { label: "Memory", class: "n", text: (edge) => bytes(edge.node.stats.bytes) },
      { label: "Home", text: (edge) => edge.node.home_id },
    ],
    (edge) => edge.node.edge_id,
    "No edge has registered yet. Start one with perigee.home-url pointing here and a token of role EDGE.",
  );
  const homes = table(
    "Homes",
    [
      { label: "Home", text: (home) => home.home_id },
      { label: "Feed", text: (home) => (home.feed_connected ? "connected" : "down"), tone: (home) => (home.feed_connected ? "good" : "bad") },
      { label: "Feed age", class: "n", text: (home) => millis(home.feed_age_ms), title: "How long ago it sent the heartbeat that it last read back from the WAL" },
      { label: "Log head", class: "n mono", text: (home) => (home.version === null ? "–" : lsn(home.version)) },
      { label: "Edges", class: "n", text: (home) => number(home.edges) },
      { label: "Up for", class: "n", text: (home) => millis(Date.now() - new Date(home.started_at)) },
    ],
    (home) => home.home_id,
    "",
  );
  const tail = table(
    "Invalidations, the newest first",
    [
      { label: "Committed", class: "mono", text: (record) => time(record.committed_at) },
      { label: "Tables", text: names },
      { label: "Position", class: "n mono", text: (record) => lsn(record.version) },
      {
        label: "Acknowledged",
        class: "n",
        text: (record) => {
          const { of, done } = applied(fleet.epoch, record.version);
          return `${done} of ${of}`;
        },
        tone: (record) => {
          const { of, done } = applied(fleet.epoch, record.version);
          return done === of ? "good" : "warn";
        },
      },
    ],
    (record) => record.version,
    "Nothing has been committed to a published table since home started.",
  );
  const skipped = h("p", { class: "hint" });

  const node = h(
    "div",
    null,
    h("h1", { class: "hidden", tabindex: "-1" }, "Overview"),
    notice,
    h("dl", { class: "tiles" }, tiles.map((one) => one.element)),
    h("div", { class: "columns" }, h("div", { class: "stack" }, panel("Fleet", view.element), panel("Homes", homes.element)), h("div", { class: "stack" }, latency.element, hits.element)),
    panel("Edges", edges.element),
    panel("Invalidations", tail.element, skipped),
  );

  const update = () => {
    const { state, total } = fleet;
    if (!state) {
      return;
    }
    notice.hidden = state.complete;
    notice.textContent = state.complete ? "" : "The database does not answer: only this home and its own edges are shown.";
    const inStep = state.edges.filter((edge) => edge.in_step && edge.node.eligible).length;
    const disabled = state.edges.filter((edge) => !edge.node.eligible).length;
    tiles[0].set(`${inStep} of ${state.edges.length}`, inStep === state.edges.length ? "good" : "warn", disabled ? `${disabled} disabled` : "");
    const whole = ratio(total);
    tiles[1].set(percent(whole.share), "", whole.share === null ? "no reads yet" : whole.recent ? "in the last minute" : "since the edges started");
    tiles[2].set(rate(state.edges.reduce((sum, edge) => sum + edge.node.requests_per_second, 0)), "", `${number(state.edges.reduce((sum, edge) => sum + edge.node.stats.entries, 0))} results in memory`);
    const last = lastLatency();
    tiles[3].set(last ? millis(last.median) : "–", "", last ? `median, ${last.ago < 2000 ? "now" : `${millis(last.ago)} ago`}` : "no commit since you are here");
    const own = state.homes.find((home) => home.home_id === state.home_id);
    tiles[4].set(own?.feed_connected ? millis(own.feed_age_ms) : "down", own?.feed_connected ? (own.feed_age_ms > 5000 ? "warn" : "") : "bad", own?.feed_connected ? "since the last heartbeat" : "no edge learns of commits");
    view.update(state, (edge) => view.words(percent(share(edge).share), edge.staleness_ms === null ? null : Math.ceil(edge.staleness_ms / 100) * 100));
    latency.update(total.at, total.median, total.high);
    hits.update(total.at, total.ratio);
    edges.update([...state.edges, ...[...fleet.departed.values()].map((one) => ({ node: { ...one.node, lag: null, requests_per_second: null }, staleness_ms: null, gone: one.at }))]);
    homes.update(state.homes);
    tail.update(fleet.tail.slice(0, TAIL));
    skipped.textContent = fleet.skipped ? `${number(fleet.skipped)} came too quickly to be shown.` : "";
  };

  return {
    title: "Overview",
    node,
    update,
    close() {
      latency.close();
      hits.close();
    },
  };
}
