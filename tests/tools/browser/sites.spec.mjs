// What builds make: every page of every description, as visitors get it from the sites listener.
import { violations } from "./axe.mjs";
import { descriptions } from "./descriptions.mjs";
import { expect, picture, test } from "./fixtures.mjs";

// The widths of a phone, a tablet and a desk; at home also those between, where a header that is
// one row on a desk no longer fits.
const WIDTHS = [360, 768, 1280];
const HOME_WIDTHS = [320, 360, 600, 768, 832, 860, 1000, 1100, 1200, 1280, 1920];

// How many pixels of the page lie beyond its window.
const beyond = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const site of descriptions()) {
  test(`site ${site.key}`, async ({ house, page }) => {
    test.setTimeout(180_000);
    const build = await house.built(await house.person(), site.text, { project_name: "Sample" });
    expect(build.status).toBe("deployed");

    const said = [];
    const asked = new Set();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) said.push(message.text());
    });
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("dialog", (dialog) => {
      said.push(`a dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on("request", (request) => asked.add(new URL(request.url()).origin));

    const home = new URL(build.preview_url);
    const ahead = [home.href];
    const seen = new Set();
    while (ahead.length > 0) {
      const address = ahead.pop();
      if (seen.has(address)) continue;
      seen.add(address);
      const name = address.slice(home.href.length) || "index.html";
      await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      await page.goto(address);
      if (address === home.href) await picture(page, `site-${site.key}-1280`);
      for (const width of address === home.href ? HOME_WIDTHS : WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        expect.soft(await beyond(page), `${name} is wider than ${width} px`).toBeLessThanOrEqual(0);
        if (address === home.href && width === 360) await picture(page, `site-${site.key}-360`);
      }
      // The last width is that of a desk again, which what follows looks at.
      await page.setViewportSize({ width: 1280, height: 800 });
      expect.soft(await violations(page), name).toEqual([]);
      const links = await page.evaluate(() => [...document.links].map((link) => link.href));
      for (const link of links.map((link) => link.split("#")[0])) {
        if (link.startsWith(home.href) && !seen.has(link)) ahead.push(link);
      }
    }
    expect(said).toEqual([]);
    expect([...asked]).toEqual([home.origin]);
  });
}
