// Which tables home sees the changes of, and the SQL that mends the others.

import { invalidate } from "./actions.js";
import { call } from "./api.js";
import { h, panel, say, table } from "./dom.js";

const WHY = {
  unlogged: "unlogged: its changes are not in the WAL",
  foreign: "foreign: its changes happen elsewhere",
  "no-replica-identity": "it has no key, or no other replica identity: PostgreSQL would refuse its updates",
  "partition-without-replica-identity": "a partition of it has no replica identity",
  "not-owner": "home's role does not own it",
  "publication-not-owned": "home's role does not own the publication",
  pending: "home publishes it in a moment",
};

async function copy(sql, code) {
  try {
    await navigator.clipboard.writeText(sql);
    say("Copied.");
  } catch {
    // Without TLS a browser lends nobody its clipboard.
    getSelection().selectAllChildren(code);
    say("Selected: copy it with the keyboard.");
  }
}

export function tablesPage() {
  const filter = h("input", { type: "search", id: "filter", placeholder: "Filter by name", "aria-label": "Filter", input: () => show() });
  const only = h("input", { type: "checkbox", id: "only", change: () => show() });
  const count = h("span", { class: "hint", role: "status" });
  const list = table(
    "Tables",
    [
      { label: "Table", text: (one) => one.name },
      { label: "Kind", class: "short", text: (one) => one.kind },
      { label: "Published", class: "short", text: (one) => (one.published ? "yes" : "no"), tone: (one) => (one.published ? "good" : "warn") },
      { label: "Replica identity", class: "short", text: (one) => one.replica_identity },
      { label: "Why not", text: (one) => (one.reason ? (WHY[one.reason] ?? one.reason) : "") },
      {
        label: "What mends it",
        make: (one) => {
          if (!one.statement) {
            return h("span");
          }
          const code = h("code", { class: "sql" }, one.statement);
          return h("span", { class: "mend" }, code, h("button", { type: "button", class: "small", "aria-label": `Copy the SQL for ${one.name}`, click: () => copy(one.statement, code) }, "Copy"));
        },
      },
      { label: "", class: "n", make: (one) => h("button", { type: "button", class: "small", "aria-label": `Invalidate ${one.name}`, click: () => invalidate([one.name]) }, "Invalidate…") },
    ],
    (one) => JSON.stringify(one),
    "No table.",
  );
  const again = h("button", { type: "button", click: () => look() }, "Look again");
  const node = h(
    "div",
    null,
    h("h1", { tabindex: "-1" }, "Tables"),
    h("p", { class: "hint" }, "Results of a table are kept only if its changes are published. The SQL is for you to run, as the table's owner."),
    h("div", { class: "tools" }, filter, h("span", null, only, h("label", { for: "only" }, " only those not published")), again, count),
    panel("Tables", list.element),
  );
  let all = [];

  function show() {
    const wanted = filter.value.toLowerCase();
    const shown = all.filter((one) => !(only.checked && one.published) && one.name.toLowerCase().includes(wanted));
    count.textContent = `${shown.length} of ${all.length}, ${all.filter((one) => one.published).length} published`;
    list.update(shown);
  }

  const look = async () => {
    try {
      all = (await call("GET", "api/tables")).tables.sort((one, other) => one.published - other.published || one.name.localeCompare(other.name));
      show();
    } catch (refused) {
      say(refused.message, "bad");
    }
  };
  look();
  return { title: "Tables", node, update() {}, close() {} };
}
