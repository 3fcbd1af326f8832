// Measures pages of a release build as people get them; `cargo xtask pages` runs it.
//
// Lighthouse as it is (a simulated mid-range phone), then the same pages on loopback with the
// CPU slowed down four times: largest contentful paint, layout shift, bytes.
import { chromium } from "@playwright/test";
import lighthouse from "lighthouse";
import { House } from "./browser/house.mjs";

// Ten that the engine is not tested with.
const SITES = {
  hotel:
    "Website for Casa Aurora, a small family hotel with six rooms near the beach in Tavira, with booking and a photo gallery",
  gym: "Landing page for a climbing gym in Leeds: class timetable, membership prices and a form to book a trial",
  clinic: "Eine Website für eine Tierarztpraxis in Freiburg mit Sprechzeiten, Leistungen und Terminbuchung",
  portfolio:
    "Portfolio of a ceramic artist called Noor Haddad with a gallery of bowls and vases and a contact form",
  restaurant: "Site de um restaurante de petiscos no Porto com ementa, reservas e galeria",
  tool: "A dashboard for a small brewery that tracks fermentation temperature, stock and orders, with login",
  event: "Sitio web de un festival de jazz en Valencia con programa, entradas y preguntas frecuentes",
  software: "SaaS for freelancers who send invoices: features, pricing table, sign up, login and a blog",
  charity:
    "Le site d'une association qui répare des vélos pour les étudiants à Lyon, avec un calendrier d'ateliers et un formulaire de bénévolat",
  museum: "A history museum in a former mill with exhibitions, opening hours and visits for schools",
};
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const DEBUG_PORT = 9333;
const RUNS = 5;

const house = await House.open();
const browser = await chromium.launch({
  executablePath: process.env.KEELWAY_TEST_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", `--remote-debugging-port=${DEBUG_PORT}`],
});
try {
  const rows = [];
  for (const { name, url, cookie } of [...(await consolePages()), ...(await sites())]) {
    rows.push({ page: name, ...(await scores(url, cookie)), ...(await loading(url, cookie)) });
    console.error(`measured ${name}`);
  }
  console.table(rows);
} finally {
  await browser.close();
  await house.close();
}

/// The pages of the console, of somebody who has built something.
async function consolePages() {
  const person = await house.person("ada");
  const build = await house.built(person, "A bakery in Lisbon with a menu and a booking form", {
    project_name: "Crumb & Co",
  });
  const cookie = `keelway_session=${person.token}`;
  const inside = `/w/${person.tenant.slug}`;
  const paths = {
    landing: "/",
    "sign up": "/signup",
    projects: `${inside}/projects`,
    "new project": `${inside}/new`,
    project: `${inside}/projects/${build.project_id}`,
    files: `${inside}/projects/${build.project_id}/files`,
    history: `${inside}/projects/${build.project_id}/history`,
    credits: `${inside}/credits`,
    usage: `${inside}/usage`,
    settings: `${inside}/settings`,
  };
  const open = ["landing", "sign up"];
  return Object.entries(paths).map(([name, path]) => ({
    name,
    url: house.url + path,
    cookie: open.includes(name) ? undefined : cookie,
  }));
}

/// A sample of what builds make.
async function sites() {
  const person = await house.person("grace");
  const built = [];
  for (const [name, description] of Object.entries(SITES)) {
    const { deployment_url } = await house.built(person, description);
    built.push({ name: `site ${name}`, url: deployment_url });
  }
  return built;
}

/// The median of three runs in each category: a shared machine makes one run an accident.
async function scores(url, cookie) {
  const runs = [];
  while (runs.length < 3) runs.push(await score(url, cookie));
  const middle = (key) => runs.map((run) => run[key]).sort((one, other) => one - other)[1];
  return Object.fromEntries(CATEGORIES.map((key) => [key, middle(key)]));
}

async function score(url, cookie) {
  const result = await lighthouse(url, {
    port: DEBUG_PORT,
    logLevel: "silent",
    onlyCategories: CATEGORIES,
    // Signed-in pages are not for search engines, and say so.
    skipAudits: ["is-crawlable"],
    extraHeaders: cookie ? { Cookie: cookie } : undefined,
  });
  const { categories } = result.lhr;
  return Object.fromEntries(CATEGORIES.map((key) => [key, Math.round(categories[key].score * 100)]));
}

async function loading(url, cookie) {
  const paints = [];
  let shift = 0;
  let bytes = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const context = await browser.newContext();
    if (cookie) {
      const [name, value] = cookie.split("=");
      await context.addCookies([{ name, value, url: house.url }]);
    }
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    await devtools.send("Network.enable");
    const foreign = new Set();
    bytes = 0;
    devtools.on("Network.responseReceived", ({ requestId, response }) => {
      if (!response.url.startsWith(new URL(url).origin)) foreign.add(requestId);
    });
    devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (!foreign.has(requestId)) bytes += encodedDataLength;
    });
    await page.goto(url, { waitUntil: "load" });
    const seen = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const seen = { paint: 0, shift: 0 };
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) seen.paint = entry.startTime;
          }).observe({ type: "largest-contentful-paint", buffered: true });
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => resolve(seen), 500);
        }),
    );
    paints.push(seen.paint);
    shift = Math.max(shift, seen.shift);
    await context.close();
  }
  paints.sort((one, other) => one - other);
  return {
    "LCP ms, CPU/4": Math.round(paints[Math.floor(RUNS / 2)]),
    CLS: Number(shift.toFixed(3)),
    "KB": Number((bytes / 1024).toFixed(1)),
  };
}
