// Elements and words. Whatever comes from outside becomes a text node: nothing here makes markup of a string.

const SVG = "http://www.w3.org/2000/svg";

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") {
      node.addEventListener(name, value);
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, String(value));
    }
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** An element: attributes are set, functions among them listen to the event of their name, strings become text. */
export const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);

/** The same in SVG. */
export const s = (tag, attributes, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

/** Sets a text only if it is another: what has not changed keeps its selection, and screen readers stay silent. */
export function text(node, value) {
  const wanted = value ?? "";
  if (node.textContent !== wanted) {
    node.textContent = wanted;
  }
}

/** Sets an attribute only if it is another. */
export function attribute(node, name, value) {
  if (node.getAttribute(name) !== value) {
    node.setAttribute(name, value);
  }
}

/**
 * A table that is brought up to date in place. A column has a label and either `text(item)`, or `make(item)`, which gives a
 * node once for each key, or both; `tone(item)` gives the cell a class.
 */
export function table(caption, columns, key, empty) {
  const body = h("tbody");
  const none = h("p", { class: "empty" }, empty);
  const made = new Map();
  const element = h(
    "div",
    { class: "scroll" },
    h(
      "table",
      null,
      h("caption", { class: "hidden" }, caption),
      h("thead", null, h("tr", null, columns.map((column) => h("th", { scope: "col", class: column.class, title: column.title }, column.label)))),
      body,
    ),
    none,
  );
  const row = (item) => {
    const cells = columns.map((column, at) => {
      const cell = h(at === 0 ? "th" : "td", { "data-label": column.label, class: column.class, scope: at === 0 ? "row" : null });
      if (column.make) {
        cell.append(column.make(item));
      }
      return cell;
    });
    return { tr: h("tr", null, cells), cells };
  };
  const update = (items) => {
    const gone = new Set(made.keys());
    let place = body.firstChild;
    for (const item of items) {
      const id = key(item);
      gone.delete(id);
      let one = made.get(id);
      if (!one) {
        one = row(item);
        made.set(id, one);
      }
      if (one.tr === place) {
        place = place.nextSibling;
      } else {
        body.insertBefore(one.tr, place);
      }
      columns.forEach((column, at) => {
        if (column.text) {
          const target = column.make ? one.cells[at].firstElementChild : one.cells[at];
          text(target, column.text(item));
        }
        if (column.tone) {
          attribute(one.cells[at], "class", [column.class, column.tone(item)].filter(Boolean).join(" "));
        }
      });
    }
    for (const id of gone) {
      made.get(id).tr.remove();
      made.delete(id);
    }
    none.hidden = items.length > 0;
    none.previousElementSibling.hidden = items.length === 0;
  };
  update([]);
  return { element, update };
}

/** A number with a name over it; `set(value, tone, hint)`. */
export function tile(label) {
  const value = h("dd", null, "–");
  const hint = h("dd", { class: "hint" });
  const element = h("div", { class: "tile" }, h("dt", null, label), value, hint);
  return {
    element,
    set(shown, tone, small) {
      text(value, shown);
      attribute(value, "class", tone ?? "");
      text(hint, small);
    },
  };
}

/** A section with a heading. */
export const panel = (title, ...children) => h("section", { class: "panel" }, h("h2", null, title), ...children);

let saying;

/** Says something at the foot of the page, for a while; screen readers hear it. */
export function say(words, tone) {
  const said = document.getElementById("said");
  said.className = `said shown ${tone ?? ""}`;
  text(said, words);
  clearTimeout(saying);
  saying = setTimeout(() => said.classList.remove("shown"), tone === "bad" ? 8000 : 4000);
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { maximumFractionDigits: 1, notation: "compact" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

export const number = (value) => (value === null || value === undefined ? "–" : value < 1e6 ? whole.format(value) : short.format(value));
export const rate = (value) => (value === null || value === undefined ? "–" : value < 10 ? value.toFixed(1) : number(value));
export const percent = (share) => (share === null || share === undefined ? "–" : `${(share * 100).toFixed(share > 0.999 && share < 1 ? 2 : 1)} %`);
export const time = (instant) => clock.format(new Date(instant));

export function millis(value) {
  if (value === null || value === undefined) {
    return "–";
  }
  if (value < 1000) {
    return `${value < 10 ? +value.toFixed(1) : Math.round(value)} ms`;
  }
  if (value < 120_000) {
    return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
  }
  return value < 7_200_000 ? `${Math.round(value / 60_000)} min` : value < 172_800_000 ? `${Math.round(value / 3_600_000)} h` : `${Math.round(value / 86_400_000)} d`;
}

export function bytes(value) {
  if (value === null || value === undefined) {
    return "–";
  }
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  let left = value;
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024;
    at++;
  }
  return `${left < 10 && at > 0 ? left.toFixed(1) : Math.round(left)} ${units[at]}`;
}

/** A position in the WAL as PostgreSQL writes it. */
export function lsn(version) {
  const high = Math.floor(version / 2 ** 32);
  return `${high.toString(16)}/${(version % 2 ** 32).toString(16)}`.toUpperCase();
}
