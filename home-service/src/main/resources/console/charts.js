// Charts of what has been seen since the page was opened, by uPlot. It sets styles through the CSSOM, which the policy allows.
/* global uPlot */

import { h } from "./dom.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * A chart over time. A series has a label, the name of a color of the style sheet, and `show(value)` for its last value in
 * words; `axis(value)` writes the marks at the side.
 */
export function chart(title, series, { axis, top }) {
  const host = h("div", { class: "plot", "aria-hidden": "true" });
  const words = series.map((one) => h("span", { class: "last" }));
  const element = h(
    "figure",
    { class: "panel chart" },
    h(
      "figcaption",
      null,
      h("h2", null, title),
      series.map((one, at) => h("span", { class: `key ${one.color}` }, `${one.label} `, words[at])),
    ),
    host,
  );
  let plot = null;
  let shown = null;

  const draw = () => {
    plot?.destroy();
    const quiet = color("--muted");
    const grid = { stroke: color("--line"), width: 1 };
    const font = "11px system-ui, sans-serif";
    plot = new uPlot(
      {
        width: Math.max(200, host.clientWidth),
        height: 150,
        legend: { show: false },
        cursor: { show: false },
        select: { show: false },
        scales: { x: { time: true }, y: { range: (u, low, high) => [0, top ?? Math.max(1, (high ?? 0) * 1.15)] } },
        axes: [
          { stroke: quiet, grid: { show: false }, ticks: { show: false }, font, size: 24, values: "{HH}:{mm}:{ss}", space: 90 },
          { stroke: quiet, grid, ticks: { show: false }, font, size: 52, values: (u, marks) => marks.map(axis), space: 32 },
        ],
        series: [
          {},
          ...series.map((one) => ({
            label: one.label,
            stroke: color(`--${one.color}`),
            fill: one.fill ? `${color(`--${one.color}`)}22` : undefined,
            width: 1.75,
            spanGaps: true,
            points: { show: (u, at) => u.data[at].filter((value) => value !== null).length < 30, size: 5 },
          })),
        ],
      },
      shown ?? [[], ...series.map(() => [])],
      host,
    );
  };

  const sized = new ResizeObserver(() => {
    if (plot === null) {
      draw();
    } else if (Math.abs(plot.width - host.clientWidth) > 1 && host.clientWidth > 0) {
      plot.setSize({ width: host.clientWidth, height: 150 });
    }
  });
  sized.observe(host);
  dark.addEventListener("change", draw);

  return {
    element,
    update(at, ...values) {
      shown = [at.slice(), ...values.map((one) => one.map((value) => value ?? null))];
      plot?.setData(shown);
      series.forEach((one, number) => {
        const known = shown[number + 1].findLast((value) => value !== null);
        words[number].textContent = known === undefined ? "–" : one.show(known);
      });
    },
    close() {
      sized.disconnect();
      dark.removeEventListener("change", draw);
      plot?.destroy();
    },
  };
}
