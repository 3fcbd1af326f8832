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
      const isAnswer = message.text().includes("status of 404") && route === "/join/{token}";
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

test("modules and styles stay small", () => {
  const folder = new URL("../../../crates/adapters/console/assets/", import.meta.url);
  const assets = readFileSync(new URL("../src/assets.rs", folder), "utf8");
  const names = [...assets.matchAll(/"([\w-]+\.js)"/g)].map(([, name]) => name);
  const bytes = [...new Set(names)].reduce((sum, name) => sum + readFileSync(new URL(name, folder)).length, 0);
  expect(names.length).toBeGreaterThan(4);
  expect(bytes).toBeLessThan(30 * 1024);
});
