// Browser tests in the system's own Chromium; `cargo xtask test` runs them.
import { defineConfig } from "@playwright/test";

// What tests leave behind lies with what cargo leaves behind.
const left = process.env.KEELWAY_TEST_ARTEFACTS ?? "../../target/browser";

export default defineConfig({
  testDir: "browser",
  testMatch: "*.spec.mjs",
  outputDir: `${left}/failures`,
  workers: 2,
  fullyParallel: true,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    screenshot: "only-on-failure",
    // Nothing moves while it is clicked.
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath: process.env.KEELWAY_TEST_CHROMIUM ?? "/usr/bin/chromium",
      // The sandbox of a browser needs rights that root in a container has not.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
