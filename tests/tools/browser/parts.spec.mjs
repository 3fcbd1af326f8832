// The working parts of built sites, by mouse and by keyboard, as visitors get them.
import { violations } from "./axe.mjs";
import { expect, picture, test as base } from "./fixtures.mjs";

const GYM =
  "A gym in Leeds with class booking, a price list, payments, login, a dashboard, a gallery and a blog";
const SITES = {
  gym: GYM,
  praxis: "Eine Praxis für Physiotherapie in Köln mit Terminbuchung, Anmeldung, Dashboard und Galerie",
  hotel: "Hotel pequeño en Granada con reserva, galería, precios, eventos y contacto",
  arabic: "موقع لمخبز في القاهرة مع حجز ومعرض صور ولوحة معلومات وتسجيل الدخول",
  festival: "A design conference with programme, schedule of events, tickets, payments and articles",
  restaurant: "Restaurant à Lyon avec réservation, galerie, carte et paiement",
  software: "A SaaS for invoices with login, payments, pricing, dashboard, an API and realtime updates",
  padaria: "Uma padaria em Lisboa com reservas, galeria e painel",
};

/// Addresses of deployed sites, built once for each server.
const test = base.extend({
  sites: [
    async ({ house }, use) => {
      const person = await house.person();
      const built = new Map();
      await use(async (name) => {
        if (!built.has(name)) {
          const build = await house.built(person, SITES[name], { project_name: "Sample" });
          expect(build.status).toBe("deployed");
          built.set(name, build.preview_url);
        }
        return built.get(name);
      });
    },
    { scope: "worker" },
  ],
  said: [
    async ({ page }, use) => {
      const said = [];
      page.on("pageerror", (error) => said.push(String(error)));
      page.on("console", (message) => message.type() === "error" && said.push(message.text()));
      await use(said);
      expect(said).toEqual([]);
    },
    { auto: true },
  ],
});

const NOON = new Date("2026-03-04T12:00:00");

test("a booking by mouse ends with a reference and a calendar entry", async ({ sites, page }) => {
  await page.clock.setFixedTime(NOON);
  await page.goto(`${await sites("gym")}booking.html`);
  const form = page.locator("form");
  await form.getByRole("button").last().click();
  const summary = page.getByRole("group", { name: /correct the fields/ });
  await expect(summary).toBeFocused();
  await expect(summary.getByRole("link")).toHaveText([
    "Date: Choose a day.",
    "Time: Choose a time.",
    "Name: Please fill this in.",
    "Email address: Please fill this in.",
  ]);
  await summary.getByRole("link").first().click();
  await expect(page.getByRole("gridcell", { name: "Wednesday, March 4, 2026" })).toBeFocused();

  await expect(page.getByRole("gridcell", { name: /March 3, 2026/ })).toHaveAttribute("aria-disabled", "true");
  const sunday = page.getByRole("gridcell", { name: "Sunday, March 8, 2026, closed" });
  await sunday.click({ force: true });
  await expect(sunday).toHaveAttribute("aria-selected", "false");
  await page.getByRole("button", { name: "Next month" }).click();
  await page.getByRole("gridcell", { name: "Friday, April 10, 2026" }).click();
  await expect(page.locator("#date-error")).toBeEmpty();
  await page.locator("[name=time]:enabled + label").first().click();
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Email address").fill("ada");
  await form.getByRole("button").last().click();
  await expect(page.getByLabel("Email address")).toHaveAccessibleDescription(/name@example.com/);
  await page.getByLabel("Email address").fill("ada@example.com");
  await form.getByRole("button").last().click();

  const done = page.getByRole("group", { name: "Your request is ready" });
  await expect(done).toBeFocused();
  await expect(done).toContainText("Friday, April 10, 2026");
  await expect(done.locator("[data-reference]")).toHaveText(/^[A-Z0-9]{6}$/);
  await expect(done.getByLabel(/Calendar entry/)).toHaveValue(/DTSTART:20260410T\d{6}/);
  await done.getByRole("button", { name: "Copy" }).click();
  await expect(done.getByRole("status")).toHaveText("Copied");
  expect(await violations(page)).toEqual([]);
  await picture(page, "part-booking-done");
  await done.getByRole("button", { name: "Change entries" }).click();
  await expect(page.getByLabel("Name")).toHaveValue("Ada");
});

test("a calendar is walked by keyboard in the page's language", async ({ sites, page }) => {
  await page.clock.setFixedTime(NOON);
  await page.goto(`${await sites("praxis")}booking.html`);
  await expect(page.locator(".calendar th").first()).toHaveText(/^Mo/);
  await expect(page.locator(".calendar p")).toHaveText("März 2026");
  const at = (name) => expect(page.getByRole("gridcell", { name })).toBeFocused();
  await page.locator(".calendar [tabindex='0']").focus();
  for (const [key, name] of [
    ["ArrowRight", "Donnerstag, 5. März 2026"],
    ["ArrowDown", "Donnerstag, 12. März 2026"],
    ["Home", "Montag, 9. März 2026"],
    ["End", "Sonntag, 15. März 2026, geschlossen"],
    ["PageDown", "Mittwoch, 15. April 2026"],
    ["PageUp", "Sonntag, 15. März 2026, geschlossen"],
    ["ArrowUp", "Sonntag, 8. März 2026, geschlossen"],
    ["ArrowLeft", /^Samstag, 7. März 2026/],
    ["PageUp", "Mittwoch, 4. März 2026"],
  ]) {
    await page.keyboard.press(key);
    await at(name);
  }
  await page.keyboard.press("Enter");
  await expect(page.getByRole("gridcell", { name: "Mittwoch, 4. März 2026" })).toHaveAttribute("aria-selected", "true");
  expect(await page.locator(".calendar [tabindex='0']").count()).toBe(1);
  expect(await violations(page)).toEqual([]);
});

test("a calendar of a page from right to left turns with it", async ({ sites, page }) => {
  await page.clock.setFixedTime(NOON);
  await page.goto(`${await sites("arabic")}booking.html`);
  const day = page.locator(".calendar [tabindex='0']");
  await day.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(day).toHaveAttribute("data-day", "2026-03-05");
  expect(await violations(page)).toEqual([]);
});

test("a stay is asked for by nights, and without the script by plain fields", async ({ sites, browser, page }) => {
  const address = `${await sites("hotel")}booking.html`;
  await page.goto(address);
  await expect(page.getByLabel("Noches")).toBeVisible();
  const bare = await browser.newContext({ javaScriptEnabled: false });
  const plain = await bare.newPage();
  await plain.goto(address);
  await expect(plain.getByLabel("Llegada")).toHaveAttribute("type", "date");
  await expect(plain.locator(".summary, .done")).toHaveCount(2);
  for (const hidden of await plain.locator(".summary, .done").all()) await expect(hidden).toBeHidden();
  await bare.close();
});

test("accounts: a password shows itself and hears what it is worth", async ({ sites, page }) => {
  const home = await sites("gym");
  await page.goto(`${home}signup.html`);
  const password = page.getByRole("textbox", { name: "Password", exact: true });
  const strength = page.locator("[data-strength]");
  for (const [text, said] of [
    ["abc", "Too short so far"],
    ["aaaaaaaaaaaa", /Easy to guess/],
    ["correct horse battery Staple 9", "Very good"],
  ]) {
    await page.locator("#password").fill(text);
    await expect(strength).toHaveText(said);
  }
  const show = page.getByRole("button", { name: "Show password" });
  await show.press("Enter");
  await expect(show).toHaveAttribute("aria-pressed", "true");
  await expect(password).toHaveAttribute("type", "text");
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Email address").fill("ada@example.com");
  await page.getByRole("button", { name: "Create account" }).click();
  const done = page.getByRole("group", { name: "Your account is ready" });
  await expect(done).toBeFocused();
  await expect(done).not.toContainText("correct horse");
  await page.getByRole("link", { name: "Already registered? Log in" }).click();
  await page.getByLabel("Email address").fill("ada@example.com");
  await page.locator("#password").fill("x");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Dashboard" }).filter({ visible: true }).first()).toBeVisible();
  await expect(page.getByRole("group", { name: "Your details fit" })).toBeFocused();
});

test("prices by the year are ten months, and the choice goes to the checkout", async ({ sites, page }) => {
  await page.goto(`${await sites("software")}pricing.html`);
  const prices = async () => (await page.locator(".plan .price").allTextContents()).map((text) => Number(text.replace(/\D/g, "")));
  const monthly = await prices();
  await expect(page.locator(".plan").nth(1)).toContainText("Recommended");
  await page.getByText("Yearly", { exact: true }).click();
  expect(await prices()).toEqual(monthly.map((price) => price * 10));
  await expect(page.getByRole("status")).toHaveText(/price of ten/);
  await page.locator(".plan a").nth(2).click();
  const order = page.getByRole("complementary", { name: "Your order" });
  await expect(order).toContainText(new RegExp(`${monthly[2] * 10}|${(monthly[2] * 10).toLocaleString("en")}`));
  await page.locator("#plan-0").focus();
  await page.keyboard.press("ArrowDown");
  await expect(order.locator("[data-order=total]")).toHaveText(new RegExp((monthly[1] * 10).toLocaleString("en")));
  await page.getByRole("button", { name: "Check order" }).click();
  await expect(page.getByRole("group", { name: /correct the fields/ })).toBeFocused();
  expect(await violations(page)).toEqual([]);
});

test("a dashboard draws other periods, sorts and filters", async ({ sites, page }) => {
  await page.goto(`${await sites("gym")}dashboard.html`);
  const line = page.locator(".plot .trend");
  const before = await line.getAttribute("d");
  await page.getByText("7 days", { exact: true }).click();
  expect(await line.getAttribute("d")).not.toBe(before);
  await page.getByText("Show as a table").click();
  await expect(page.locator("[data-trend] tbody tr")).toHaveCount(7);
  await page.locator("#period-0").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator("[data-trend] tbody tr")).toHaveCount(90);

  const column = async () => (await page.locator("#entries tbody td:nth-child(3)").allTextContents()).map(Number);
  const count = page.getByRole("columnheader", { name: "Count" });
  await count.getByRole("button").click();
  await expect(count).toHaveAttribute("aria-sort", "ascending");
  expect(await column()).toEqual((await column()).sort((a, b) => a - b));
  await count.getByRole("button").press("Enter");
  expect(await column()).toEqual((await column()).sort((a, b) => b - a));
  await page.getByRole("searchbox", { name: "Search" }).fill("téchnique");
  await expect(page.locator("#entries tbody tr:visible")).toHaveCount(1);
  await expect(page.getByRole("search").getByRole("status")).toHaveText("1 shown");
  expect(await violations(page)).toEqual([]);
});

test("pictures open one by one and give the focus back", async ({ sites, page, browser }) => {
  const address = `${await sites("restaurant")}gallery.html`;
  await page.goto(address);
  const links = page.locator(".shots a");
  await links.nth(1).press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  const second = await dialog.locator("figcaption").textContent();
  await page.keyboard.press("ArrowRight");
  await expect(dialog.locator("figcaption")).not.toHaveText(second);
  await page.keyboard.press("ArrowLeft");
  await expect(dialog.locator("figcaption")).toHaveText(second);
  expect(await violations(page)).toEqual([]);
  await picture(page, "part-lightbox");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(links.nth(1)).toBeFocused();
  await links.first().click();
  await dialog.getByRole("button", { name: "Fermer" }).click();
  await expect(links.first()).toBeFocused();
  const bare = await browser.newContext({ javaScriptEnabled: false });
  const plain = await bare.newPage();
  await plain.goto(address);
  await plain.locator(".shots a").nth(1).click();
  expect(plain.url()).toBe(`${address}#shot-1`);
  await bare.close();
});

test("a message is counted, checked and answered", async ({ sites, page }) => {
  await page.goto(`${await sites("padaria")}contact.html`);
  const message = page.locator("#message");
  await message.fill("Bom dia");
  await expect(page.locator("[data-left]")).toHaveText(/993/);
  await page.locator("form button[type=submit]").click();
  await expect(message).toHaveAttribute("aria-invalid", "false");
  const name = page.getByRole("textbox", { name: "Nome" });
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await name.fill("Eva");
  await page.locator("#email").fill("eva@example.com");
  await page.keyboard.press("Enter");
  await expect(page.locator(".done")).toBeFocused();
  await expect(page.locator(".done")).toContainText("Bom dia");
});

test("an offer has its groups and is searched", async ({ sites, page }) => {
  await page.goto(`${await sites("restaurant")}overview.html`);
  const jumps = page.locator(".jumps a");
  await jumps.last().press("Enter");
  expect(new URL(page.url()).hash).toMatch(/^#group-\d$/);
  const first = await page.locator(".things .name").first().textContent();
  await page.getByRole("searchbox").fill(first);
  await expect(page.locator(".things > li:visible")).toHaveCount(1);
  await expect(page.locator(".group:visible")).toHaveCount(1);
  await page.getByRole("searchbox").fill("");
  await expect(page.locator(".group:visible")).toHaveCount(await page.locator(".group").count());
});

test("a programme becomes one's own", async ({ sites, page }) => {
  await page.goto(`${await sites("festival")}events.html`);
  const add = page.getByRole("button", { name: /^Add to my plan/ });
  const rows = await add.count();
  await add.first().click();
  await expect(page.locator(".my-plan li")).toHaveCount(1);
  await page.getByRole("button", { name: /^Remove from my plan/ }).press("Enter");
  await expect(page.locator(".my-plan li")).toHaveCount(0);
  await expect(add).toHaveCount(rows);
  expect(await violations(page)).toEqual([]);
});

test("pieces say how long they take", async ({ sites, page }) => {
  await page.goto(`${await sites("festival")}articles.html`);
  await expect(page.locator(".reads > li").first()).toContainText("1 min read");
  await page.getByRole("searchbox").fill("no such word");
  await expect(page.locator(".reads > li:visible")).toHaveCount(0);
});

test("news come in until they are stopped", async ({ sites, page }) => {
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.clock.install();
  await page.goto(`${await sites("software")}live.html`);
  const first = page.locator(".feed li").first();
  const before = await first.textContent();
  await page.clock.runFor(5_100);
  await expect(first).not.toHaveText(before);
  await page.getByRole("button", { name: "Pause updates" }).click();
  const stopped = await first.textContent();
  await page.clock.runFor(20_000);
  await expect(first).toHaveText(stopped);
  await expect(page.locator(".feed")).toHaveAttribute("aria-live", "off");
  await expect(page.getByRole("button", { name: "Resume updates" })).toBeVisible();
});

for (const name of Object.keys(SITES)) {
  test(`the menu of narrow windows opens and closes: ${name}`, async ({ sites, page, browser }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    const address = await sites(name);
    await page.goto(`${address}contact.html`);
    const menu = page.locator("button.menu-button");
    const current = page.locator(".site-nav [aria-current=page]");
    await expect(current).toBeHidden();
    await menu.press("Enter");
    await expect(menu).toHaveAttribute("aria-expanded", "true");
    await expect(current).toBeVisible();
    for (const link of await page.locator(".site-nav a:visible").all()) {
      expect((await link.boundingBox()).height).toBeGreaterThanOrEqual(44);
    }
    expect(await violations(page)).toEqual([]);
    await picture(page, `part-menu-${name}`);
    await page.keyboard.press("Escape");
    await expect(menu).toBeFocused();
    await expect(current).toBeHidden();
    const bare = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
    const plain = await bare.newPage();
    await plain.goto(`${address}contact.html`);
    await plain.locator("a.menu-button").click();
    await expect(plain.locator(".site-nav [aria-current=page]")).toBeVisible();
    await bare.close();
  });
}
