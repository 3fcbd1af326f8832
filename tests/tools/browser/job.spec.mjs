// The whole main job, as people do it: by mouse, by keyboard alone, and without JavaScript.
import { readFileSync } from "node:fs";
import { expect, picture, test } from "./fixtures.mjs";
import { House } from "./house.mjs";

const DESCRIPTION = "A sauna by the harbour with login, payments, a gallery and a booking form";
const email = () => `ada-${Math.random().toString(36).slice(2)}@example.com`;
const PASSWORD = "correct horse battery";

/// Builds take long enough here to be watched.
const slow = test.extend({
  house: [
    async ({}, use) => {
      const house = await House.open({ ENGINE_STEP_DELAY_MS: "400" });
      await use(house);
      await house.close();
    },
    { scope: "worker" },
  ],
});

/// Fails if a page says something in the console, whatever else it shows.
function listen(page) {
  const said = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(String(error)));
  return said;
}

slow("by mouse, from a description to a site and its bill", async ({ house, page }) => {
  const said = listen(page);
  await page.goto(house.url);
  await page.getByLabel("What should it do?").click();
  await page.keyboard.type(DESCRIPTION);
  const estimate = page.getByRole("region", { name: "What it takes" });
  await expect(estimate).toContainText("Payment integration", { ignoreCase: true });
  await expect(estimate).toContainText(/\d+ ?credits|Credits/);
  await page.getByRole("button", { name: "Build this" }).click();

  await expect(page).toHaveURL(/\/signup\?queue=que_/);
  await page.getByLabel("Email").fill(email());
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("Workspace").fill("Crumb & Co");
  await page.getByRole("button", { name: "Sign up" }).click();

  // Nothing is charged before the confirmation.
  await expect(page).toHaveURL(/\/w\/crumb-co\/new/);
  await expect(page.getByLabel("What should the app do?")).toHaveValue(DESCRIPTION);
  await page.getByRole("button", { name: /^Build for at most \d+ credits/ }).click();

  await expect(page).toHaveURL(/\/projects\/prj_/);
  await expect(page.getByText("Building", { exact: true }).first()).toBeVisible();
  await expect(page.getByRole("list", { name: /Events/ })).toContainText("The build has started.");
  await picture(page, "job-live");

  // No reload: the page follows the build by itself.
  const preview = page.locator("iframe");
  await expect(preview).toBeVisible({ timeout: 30_000 });
  expect(await preview.getAttribute("sandbox")).toBe("allow-scripts allow-forms");
  await expect(page.frameLocator("iframe").locator("h1")).toBeVisible();
  await expect(page.getByText("Deployed", { exact: true }).first()).toBeVisible();
  await picture(page, "job-deployed");

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: /ZIP/ }).first().click(),
  ]);
  expect(readFileSync(await download.path()).subarray(0, 2).toString()).toBe("PK");

  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByRole("link", { name: "index.html" }).first().click();
  await expect(page.getByRole("main")).toContainText("<!doctype html>", { ignoreCase: true });
  await page.getByRole("link", { name: "History", exact: true }).click();
  await expect(page.getByRole("main")).toContainText(DESCRIPTION);

  await page.getByRole("link", { name: "Credits" }).first().click();
  await expect(page.getByRole("main")).toContainText("Available", { ignoreCase: true });
  expect(said).toEqual([]);
});

slow("by keyboard alone", async ({ house, page }) => {
  const said = listen(page);
  /// Goes on with Tab until the focus is on what has this name.
  const reach = async (name) => {
    for (let step = 0; step < 60; step += 1) {
      const focused = page.locator(":focus");
      if ((await focused.count()) > 0) {
        const found = await focused.evaluate(
          (element) =>
            element.getAttribute("aria-label") ||
            element.labels?.[0]?.textContent ||
            element.textContent ||
            "",
        );
        if (found.trim().match(name)) return;
      }
      await page.keyboard.press("Tab");
    }
    throw new Error(`nothing called ${name} is reached by Tab`);
  };
  const address = email();
  await page.goto(house.url);
  await reach(/^What should it do/);
  await page.keyboard.type(DESCRIPTION);
  await reach(/^Build this/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/signup/);
  await reach(/^Email/);
  await page.keyboard.type(address);
  await reach(/^Password/);
  await page.keyboard.type(PASSWORD);
  await reach(/^Workspace/);
  await page.keyboard.type("Keyboard");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/w\/keyboard\/new/);
  await reach(/^Build for at most/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/projects\/prj_/);
  await expect(page.locator("iframe")).toBeVisible({ timeout: 30_000 });

  // The palette leads anywhere, and Escape leads back.
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.type("credits");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/w\/keyboard\/credits/);
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  expect(said).toEqual([]);
});

slow.describe("without JavaScript", () => {
  slow.use({ javaScriptEnabled: false });

  slow("from a description to a site", async ({ house, page }) => {
    await page.goto(house.url);
    await page.getByLabel("What should it do?").fill(DESCRIPTION);
    await page.getByRole("button", { name: "See the price" }).click();
    await expect(page.getByRole("region", { name: "What it takes" })).toContainText("Payment integration", {
      ignoreCase: true,
    });
    await expect(page.getByLabel("What should it do?")).toHaveValue(DESCRIPTION);
    await page.getByRole("button", { name: "Build this" }).click();
    await page.getByLabel("Email").fill(email());
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign up" }).click();
    await expect(page).toHaveURL(/\/onboarding/);
    await page.getByLabel("Name").fill("Plain");
    await page.getByRole("main").getByRole("button").click();
    await expect(page).toHaveURL(/\/w\/plain\/new/);
    await page.getByRole("button", { name: /^Build for at most/ }).click();
    await expect(page).toHaveURL(/\/projects\/prj_/);
    // Without a script the page asks again by itself.
    await expect(page.locator("iframe")).toBeVisible({ timeout: 40_000 });
    await page.getByRole("link", { name: "Files", exact: true }).click();
    await page.getByRole("link", { name: "index.html" }).first().click();
    await expect(page.getByRole("main")).toContainText("<!doctype html>", { ignoreCase: true });
    await page.getByRole("link", { name: "History", exact: true }).click();
    await expect(page.getByRole("main")).toContainText(DESCRIPTION);
  });

  slow("a build is called off", async ({ house, page }) => {
    const person = await house.person();
    await page.context().addCookies([{ name: "keelway_session", value: person.token, url: house.url }]);
    await page.goto(`${house.url}/w/${person.tenant.slug}/new`);
    await page.getByLabel("What should the app do?").fill(DESCRIPTION);
    await page.getByRole("button", { name: "See what it takes" }).click();
    await page.getByRole("button", { name: /^Build for at most/ }).click();
    await page.getByRole("link", { name: /^Cancel build/ }).or(page.getByRole("button", { name: /^Cancel build/ })).first().click();
    await page.getByRole("button", { name: /Cancel (the )?build/ }).last().click();
    await expect(page.getByText("Cancelled", { exact: true }).first()).toBeVisible({ timeout: 30_000 });
  });
});
