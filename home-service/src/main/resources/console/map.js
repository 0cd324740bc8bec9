// The map: the database, the homes that read its log, the edges that listen to them, region by region.

import { link } from "./fleet.js";
import { h, millis, s } from "./dom.js";

const ROW = 46;
const MOST = 24;
const RANK = { bad: 0, warn: 1, off: 2, good: 3 };

const fits = (words, width) => words.length * 7.2 <= width;
const fit = (words, width) => (fits(words, width) ? words : `${words.slice(0, Math.max(3, Math.floor(width / 7.2) - 1))}…`);

/** The last of the lines stands in several words, the shorter ones for where there is little room. */
function box(x, y, width, height, [name, ...said], tone, target) {
  const room = width - 20;
  const shape = [
    s("rect", { x, y, width, height, rx: 6, class: `box ${tone}` }),
    s("circle", { cx: x + 13, cy: y + 15, r: 4, class: `dot ${tone}` }),
    s("text", { x: x + 24, y: y + 19, class: "name" }, fit(name, width - 30)),
    s("text", { x: x + 24, y: y + 34, class: "small" }, fit(said.find((words) => fits(words, room)) ?? said.at(-1), room)),
  ];
  return target ? s("a", { href: target }, ...shape) : s("g", null, ...shape);
}

/** The map as an element; `update(state, words)`, where `words(edge)` says of an edge what stands under its name, long and short. */
export function map() {
  const host = h("div", { class: "map" });
  let drawn = "";
  const update = (state, words) => {
    const width = Math.max(300, host.clientWidth);
    const wide = width >= 560;
    const worst = [...state.edges].sort((one, other) => RANK[link(one).tone] - RANK[link(other).tone]).slice(0, MOST);
    const regions = new Map();
    for (const edge of worst) {
      regions.set(edge.node.region, [...(regions.get(edge.node.region) ?? []), edge]);
    }
    const seen = JSON.stringify([width, state.homes.map((home) => [home.home_id, home.feed_connected, home.feed_age_ms > 5000, home.edges]), worst.map((edge) => [edge.node.edge_id, edge.node.region, edge.node.home_id, link(edge), words(edge)])]);
    if (seen === drawn) {
      return;
    }
    drawn = seen;
    const edgeWidth = wide ? Math.min(250, width * 0.38) : width * 0.52;
    const homeWidth = wide ? Math.min(170, width * 0.26) : width * 0.36;
    const edgeX = width - edgeWidth - 1;
    const homeX = wide ? Math.max(110, (width - edgeWidth) / 2 - homeWidth / 2) : 1;
    const nodes = [];
    const places = new Map();
    let y = 4;
    for (const [region, edges] of regions) {
      nodes.push(s("text", { x: edgeX, y: y + 12, class: "region" }, fit(region, edgeWidth)));
      y += 20;
      for (const edge of edges) {
        places.set(edge, y + 21);
        const how = link(edge);
        nodes.push(box(edgeX, y, edgeWidth, 42, [edge.node.edge_id, ...words(edge)], how.tone, `#/edge/${encodeURIComponent(edge.node.edge_id)}`));
        y += ROW;
      }
      y += 10;
    }
    const height = Math.max(y, state.homes.length * 60 + 10, 110);
    const lines = [];
    state.homes.forEach((home, at) => {
      const middle = (height / (state.homes.length + 1)) * (at + 1);
      const tone = !home.feed_connected ? "bad" : home.feed_age_ms === null || home.feed_age_ms > 5000 ? "warn" : "good";
      nodes.push(box(homeX, middle - 21, homeWidth, 42, [home.home_id, home.feed_connected ? `${home.edges} edge${home.edges === 1 ? "" : "s"}` : "no feed"], tone));
      if (wide) {
        lines.push(s("path", { d: `M 84 ${height / 2} C ${homeX - 10} ${height / 2} 94 ${middle} ${homeX} ${middle}`, class: `wire ${tone}` }));
      }
      for (const [edge, place] of places) {
        if (edge.node.home_id === home.home_id) {
          const from = homeX + homeWidth;
          const half = (from + edgeX) / 2;
          lines.push(s("path", { d: `M ${from} ${middle} C ${half} ${middle} ${half} ${place} ${edgeX} ${place}`, class: `wire ${link(edge).tone}` }));
        }
      }
    });
    if (wide) {
      const at = height / 2;
      nodes.push(
        s("path", { d: `M 1 ${at - 20} v 40 a 41 9 0 0 0 82 0 v -40`, class: "box" }),
        s("ellipse", { cx: 42, cy: at - 20, rx: 41, ry: 9, class: "box" }),
        s("text", { x: 42, y: at + 10, class: "small middle" }, "PostgreSQL"),
      );
    }
    const focused = host.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    host.replaceChildren(
      s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": `${state.homes.length} homes and ${state.edges.length} edges; the table below says the same` }, ...lines, ...nodes),
      state.edges.length > worst.length ? h("p", { class: "hint" }, `and ${state.edges.length - worst.length} more, all in the table below`) : "",
    );
    if (focused) {
      [...host.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused)?.focus();
    }
  };
  return { element: host, update, words: (share, staleness) => [`${millis(staleness)} stale · ${share} hits`, `${millis(staleness)} · ${share}`] };
}
