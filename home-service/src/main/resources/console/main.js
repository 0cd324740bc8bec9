// Signs in, and shows the page that the address names.

import { invalidate } from "./actions.js";
import { follow, signIn, signOut, whenSignedOut } from "./api.js";
import { edgePage } from "./edge.js";
import { event, fleet, forget, listen, status } from "./fleet.js";
import { attribute, h, text } from "./dom.js";
import { overview } from "./overview.js";
import { statementsPage } from "./statements.js";
import { tablesPage } from "./tables.js";

const main = document.getElementById("main");
const bar = document.getElementById("bar");
const live = document.getElementById("live");
const NAV = [
  ["#/", "Overview"],
  ["#/statements", "Statements"],
  ["#/tables", "Tables"],
];
let page = null;
let stop = null;

document.getElementById("nav").append(...NAV.map(([href, label]) => h("a", { href }, label)));
document.getElementById("sign-out").addEventListener("click", () => signOut());
document.getElementById("invalidate").addEventListener("click", () => invalidate());

function address() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || "/";
  } catch {
    return "/";
  }
}

function pageFor(path) {
  if (path.startsWith("/edge/")) {
    return edgePage(path.slice("/edge/".length));
  }
  return path === "/statements" ? statementsPage() : path === "/tables" ? tablesPage() : overview();
}

function show(byAddress) {
  page?.close();
  page = pageFor(address());
  main.replaceChildren(page.node);
  document.title = `${page.title} · Perigee`;
  for (const link of document.querySelectorAll("#nav a")) {
    const here = link.getAttribute("href") === (location.hash || "#/");
    here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  page.update();
  if (byAddress) {
    main.querySelector("h1")?.focus();
    scrollTo(0, 0);
  }
}

function update() {
  const words = { live: "live", lost: "reconnecting", connecting: "connecting" }[fleet.live];
  text(live, fleet.live === "live" && fleet.state ? `live · ${fleet.state.home_id}` : words);
  attribute(live, "class", `badge ${fleet.live === "live" ? "good" : fleet.live === "lost" ? "bad" : "off"}`);
  attribute(live, "title", fleet.trouble);
  page?.update();
}

function signedIn() {
  bar.hidden = false;
  forget();
  stop = follow(event, status);
  show(true);
}

function signedOut(refused) {
  stop?.();
  stop = null;
  page?.close();
  page = null;
  forget();
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  bar.hidden = true;
  document.title = "Sign in · Perigee";
  const problem = h("p", { class: "problem", role: "alert", id: "problem" }, refused ? `You have been signed out: ${refused.message}` : "");
  const token = h("input", { type: "password", id: "token", name: "token", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "token-hint problem" });
  const go = h("button", { type: "submit", class: "primary" }, "Sign in");
  main.replaceChildren(
    h(
      "form",
      {
        class: "sign-in panel",
        async submit(submitted) {
          submitted.preventDefault();
          go.disabled = true;
          problem.textContent = "";
          try {
            await signIn(token.value.trim());
            signedIn();
          } catch (failure) {
            problem.textContent =
              { 401: "That token is not known here.", 403: "That token is known, but it has not the role ADMIN.", 429: `Too many wrong tokens from here.${failure.retryAfter ? ` Try again in ${failure.retryAfter} s.` : ""}` }[failure.status] ??
              (failure.status ? failure.message : "Home cannot be reached.");
            token.select();
          }
          go.disabled = false;
        },
      },
      h("img", { src: "console/icon.svg", alt: "", width: 44, height: 44 }),
      h("h1", null, "Perigee"),
      h("label", { for: "token" }, "Bearer token"),
      token,
      h("p", { class: "hint", id: "token-hint" }, "One with the role ADMIN. It stays in this page's memory, and is gone when you reload or close it."),
      problem,
      go,
    ),
  );
  token.focus();
}

addEventListener("hashchange", () => page && show(true));
listen(update);
whenSignedOut(signedOut);
signedOut(null);
