// Every page of the console in every width and mode, with somebody's work in it.
import { readFileSync } from "node:fs";
import { violations } from "./axe.mjs";
import { expect, picture, test } from "./fixtures.mjs";

const table = readFileSync(
  new URL("../../../crates/adapters/console/tests/it/snapshots/it__table__who_may_open_what.snap", import.meta.url),
  "utf8",
);
/// What answers GET without being a page.
const NO_PAGES = [
  "/.well-known/change-password",
  "/assets/{path}",
  "/favicon.svg",
  "/settings",
  "/w/{workspace}",
  "/w/{workspace}/builds/{id}/download",
  "/w/{workspace}/builds/{id}/stream",
  "/w/{workspace}/snapshots/{id}/files/{path}",
];
const routes = [...table.matchAll(/^GET\s+(\S+)/gm)].map(([, path]) => path);
const MOST_KB = 100;

/// Somebody who owns the platform and has built, failed, changed and invited.
async function resident(house) {
  if (house.resident) return house.resident;
  const { url } = house;
  const link = house.said.join("\n").match(/\/welcome\/\S+/)[0];
  const owner = await house.person("resident");
  const { token, tenant } = owner;
  const description = "A sauna by the harbour with login, payments, a gallery and a booking form";
  const first = await house.built(owner, description, { project_name: "Harbour sauna" });
  const project_id = first.project_id;
  const second = await house.built(owner, `${description}, and a blog`, { project_id });
  await house.built(owner, "A choir in Porto with concerts", { max_credits: 1 });
  const w = `/w/${tenant.slug}`;
  const paths = {
    "/join/{token}": "/join/kwi_nothing",
    "/welcome/{token}": link,
    "/w/{workspace}/projects/{id}": `${w}/projects/${project_id}`,
    "/w/{workspace}/projects/{id}/files": `${w}/projects/${project_id}/files?path=index.html`,
    "/w/{workspace}/projects/{id}/history": `${w}/projects/${project_id}/history`,
    "/w/{workspace}/projects/{id}/history/{snapshot}": `${w}/projects/${project_id}/history/${second.snapshot_id}`,
    "/w/{workspace}/new": `${w}/new?description=${encodeURIComponent(description)}`,
  };
  const cookie = { name: "keelway_session", value: token, url };
  return (house.resident = { owner, cookie, address: (route) => paths[route] ?? route.replace("/w/{workspace}", w) });
}

/// Makes the resident one of the platform's own people, once.
async function own(page, house) {
  if (house.owned) return;
  const { cookie, address } = await resident(house);
  await page.context().addCookies([cookie]);
  await page.goto(house.url + address("/welcome/{token}"));
  await page.getByRole("main").getByRole("button").last().click();
  await expect(page).not.toHaveURL(/welcome/);
  house.owned = true;
  // Becoming an owner renews the session.
  house.resident.cookie.value = (await page.context().cookies()).find(({ name }) => name === cookie.name).value;
}

test("the table is read", () => {
  expect(routes.length).toBeGreaterThan(20);
  for (const path of NO_PAGES) expect(routes).toContain(path);
});

for (const route of routes.filter((path) => !NO_PAGES.includes(path))) {
  test(`page ${route}`, async ({ house, page }) => {
    const { address } = await resident(house);
    const open = ["/", "/signin", "/signup", "/welcome/{token}", "/join/{token}"];
    if (route.startsWith("/admin")) await own(page, house);
    if (!open.includes(route)) await page.context().addCookies([house.resident.cookie]);

    const said = [];
    page.on("console", (message) => {
      // Links that lead nowhere say so; the owner's does once somebody became one by it.
      const isAnswer = /status of 4(04|10)/.test(message.text()) && ["/join/{token}", "/welcome/{token}"].includes(route);
      if (["error", "warning"].includes(message.type()) && !isAnswer) said.push(message.text());
    });
    page.on("pageerror", (error) => said.push(String(error)));
    let bytes = 0;
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Network.enable");
    const foreign = new Set();
    devtools.on("Network.responseReceived", ({ requestId, response }) => {
      if (!response.url.startsWith(house.url)) foreign.add(requestId);
    });
    devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (!foreign.has(requestId)) bytes += encodedDataLength;
    });
    await page.addInitScript(() => {
      globalThis.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shift += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
    });

    await page.goto(house.url + address(route), { waitUntil: "networkidle" });
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    expect(bytes / 1024, "KB transferred").toBeLessThan(MOST_KB);
    expect(await page.evaluate(() => globalThis.shift), "layout shift").toBeLessThan(0.1);

    const name = route.replaceAll(/[/{}]+/g, "-").replace(/^-|-$/g, "") || "landing";
    for (const width of [360, 768, 1280, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect.soft(wide, `wider than ${width} px`).toBeLessThanOrEqual(0);
      if (width === 360 || width === 1280) {
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          await picture(page, `page-${name}-${width}-${colorScheme}`);
        }
      }
    }
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      expect.soft(await violations(page), `at ${width} px`).toEqual([]);
    }
    await page.emulateMedia({ contrast: "more", colorScheme: "light" });
    expect.soft(await violations(page), "high contrast").toEqual([]);
    expect(said).toEqual([]);
  });
}

/// Lies over a page until it is answered or left: where, and how it opens.
const OVERLAYS = [
  ["account", "/w/{workspace}/projects", (page) => page.getByRole("button", { name: /, account$/ })],
  ["workspaces", "/w/{workspace}/projects", (page) => page.getByRole("button", { name: /^Workspace / })],
  ["curl", "/w/{workspace}/projects", (page) => page.getByRole("button", { name: "Copy as curl" })],
  ["curl of a build", "/w/{workspace}/projects/{id}", (page) => page.getByRole("button", { name: "Copy as curl" })],
  ["confirm", "/style", (page) => page.getByRole("button", { name: "Revoke…" })],
  ["tip", "/style", (page) => page.getByRole("button", { name: "What is this?" })],
];
for (const [name, route, opener] of OVERLAYS) {
  test(`overlay: ${name}`, async ({ house, page }) => {
    const { address, cookie } = await resident(house);
    await page.context().addCookies([cookie]);
    await page.goto(house.url + address(route));
    const open = page.locator(":popover-open");
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      await opener(page).click();
      await expect(open).toHaveCount(1);
      const box = await open.boundingBox();
      expect.soft(box.x, `beyond the left edge at ${width} px`).toBeGreaterThanOrEqual(0);
      expect.soft(box.x + box.width, `beyond the right edge at ${width} px`).toBeLessThanOrEqual(width);
      expect.soft(await violations(page), `at ${width} px`).toEqual([]);
      await picture(page, `overlay-${name.replaceAll(" ", "-")}-${width}`);
      await page.keyboard.press("Escape");
      await expect(open).toHaveCount(0);
    }
  });
}

test("the palette finds pages, what the page lists, and actions", async ({ house, page }) => {
  const { address, cookie } = await resident(house);
  await page.context().addCookies([cookie]);
  const projects = house.url + address("/w/{workspace}/projects");
  await page.goto(projects);
  const palette = page.getByRole("dialog", { name: "Search or jump to" });
  const chosen = palette.getByRole("option", { selected: true });
  const search = palette.getByRole("combobox");
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await page.keyboard.press("Control+k");
    await expect(palette).toBeVisible();
    await expect(search).toBeFocused();
    expect.soft(await violations(page), `at ${width} px`).toEqual([]);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await picture(page, `overlay-palette-${width}-${colorScheme}`);
    }
    await page.keyboard.press("Escape");
    await expect(palette).toBeHidden();
  }

  // What is chosen is said, and stays in the list.
  await page.keyboard.press("Meta+k");
  const first = await chosen.textContent();
  await page.keyboard.press("ArrowDown");
  await expect(chosen).toHaveCount(1);
  expect(await chosen.textContent()).not.toBe(first);
  await expect(search).toHaveAttribute("aria-activedescendant", await chosen.getAttribute("id"));
  for (let step = 0; step < 3; step += 1) await page.keyboard.press("ArrowUp");
  expect(await chosen.textContent()).toBe(first);

  // An action.
  await page.keyboard.type("dark theme");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(palette).toBeHidden();

  // What the page lists.
  await page.keyboard.press("Control+k");
  await expect(search).toHaveValue("");
  await page.keyboard.type("harbour");
  await expect(chosen).toContainText("Harbour sauna");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/projects\/prj_/);

  // What it does not list is searched for.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("nothing is called this");
  await expect(chosen).toContainText("Projects with “nothing is called this”");
  await page.keyboard.press("Enter");
  await page.waitForURL(/projects\?q=nothing/);

  // A page.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("new project");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/new$/);

  // Leaving, with a session of its own: the others go on with theirs.
  const guest = await house.person();
  await page.context().addCookies([{ ...cookie, value: guest.token }]);
  await page.goto(`${house.url}/w/${guest.tenant.slug}/projects`);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("sign out");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Sign in" }).first()).toBeVisible();
});

test("modules and styles stay small", () => {
  const folder = new URL("../../../crates/adapters/console/assets/", import.meta.url);
  const assets = readFileSync(new URL("../src/assets.rs", folder), "utf8");
  const names = [...assets.matchAll(/"([\w-]+\.js)"/g)].map(([, name]) => name);
  const bytes = [...new Set(names)].reduce((sum, name) => sum + readFileSync(new URL(name, folder)).length, 0);
  expect(names.length).toBeGreaterThan(4);
  expect(bytes).toBeLessThan(30 * 1024);
});
