// Drives the console as a person would, and as an attacker would. Ends with a status other than 0 if something is not right.

import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { NASTY, prepare, pretend, sql, traffic, until } from "./fleet.js";

const { HOME_URL, EDGE_2_URL, ADMIN_TOKEN, CLIENT_TOKEN, IMAGES } = process.env;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const NASTY_TABLE = `shop."${NASTY.replaceAll('"', '""')}"`;
const SLOW = { timeout: 20_000 };

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light", locale: "en-GB" });
const page = await context.newPage();
page.setDefaultTimeout(10_000);

const problems = [];
const strangers = [];
let requests = 0;
page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(`${message.text()} (${message.location().url})`));
page.on("pageerror", (error) => problems.push(String(error)));
page.on("dialog", (dialog) => {
  problems.push(`a script has opened a dialog: ${dialog.message()}`);
  dialog.dismiss();
});
page.on("request", (request) => {
  requests++;
  if (!request.url().startsWith(`${HOME_URL}/`)) {
    strangers.push(request.url());
  }
});
const network = await context.newCDPSession(page);
await network.send("Network.enable");
let transferred = 0;
network.on("Network.loadingFinished", ({ encodedDataLength }) => (transferred += encodedDataLength));

let passed = 0;
async function step(what, act) {
  const began = performance.now();
  try {
    await act();
  } catch (failure) {
    await page.screenshot({ path: "failed.png" }).catch(() => {});
    console.error(`console: FAILED: ${what}\n${failure.stack}\n${problems.join("\n")}`);
    console.log(`console: ${passed} passed, 1 failed, 0 skipped`);
    process.exit(1);
  }
  passed++;
  console.log(`  ${what} (${Math.round(performance.now() - began)} ms)`);
}

const tile = (name) => page.locator(".tile", { has: page.getByText(name, { exact: true }) });
const shown = (name) => tile(name).locator("dd").first().textContent();
const badge = (words) => page.locator(".head .badge", { hasText: words });
const rowOf = (words) => page.locator("tbody tr", { hasText: words });
const heading = (name) => page.getByRole("heading", { level: 1, name });
const go = async (name) => {
  await page.getByRole("navigation").getByRole("link", { name }).click();
  await heading(name).waitFor({ state: "attached" });
};
const signIn = async (token) => {
  await page.getByLabel("Bearer token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
};
async function shoot(name, options = {}) {
  const path = `${IMAGES}/${name}.png`;
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({ path, animations: "disabled", ...options });
  const { size } = statSync(path);
  assert.ok(size < 200_000, `${name}.png has ${size} bytes`);
}
/** What axe finds wrong, of weight. */
async function accessible(what) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html.slice(0, 120)} ${node.any.map((check) => check.message).join(" ")}`).join(" | ")}`);
  });
  assert.deepEqual(found, [], what);
}

await prepare();
const stop = traffic();
let loaded;
let firstNumber;
const measured = {};

await step("the sign-in page comes in one origin, and asks for nothing more", async () => {
  const began = performance.now();
  await page.goto(HOME_URL);
  await page.getByLabel("Bearer token").waitFor();
  loaded = performance.now() - began;
  await page.waitForLoadState("networkidle");
  measured.requests = requests;
  measured.transferred = transferred;
  await accessible("sign-in");
  await shoot("console-sign-in");
});

await step("a wrong token is told so, and so is one without the role", async () => {
  await signIn("no-such-token");
  await page.getByText("That token is not known here.").waitFor();
  await signIn("not a token");
  await page.getByText("That token is not known here.").waitFor();
  await signIn(CLIENT_TOKEN);
  await page.getByText("has not the role ADMIN").waitFor();
  // What the browser itself says of an answer that is no success.
  assert.ok(problems.every((problem) => /status of 40[13]/.test(problem)), problems.join("\n"));
  problems.length = 0;
});

await step("an administrator sees the fleet, live", async () => {
  const began = performance.now();
  await signIn(ADMIN_TOKEN);
  await tile("Edges in step").getByText("2 of 2").waitFor();
  firstNumber = performance.now() - began;
  await page.getByText("live · home-1").waitFor();
  await rowOf("eu-west").getByText("in step").waitFor();
  await until("the statements per second move", 10, async () => parseFloat(await shown("Statements per second")) > 5);
});

await step("the token is in memory alone", async () => {
  const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
  assert.deepEqual(kept, [0, 0, ""]);
  assert.deepEqual(await context.cookies(), []);
  await page.reload();
  await page.getByLabel("Bearer token").waitFor();
  await signIn(ADMIN_TOKEN);
  await tile("Edges in step").getByText("2 of 2").waitFor();
});

await step("a commit appears, and the edges that have applied it", async () => {
  await sql("CREATE TABLE shop.console_live (id int PRIMARY KEY)", [], HOME_URL);
  const published = async () => {
    await sql("INSERT INTO shop.console_live SELECT coalesce(max(id), 0) + 1 FROM shop.console_live", [], EDGE_2_URL);
    return rowOf("shop.console_live").first().isVisible();
  };
  await until("the new table is published", 60, published);
  const position = await rowOf("shop.console_live").first().locator("td").nth(1).textContent();
  const began = performance.now();
  await sql("INSERT INTO shop.console_live VALUES (-1)", [], EDGE_2_URL);
  await until("the next commit", 10, async () => (await rowOf("shop.console_live").first().locator("td").nth(1).textContent()) !== position);
  measured.commit = performance.now() - began;
  await rowOf("shop.console_live").first().getByText("2 of 2").waitFor();
  // What edges wait before they acknowledge, half a second in a steady flow, is not in it.
  await until("commit → applied is measured", 20, async () => {
    measured.applied = await shown("Commit → applied");
    return /^[\d.]+ ms$/.test(measured.applied) && parseFloat(measured.applied) < 200;
  });
});

await step("an invalidation is confirmed, and acknowledged by each edge", async () => {
  await page.getByRole("button", { name: "Invalidate…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Invalidate" }).click();
  await dialog.getByText("Name at least one table.").waitFor();
  await dialog.getByLabel("Tables, one a line").fill("nonsense");
  await dialog.getByRole("button", { name: "Invalidate" }).click();
  await dialog.getByText("There is no table nonsense").waitFor();
  problems.splice(0, Infinity, ...problems.filter((problem) => !/status of 422/.test(problem)));
  await dialog.getByLabel("Tables, one a line").fill("shop.products\nshop.orders");
  await dialog.getByRole("button", { name: "Invalidate" }).click();
  await dialog.getByText("2 of 2 edges have applied it.").waitFor();
  await dialog.locator("tr", { hasText: "edge-1" }).getByText(/^after /).waitFor();
  await dialog.locator("tr", { hasText: "edge-2" }).getByText(/^after /).waitFor();
  await accessible("acknowledgements");
  await shoot("console-invalidate");
  await dialog.getByRole("button", { name: "Close" }).click();
});

await step("everything is invalidated only by who says so twice", async () => {
  await page.getByRole("button", { name: "Invalidate…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Everything").check();
  await dialog.getByRole("button", { name: "Invalidate" }).click();
  await dialog.getByText("Tick the box").waitFor();
  await dialog.getByLabel("Every result at every edge").check();
  await dialog.getByRole("button", { name: "Invalidate" }).click();
  await dialog.getByText("2 of 2 edges have applied it.").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await rowOf("all tables").first().waitFor();
});

await step("an edge's page shows what it serves and why not", async () => {
  await page.getByRole("cell").or(page.getByRole("rowheader")).getByRole("link", { name: "edge-1" }).click();
  await heading("edge-1").waitFor();
  await rowOf("SELECT name, price FROM shop.products").first().waitFor(SLOW);
  await rowOf("volatile-function").waitFor(SLOW);
  await rowOf("not-published").waitFor(SLOW);
  await rowOf("absent").waitFor(SLOW);
});

await step("so does the page of an edge that another home holds", async () => {
  await go("Overview");
  await rowOf("us-east").getByText("home-2").waitFor();
  await until("its statements per second", 20, async () => parseFloat(await rowOf("us-east").first().locator("td").nth(5).textContent()) > 3);
  await rowOf("us-east").getByRole("link", { name: "edge-2" }).click();
  await heading("edge-2").waitFor();
  await page.getByText("held by home-2").waitFor();
  await rowOf("SELECT name, price FROM shop.products").first().waitFor(SLOW);
  await rowOf("volatile-function").waitFor(SLOW);
  await page.getByText(/^Reported by the edge/).waitFor();
  await page.goBack();
  await page.getByRole("cell").or(page.getByRole("rowheader")).getByRole("link", { name: "edge-1" }).click();
  await heading("edge-1").waitFor();
});

await step("an edge is disabled, and enabled again", async () => {
  await page.getByRole("button", { name: "Disable…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await badge("disabled").waitFor();
  await page.getByRole("button", { name: "Enable" }).click();
  await badge("in step").waitFor();
});

await step("an edge is evicted, and comes back", async () => {
  await page.getByRole("button", { name: "Evict…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Evict" }).click();
  await badge("not connected").waitFor();
  await badge("in step").waitFor(SLOW);
});

await step("statements say whether they may be kept, why not, and how often they hit", async () => {
  await go("Statements");
  const cached = rowOf("SELECT name, price FROM shop.products").first();
  await until("hits are counted", 20, async () => parseInt((await cached.locator("td").nth(2).textContent()).replace(/\D/g, ""), 10) > 10);
  await cached.getByText("shop.products", { exact: true }).waitFor();
  await rowOf("SELECT now()").getByText("volatile-function").waitFor();
  await page.getByLabel("Filter").fill("audit");
  await rowOf("SELECT entry FROM shop.audit").getByText("not-published").waitFor();
  assert.equal(await page.locator("tbody tr").count(), 1);
  await page.getByLabel("Filter").fill("");
});

await step("tables say what mends them", async () => {
  await go("Tables");
  await rowOf("shop.audit").getByText("no", { exact: true }).waitFor();
  await rowOf("shop.audit").getByText(/^ALTER TABLE/).waitFor();
  await rowOf("shop.audit").getByRole("button", { name: "Copy" }).click();
  await page.getByText(/^(Copied|Selected)/).waitFor();
  await rowOf("shop.products").getByText("yes", { exact: true }).waitFor();
  await rowOf("shop.products").getByRole("button", { name: "Invalidate" }).click();
  assert.equal(await page.getByLabel("Tables, one a line").inputValue(), "shop.products");
  await page.keyboard.press("Escape");
});

await step("what comes from outside stays text", async () => {
  const nasty = await pretend({ edge_id: "nasty-edge", region: NASTY, base_url: "http://127.0.0.1:1/" });
  assert.equal(nasty.status, 200);
  assert.equal((await pretend({ edge_id: NASTY, region: "x", base_url: "http://127.0.0.1:1/" })).status, 400);
  const statement = `SELECT '${NASTY}' || name FROM shop.products WHERE id = 1 -- </code><script>window.pwned=1</script>`;
  const reading = setInterval(() => sql(statement).catch(() => {}), 50);
  const harmless = async () => {
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.equal(await page.locator("img[src=x], main script, body > script, [onerror]").count(), 0);
  };
  await rowOf(NASTY_TABLE).first().waitFor();
  await harmless();
  // As a name in a form it is quoted as SQL has it.
  await rowOf(NASTY_TABLE).getByRole("button", { name: "Invalidate" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Invalidate", exact: true }).click();
  await page.getByRole("dialog").getByText("Invalidated").waitFor();
  await harmless();
  await page.keyboard.press("Escape");
  await go("Overview");
  await rowOf("nasty-edge").getByText(NASTY).waitFor();
  await page.locator(".map").getByText("nasty-edge").waitFor();
  await rowOf(NASTY_TABLE).first().waitFor();
  await harmless();
  await rowOf("edge-1").getByRole("link").first().click();
  await rowOf("</code><script>").first().waitFor(SLOW);
  await harmless();
  await go("Statements");
  await rowOf("</code><script>").first().waitFor();
  await harmless();
  await page.goto(`${HOME_URL}/#/edge/${encodeURIComponent(NASTY)}`);
  await heading(NASTY).waitFor();
  await harmless();
  clearInterval(reading);
  nasty.end();
});

await step("the keyboard is enough", async () => {
  await page.goto(`${HOME_URL}/#/`);
  await page.getByRole("link", { name: "Skip to the content" }).focus();
  const seen = ["Skip to the content"];
  for (let n = 0; n < 6; n++) {
    await page.keyboard.press("Tab");
    seen.push(await page.evaluate(() => document.activeElement.textContent.trim()));
  }
  for (const name of ["Skip to the content", "Perigee", "Overview", "Statements", "Tables", "Invalidate…", "Sign out"]) {
    assert.ok(seen.includes(name), `${name} is not reached: ${seen}`);
  }
  await page.getByRole("link", { name: "Tables" }).focus();
  await page.keyboard.press("Enter");
  await heading("Tables").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
});

await step("every page, light, dark and on a phone, is accessible and has its picture", async () => {
  await go("Overview");
  await until("the odd edge is gone", 30, async () => (await shown("Edges in step")) === "2 of 2");
  await page.reload();
  await signIn(ADMIN_TOKEN);
  await page.getByText("live · home-1").waitFor();
  await until("the charts have something to show", 60, async () => (await page.locator(".chart .last").allTextContents()).every((words) => words !== "–"));
  await new Promise((resume) => setTimeout(resume, 12_000));
  const looks = [
    ["Overview", "console-overview"],
    ["edge-1", "console-edge"],
    ["Statements", "console-statements"],
    ["Tables", "console-tables"],
  ];
  for (const [name, file] of looks) {
    if (name === "edge-1") {
      await rowOf("edge-1").getByRole("link").first().click();
      await rowOf("SELECT name, price FROM shop.products").first().waitFor(SLOW);
    } else {
      await go(name);
      await page.locator("tbody tr").first().waitFor();
    }
    await new Promise((resume) => setTimeout(resume, 1200));
    await accessible(`${name}, light`);
    await shoot(file);
    await page.emulateMedia({ colorScheme: "dark" });
    await new Promise((resume) => setTimeout(resume, 300));
    await accessible(`${name}, dark`);
    if (name === "Overview") {
      await shoot(`${file}-dark`);
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 390, height: 844 });
    await new Promise((resume) => setTimeout(resume, 300));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${name} is ${wide} pixels wide on a phone`);
    if (name === "Overview") {
      await shoot(`${file}-phone`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    if (name === "edge-1") {
      await go("Overview");
    }
  }
});

await step("no error, no request to anywhere else", async () => {
  assert.deepEqual(problems, []);
  assert.deepEqual(strangers, []);
});

await step("the policy forbids what is not ours", async () => {
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.pwned = 1";
    document.body.append(script);
    const style = document.createElement("style");
    style.textContent = "body { display: none }";
    document.head.append(style);
  });
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).display), "block");
  assert.ok(problems.length >= 2 && problems.every((problem) => problem.includes("Content Security Policy")), problems.join("\n"));
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Bearer token").waitFor();
});

await stop();
await browser.close();
console.log(`  the page: ${measured.requests} requests, ${(measured.transferred / 1024).toFixed(1)} KiB transferred, ready after ${Math.round(loaded)} ms; sign-in to the first live number ${Math.round(firstNumber)} ms; a commit shows after ${Math.round(measured.commit)} ms, applied in ${measured.applied}`);
console.log(`console: ${passed} passed, 0 failed, 0 skipped`);
