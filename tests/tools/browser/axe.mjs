// The accessibility checker, run inside a page whatever its policy says of scripts.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { settled } from "./fixtures.mjs";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// What the checker finds wrong with the page in light and in dark, as short lines. Frames are
/// not looked into: what is in them is of another origin.
export async function violations(page) {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await settled(page);
    await page.evaluate(source);
    const result = await page.evaluate(
      (tags) => window.axe.run(document, { runOnly: tags, resultTypes: ["violations"], iframes: false }),
      STANDARDS,
    );
    for (const violation of result.violations) {
      for (const node of violation.nodes) {
        found.push(`${colorScheme} ${violation.id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`);
      }
    }
  }
  return found;
}
