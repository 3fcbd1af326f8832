// What every browser test is given: a server for each worker of the runner, and a camera.
import { test as base, expect } from "@playwright/test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { House } from "./house.mjs";

export { expect };

export const test = base.extend({
  house: [
    async ({}, use) => {
      const house = await House.open();
      await use(house);
      await house.close();
    },
    { scope: "worker" },
  ],
});

/// Waits until colours that are on their way from one scheme to another have arrived.
export async function settled(page) {
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    const transitions = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.allSettled(transitions.map((transition) => transition.finished));
    await frame();
  });
}

/// Keeps a picture of the page among the artefacts.
export async function picture(page, name) {
  await settled(page);
  const dir = join(process.env.KEELWAY_TEST_ARTEFACTS ?? "../../target/browser", "pictures");
  mkdirSync(dir, { recursive: true });
  await page.screenshot({ path: join(dir, `${name}.png`), fullPage: true });
}
