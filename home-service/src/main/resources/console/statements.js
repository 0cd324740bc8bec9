// Which statements there are, whether their results may be kept, and why not.

import { call } from "./api.js";
import { h, number, panel, say, table } from "./dom.js";

const EVERY = 5000;

/** What the reason codes mean. */
export const REASONS = {
  write: "it writes, or may",
  locking: "it locks rows",
  "volatile-function": "something in it is not IMMUTABLE, such as now()",
  "user-function": "it calls code of users that the configuration does not allow",
  "system-catalog": "it reads the system catalogs",
  "temporary-table": "it reads a temporary table",
  "unlogged-table": "it reads an unlogged table, whose changes are not in the WAL",
  "foreign-table": "it reads a foreign table",
  "materialized-view": "it reads a materialized view",
  "not-published": "it reads a table that is not published; the page Tables says what mends it",
  "row-security": "it reads a table with row-level security",
  "result-too-large": "its result is over the size limit",
  utility: "SHOW, EXPLAIN, VACUUM and the like",
  unparsable: "its text is not understood",
  "unknown-relation": "PostgreSQL does not accept it",
  unsupported: "something in it is not supported",
  "gate-closed": "home does not know at present what is visible",
  transaction: "it is part of a transaction",
  "search-path": "home's role does not find the session's schemas",
  "other-database": "the session is in another database",
};

export function statementsPage() {
  const filter = h("input", { type: "search", id: "filter", placeholder: "Filter by text or table", "aria-label": "Filter", input: () => show() });
  const verdict = h("select", { id: "verdict", "aria-label": "Cacheable or not", change: () => show() }, ["all", "cacheable", "not cacheable"].map((word) => h("option", { value: word }, word)));
  const count = h("span", { class: "hint", role: "status" });
  const list = table(
    "Statements",
    [
      { label: "Statement", make: () => h("code", { class: "sql" }), text: (one) => one.sql },
      { label: "Cacheable", text: (one) => (one.cacheability === "cacheable" ? "yes" : one.cacheability), tone: (one) => (one.cacheability === "cacheable" ? "good" : "warn") },
      { label: "Why not", text: (one) => REASONS[one.cacheability] ?? "" },
      { label: "Hits", class: "n", text: (one) => number(one.hits), title: "Served from memory, at all edges" },
      { label: "In memory", class: "n", text: (one) => number(one.entries), title: "Results, one for each set of parameters and each edge" },
      { label: "Tables", text: (one) => one.tables.join(", ") },
    ],
    (one) => `${one.cacheability} ${one.sql}`,
    "No statement has come by in the last minute.",
  );
  const node = h(
    "div",
    null,
    h("h1", { tabindex: "-1" }, "Statements"),
    h("p", { class: "hint" }, "What homes remember of the statements of the last minute, and what edges have served from memory. Writes are not remembered. Texts are cut at 1000 characters."),
    h("div", { class: "tools" }, filter, verdict, count),
    panel("Statements", list.element),
  );
  let all = [];

  function show() {
    const wanted = filter.value.toLowerCase();
    const shown = all.filter((one) => (verdict.value === "all" || (verdict.value === "cacheable") === (one.cacheability === "cacheable")) && (one.sql.toLowerCase().includes(wanted) || one.tables.some((name) => name.includes(wanted))));
    count.textContent = `${shown.length} of ${all.length}`;
    list.update(shown);
  }

  const look = async () => {
    try {
      const [decisions, hits] = await Promise.all([call("GET", "api/console/decisions"), call("GET", "api/console/hits")]);
      const merged = new Map();
      for (const one of decisions.statements) {
        merged.set(`${one.cacheability} ${one.sql}`, { ...one, hits: 0, entries: 0 });
      }
      for (const one of hits.statements) {
        const key = `cacheable ${one.sql}`;
        merged.set(key, { sql: one.sql, cacheability: "cacheable", ...merged.get(key), tables: merged.get(key)?.tables ?? one.tables, hits: one.hits, entries: one.entries });
      }
      all = [...merged.values()].sort((one, other) => other.hits - one.hits || one.sql.localeCompare(other.sql));
      show();
    } catch (refused) {
      say(refused.message, "bad");
    }
  };
  look();
  const timer = setInterval(look, EVERY);
  return { title: "Statements", node, update() {}, close: () => clearInterval(timer) };
}
