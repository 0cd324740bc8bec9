// What an administrator does: each asks first, and says what has become of it.

import { call } from "./api.js";
import { applied, fleet, listen } from "./fleet.js";
import { h, lsn, millis, say, table } from "./dom.js";

const path = (id) => `api/edge/${encodeURIComponent(id)}`;

/** A dialog with a form; `act` is called when it is confirmed, and the dialog stays while it runs and if it fails. */
function ask(title, confirm, tone, content, act) {
  const problem = h("p", { class: "problem", role: "alert" });
  const go = h("button", { type: "submit", class: tone }, confirm);
  const buttons = h("div", { class: "buttons" }, h("button", { type: "button", class: "plain", click: () => dialog.close() }, "Cancel"), go);
  const form = h(
    "form",
    {
      async submit(event) {
        event.preventDefault();
        go.disabled = true;
        problem.textContent = "";
        try {
          await act(dialog, form);
        } catch (refused) {
          problem.textContent = refused.message;
        }
        go.disabled = false;
      },
    },
    h("h2", { id: "dialog-title" }, title),
    content,
    problem,
    buttons,
  );
  const dialog = h("dialog", { "aria-labelledby": "dialog-title", close: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Sends an edge away. */
export function evict(id) {
  ask(
    `Evict ${id}?`,
    "Evict",
    "danger",
    h("p", null, "Its stream is closed and it drops out of the fleet. If it is alive it registers again by itself after some seconds; until then it answers nothing from memory that is older than its bound."),
    async (dialog) => {
      await call("DELETE", path(id));
      dialog.close();
      say(`${id} was evicted.`);
    },
  );
}

/** Lets an edge cache, or not. */
export async function toggle(id, enabled) {
  if (enabled) {
    ask(
      `Disable ${id}?`,
      "Disable",
      "danger",
      h("p", null, "It drops everything it has in memory and passes every statement through, until it is enabled again."),
      async (dialog) => {
        await call("DELETE", `${path(id)}/cache`);
        dialog.close();
        say(`${id} is disabled.`);
      },
    );
    return;
  }
  try {
    // What was said of its capacity stays said.
    const before = await call("GET", `${path(id)}/cache`).catch((unknown) => {
      if (unknown.status === 404) {
        return {};
      }
      throw unknown;
    });
    await call("PUT", `${path(id)}/cache`, { capacity: before.capacity ?? null });
    say(`${id} is enabled.`);
  } catch (refused) {
    say(refused.message, "bad");
  }
}

/** Invalidates tables, those named at first, or everything; then shows each edge acknowledge it. */
export async function invalidate(names = []) {
  const field = h("textarea", { name: "tables", id: "tables", rows: 3, spellcheck: "false", autocomplete: "off", "aria-describedby": "tables-hint" });
  field.value = names.join("\n");
  const sure = h("input", { type: "checkbox", name: "sure", id: "sure" });
  const some = h("input", { type: "radio", name: "what", value: "tables", id: "some", checked: true });
  const all = h("input", { type: "radio", name: "what", value: "all", id: "all" });
  const tablesPart = h("div", null, h("label", { for: "tables" }, "Tables, one a line, as in SQL"), field);
  const allPart = h("p", { hidden: true }, sure, h("label", { for: "sure" }, " Every result at every edge, yes"));
  const choose = () => {
    tablesPart.hidden = all.checked;
    allPart.hidden = !all.checked;
  };
  some.addEventListener("change", choose);
  all.addEventListener("change", choose);
  ask(
    "Invalidate",
    "Invalidate",
    "danger",
    h(
      "div",
      null,
      h("p", { id: "tables-hint" }, "Every result read from these tables up to now is dropped at every edge, and read again when it is next asked for. Commits do this by themselves: it is needed only after changes that PostgreSQL does not log."),
      h("fieldset", null, h("legend", { class: "hidden" }, "What"), some, h("label", { for: "some" }, " These tables "), all, h("label", { for: "all" }, " Everything")),
      tablesPart,
      allPart,
    ),
    async (dialog) => {
      const wanted = field.value.split("\n").map((name) => name.trim()).filter(Boolean);
      if (all.checked && !sure.checked) {
        throw new Error("Tick the box if every result at every edge is meant.");
      }
      if (!all.checked && wanted.length === 0) {
        throw new Error("Name at least one table.");
      }
      const began = performance.now();
      const result = await call("POST", "api/edge/invalidate", all.checked ? { all: true } : { tables: wanted });
      acknowledgements(dialog, result, began);
    },
  );
}

/** In the same dialog: who has applied it, live. */
function acknowledgements(dialog, result, began) {
  const epoch = fleet.state?.homes.find((home) => home.home_id === fleet.state.home_id)?.epoch;
  const seen = new Map();
  const headline = h("p", { role: "status", class: "progress" });
  const list = table(
    "Acknowledgements",
    [
      { label: "Edge", text: (one) => one.id },
      { label: "Acknowledged", text: (one) => (one.after === null ? "not yet" : `after ${millis(one.after)}`), tone: (one) => (one.after === null ? "warn" : "good") },
    ],
    (one) => one.id,
    "No edge is connected.",
  );
  const close = h("button", { type: "button", click: () => dialog.close() }, "Close");
  dialog.replaceChildren(
    h("h2", { id: "dialog-title" }, "Invalidated"),
    h("p", null, result.tables.length === 0 ? "Everything" : result.tables.join(", "), ` at ${lsn(result.version)}.`),
    headline,
    list.element,
    h("div", { class: "buttons" }, close),
  );
  close.focus();
  const update = () => {
    for (const edge of fleet.state?.edges ?? []) {
      const id = edge.node.edge_id;
      const done = edge.epoch === epoch && edge.confirmed >= result.version;
      if (!seen.has(id) || (seen.get(id).after === null && done)) {
        seen.set(id, { id, after: done ? performance.now() - began : null });
      }
    }
    list.update([...seen.values()]);
    const { of, done } = applied(epoch, result.version);
    headline.textContent = `${done} of ${of} edges have applied it.`;
  };
  const stop = listen(update);
  dialog.addEventListener("close", stop);
  update();
}
