// The descriptions that the offline engine is held to, as the engine's own tests read them.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";

const file = new URL("../../../crates/adapters/models/tests/descriptions.toml", import.meta.url);

export function descriptions() {
  return parse(readFileSync(file, "utf8")).site.map((site) => {
    const times = site.repeat_to ? Math.ceil(site.repeat_to / site.text.length) : 1;
    return { ...site, text: site.text.repeat(times).slice(0, site.repeat_to) };
  });
}
