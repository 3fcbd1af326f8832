// Takes the README's picture of the console from a running product; `cargo xtask picture` runs it.
import { chromium } from "@playwright/test";
import { House } from "./browser/house.mjs";

const [folder] = process.argv.slice(2);
const SIZE = { width: 1280, height: 860 };

// Slow enough to be caught in the middle.
const house = await House.open({ ENGINE_STEP_DELAY_MS: "1200" });
const browser = await chromium.launch({
  executablePath: process.env.KEELWAY_TEST_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  const person = await house.person("Harbour Studio");
  const { id, project_id } = await house.api("/v1/builds", {
    token: person.token,
    body: {
      description: "A sauna by the harbour with login, payments, a gallery and a booking form",
      project_name: "Harbour sauna",
    },
  });
  // Until the third of the agents that write pages has begun.
  for (let after = 0, begun = 0; begun < 3; ) {
    const answer = await fetch(`${house.url}/v1/builds/${id}/events?limit=100&after=${after}`, {
      headers: { Authorization: `Bearer ${person.token}`, Prefer: "wait=20" },
    });
    const page = await answer.json();
    begun += page.data.filter(({ type, phase }) => type === "agent.completed" && phase === "implement").length;
    after = page.next_cursor;
    if (page.is_over) break;
  }
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: SIZE, colorScheme, reducedMotion: "reduce" });
    await context.addCookies([{ name: "keelway_session", value: person.token, url: house.url }]);
    const page = await context.newPage();
    await page.goto(`${house.url}/w/${person.tenant.slug}/projects/${project_id}`);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: `${folder}/console-${colorScheme}.png` });
    await context.close();
  }
} finally {
  await browser.close();
  await house.close();
}
