// One edge: how it stands, what it has in memory, why it went past it.

import { evict, toggle } from "./actions.js";
import { call } from "./api.js";
import { chart } from "./charts.js";
import { fleet, link, ratio } from "./fleet.js";
import { bytes, h, millis, number, panel, percent, rate, table, tile } from "./dom.js";
import { REASONS } from "./statements.js";

const EVERY = 3000;

const WHY = {
  ...REASONS,
  absent: "it was not in memory",
  invalidated: "a commit had changed a table it reads",
  "too-stale": "the edge was further behind than its bound allows",
  "max-age": "the edge was further behind than the request allows",
  "min-version": "the answer has to contain a later write",
  "no-cache": "the client asked for the database's answer",
  "only-if-cached": "the client wanted it from memory or not at all",
  refused: "the edge was too stale, and home was not to be asked",
  ineligible: "an operator has disabled this edge",
  "not-linked": "there was no stream from home",
  "outside-interest": "it reads a table this edge does not listen for",
  "session-state": "the session has changed something that may change the answer",
  "other-server": "the session's database is not the one home reads the log of",
  pipelined: "it came in a pipeline behind something that went to the database",
  "not-analysed": "home had not yet said whether it may be kept",
  other: "many different ones",
};

function reasons(caption) {
  return table(
    caption,
    [
      { label: "Reason", class: "mono", text: (one) => one.reason },
      { label: "Meaning", text: (one) => WHY[one.reason] ?? "" },
      { label: "Times", class: "n", text: (one) => number(one.count) },
    ],
    (one) => one.reason,
    "None so far.",
  );
}

const sorted = (counts) => Object.entries(counts).map(([reason, count]) => ({ reason, count })).sort((one, other) => other.count - one.count);

export function edgePage(id) {
  const badge = h("span", { class: "badge" });
  const about = h("p", { class: "hint" });
  const switching = h("button", { type: "button", click: () => toggle(id, current()?.node.eligible) });
  const evicting = h("button", { type: "button", class: "danger", click: () => evict(id) }, "Evict…");
  const tiles = ["Staleness", "Lag", "Hit ratio", "Statements per second", "In memory", "Last acknowledged"].map(tile);
  const hits = chart("Hit ratio", [{ label: "from memory", color: "good", show: percent, fill: true }], { axis: (mark) => `${Math.round(mark * 100)} %`, top: 1.05 });
  const load = chart("Statements per second", [{ label: "all", color: "accent", show: rate, fill: true }], { axis: rate });
  const entries = table(
    "Results served most often",
    [
      { label: "Statement", make: () => h("code", { class: "sql" }), text: (one) => one.sql },
      { label: "Hits", class: "n", text: (one) => number(one.hits) },
      { label: "Params", class: "n", text: (one) => number(one.params) },
      { label: "Tables", text: (one) => one.tables.join(", ") },
      { label: "Age", class: "n", text: (one) => millis(one.age_ms) },
      { label: "Time left", class: "n", text: (one) => (one.current ? millis(Math.max(0, one.ttl_left_ms)) : "invalidated"), tone: (one) => (one.current ? "" : "quiet") },
      { label: "Size", class: "n", text: (one) => bytes(one.bytes) },
    ],
    (one) => one.key,
    "Nothing is in memory.",
  );
  const misses = reasons("Reads that may be kept and were not in memory, by reason");
  const bypasses = reasons("Statements that went past the cache, by reason");
  const report = h("p", { class: "hint", role: "status" }, "No report yet. An edge reports within some seconds while a console is open.");

  const node = h(
    "div",
    null,
    h("div", { class: "head" }, h("h1", { tabindex: "-1" }, id), badge, h("span", { class: "grow" }), switching, evicting),
    about,
    h("dl", { class: "tiles" }, tiles.map((one) => one.element)),
    h("div", { class: "columns even" }, hits.element, load.element),
    panel("Results served most often", entries.element, report),
    h("div", { class: "columns even" }, panel("Sent to home although it may be kept", misses.element), panel("Not for the cache", bypasses.element)),
  );

  const current = () => fleet.state?.edges.find((edge) => edge.node.edge_id === id);

  const update = () => {
    const edge = current();
    if (!fleet.state) {
      return;
    }
    badge.textContent = edge ? link(edge).word : "not connected";
    badge.className = `badge ${edge ? link(edge).tone : "off"}`;
    switching.textContent = edge && !edge.node.eligible ? "Enable" : "Disable…";
    switching.disabled = evicting.disabled = !edge;
    if (!edge) {
      about.textContent = "No home holds an edge of this name.";
      return;
    }
    const { node: it } = edge;
    about.textContent = `${it.region} · ${it.base_url} · held by ${it.home_id}, generation ${it.generation}, for ${millis(Date.now() - new Date(it.registered_at))} · ${it.tables ? `listens for ${it.tables.join(", ")}` : "listens for every table"}`;
    const past = fleet.edges.get(id);
    const share = ratio(past);
    tiles[0].set(millis(edge.staleness_ms), edge.in_step ? "" : "warn", "at the most");
    tiles[1].set(bytes(it.lag), "", "of WAL not acknowledged");
    tiles[2].set(percent(share.share), "", share.share === null ? "no reads yet" : share.recent ? "in the last minute" : "since it started");
    tiles[3].set(rate(it.requests_per_second), "", `${number(it.stats.hits)} hits, ${number(it.stats.misses)} misses, ${number(it.stats.bypasses)} past it`);
    tiles[4].set(number(it.stats.entries), "", `${bytes(it.stats.bytes)} of ${bytes(it.stats.max_bytes)}`);
    tiles[5].set(`${millis(edge.ack_age_ms)} ago`, edge.ack_age_ms > 5000 ? "bad" : "", `${number(it.invalidations_sent)} invalidations sent`);
    if (past) {
      hits.update(past.at, past.ratio);
      load.update(past.at, past.rate);
    }
  };

  const look = async () => {
    try {
      const { received_ago_ms: ago, report: said } = await call("GET", `api/edge/${encodeURIComponent(id)}/report`);
      if (!said) {
        return;
      }
      entries.update(said.entries.map((one, at) => ({ ...one, key: at })));
      misses.update(sorted(said.misses));
      bypasses.update(sorted(said.bypasses));
      report.textContent = `Reported by the edge ${millis(ago)} ago.${said.partial ? " It holds more results than it looks at for this." : ""}`;
    } catch (refused) {
      report.textContent = refused.message;
    }
  };
  look();
  const timer = setInterval(look, EVERY);

  return {
    title: id,
    node,
    update,
    close() {
      clearInterval(timer);
      hits.close();
      load.close();
    },
  };
}
