// What the stream has said: the fleet now, a little of its past for the charts, the last invalidations.

const HISTORY = 600;
const MOST_TAIL = 200;
const WINDOW = 60;
const COUNTERS = ["hits", "misses", "bypasses"];

const listeners = new Set();
let asked = false;

export const fleet = {
  state: null,
  live: "connecting",
  trouble: "",
  skipped: 0,
  epoch: null,
  /** The newest first. */
  tail: [],
  /** Edges that were here and are not: id to when they were last seen. */
  departed: new Map(),
  total: history(),
  edges: new Map(),
};

function history() {
  return { at: [], hits: [], misses: [], bypasses: [], ratio: [], rate: [], median: [], high: [], staleness: [] };
}

/** Calls back when there is news, once per frame of the screen; gives the function that ends that. */
export function listen(callback) {
  listeners.add(callback);
  return () => listeners.delete(callback);
}

function changed() {
  if (!asked) {
    asked = true;
    // A page in the background gets no frames of the screen, but is to be right when it is looked at.
    (document.hidden ? (next) => setTimeout(next, 1000) : requestAnimationFrame)(() => {
      asked = false;
      listeners.forEach((callback) => callback());
    });
  }
}

export function forget() {
  Object.assign(fleet, { state: null, live: "connecting", trouble: "", skipped: 0, epoch: null, tail: [], departed: new Map(), total: history(), edges: new Map() });
}

export function status(live, trouble) {
  fleet.live = live;
  fleet.trouble = trouble ?? "";
  changed();
}

export function event(name, data) {
  if (name === "state") {
    take(data);
  } else if (name === "invalidations") {
    if (fleet.epoch !== data.epoch) {
      fleet.tail = [];
      fleet.epoch = data.epoch;
    }
    const known = new Set(fleet.tail.map((record) => record.version));
    const news = data.records.filter((record) => !known.has(record.version));
    fleet.tail = [...news, ...fleet.tail].slice(0, MOST_TAIL);
    fleet.skipped += data.skipped;
  }
  changed();
}

function take(state) {
  const now = Date.now() / 1000;
  const present = new Set(state.edges.map((edge) => edge.node.edge_id));
  for (const edge of fleet.state?.edges ?? []) {
    if (!present.has(edge.node.edge_id)) {
      fleet.departed.set(edge.node.edge_id, { node: edge.node, at: Date.now() });
    }
  }
  present.forEach((id) => fleet.departed.delete(id));
  while (fleet.departed.size > 50) {
    fleet.departed.delete(fleet.departed.keys().next().value);
  }
  fleet.state = state;
  const most = state.edges.length > 100 ? WINDOW + 30 : HISTORY;
  const { total } = fleet;
  const last = total.at.length - 1;
  // Edges come and go, and their counters with them: after the first time only what has grown counts.
  const sum = Object.fromEntries(COUNTERS.map((name) => [name, last < 0 ? 0 : total[name][last]]));
  let worst = null;
  for (const edge of state.edges) {
    let past = fleet.edges.get(edge.node.edge_id);
    if (!past) {
      past = history();
      fleet.edges.set(edge.node.edge_id, past);
    }
    for (const name of COUNTERS) {
      const before = last < 0 ? 0 : (past[name].at(-1) ?? edge.node.stats[name]);
      sum[name] += Math.max(0, edge.node.stats[name] - before);
    }
    remember(past, now, edge.node.stats, edge.node.requests_per_second);
    past.staleness.push(edge.staleness_ms);
    trim(past, most);
    worst = Math.max(worst ?? 0, edge.staleness_ms ?? 0);
  }
  for (const id of fleet.edges.keys()) {
    if (!present.has(id)) {
      fleet.edges.delete(id);
    }
  }
  remember(total, now, sum, state.edges.reduce((all, edge) => all + edge.node.requests_per_second, 0));
  total.median.push(state.latency.median_ms);
  total.high.push(state.latency.high_ms);
  total.staleness.push(worst);
  trim(total, HISTORY);
}

/** The rate is as it was reported: counters do not come once in each state, from edges of other homes every other second. */
function remember(past, now, stats, rate) {
  const last = past.at.length - 1;
  const grown = (name) => (last < 0 ? 0 : stats[name] - past[name][last]);
  const [hits, misses] = COUNTERS.map(grown);
  past.at.push(now);
  COUNTERS.forEach((name) => past[name].push(stats[name]));
  // Less than before: somebody has started anew.
  past.ratio.push(hits >= 0 && misses >= 0 && hits + misses > 0 ? hits / (hits + misses) : null);
  past.rate.push(rate);
}

function trim(past, most) {
  for (const values of Object.values(past)) {
    if (values.length > most) {
      values.splice(0, values.length - most);
    }
  }
}

/** Of the reads that may be kept, how many came from memory: in the last minute if there were any, else since the start. */
export function ratio(past) {
  const last = past ? past.at.length - 1 : -1;
  if (last < 0) {
    return { share: null, recent: false };
  }
  let from = last;
  while (from > 0 && past.at[last] - past.at[from - 1] <= WINDOW) {
    from--;
  }
  const recent = [past.hits[last] - past.hits[from], past.misses[last] - past.misses[from]];
  if (recent[0] >= 0 && recent[1] >= 0 && recent[0] + recent[1] > 0) {
    return { share: recent[0] / (recent[0] + recent[1]), recent: true };
  }
  const all = past.hits[last] + past.misses[last];
  return { share: all > 0 ? past.hits[last] / all : null, recent: false };
}

/** The last measurement of how long commits take. */
export function lastLatency() {
  const at = fleet.total.median.findLastIndex((value) => value !== null);
  return at < 0 ? null : { median: fleet.total.median[at], high: fleet.total.high[at], ago: (fleet.total.at.at(-1) - fleet.total.at[at]) * 1000 };
}

/** How an edge stands: a word, and the tone it is said in. */
export function link(edge) {
  if (!edge.node.eligible) {
    return { word: "disabled", tone: "off" };
  }
  if (edge.in_step) {
    return { word: "in step", tone: "good" };
  }
  return edge.ack_age_ms > 5000 ? { word: `silent for ${Math.round(edge.ack_age_ms / 1000)} s`, tone: "bad" } : { word: "behind", tone: "warn" };
}

/** How many of the edges there are have applied a version. */
export function applied(epoch, version) {
  const edges = fleet.state?.edges ?? [];
  return { of: edges.length, done: edges.filter((edge) => edge.epoch === epoch && edge.confirmed >= version).length };
}
