// What must hold when things go wrong, or somebody means harm.
import { expect, test } from "./fixtures.mjs";
import { House } from "./house.mjs";

const DESCRIPTION = "A sauna by the harbour with login, payments, a gallery and a booking form";

const slow = test.extend({
  house: [
    async ({}, use) => {
      const house = await House.open({ ENGINE_STEP_DELAY_MS: "700", WORKER_LEASE_TTL_MS: "1500" });
      await use(house);
      await house.close();
    },
    { scope: "worker" },
  ],
});

const enter = (context, house, { token }) =>
  context.addCookies([{ name: "keelway_session", value: token, url: house.url }]);

async function begin(house, person, description = DESCRIPTION) {
  const build = await house.api("/v1/builds", { token: person.token, body: { description } });
  return { ...build, address: `${house.url}/w/${person.tenant.slug}/projects/${build.project_id}` };
}

slow("two tabs see one build, and one of them calls it off", async ({ house, context }) => {
  const person = await house.person();
  await enter(context, house, person);
  const build = await begin(house, person);
  const [one, other] = [await context.newPage(), await context.newPage()];
  await one.goto(build.address);
  await other.goto(build.address);
  await one.bringToFront();
  await one.getByText("Cancel build…").click();
  await one.getByRole("button", { name: "Cancel the build" }).click();
  await expect(one.getByText("Cancelled", { exact: true }).first()).toBeVisible({ timeout: 20_000 });
  await other.bringToFront();
  await expect(other.getByText("Cancelled", { exact: true }).first()).toBeVisible({ timeout: 20_000 });
});

slow("two tabs that confirm the same build make one", async ({ house, context }) => {
  const person = await house.person();
  await enter(context, house, person);
  const page = await context.newPage();
  const address = `${house.url}/w/${person.tenant.slug}/new?description=${encodeURIComponent(DESCRIPTION)}`;
  await page.goto(address);
  // The same form twice, as an impatient person or a retrying browser sends it.
  const made = await page.evaluate(async () => {
    const form = document.querySelector("main form");
    const confirm = [...form.querySelectorAll("button"), ...document.querySelectorAll("main button")].find((button) =>
      /^Build for at most/.test(button.textContent.trim()),
    );
    const owner = confirm.form ?? form;
    const body = new URLSearchParams(new FormData(owner, confirm));
    const send = () => fetch(confirm.formAction || owner.action, { method: "POST", body }).then((answer) => answer.url);
    return Promise.all([send(), send()]);
  });
  expect(made[0]).toMatch(/\/projects\/prj_/);
  expect(made[1]).toBe(made[0]);
  const builds = await house.api("/v1/builds", { token: person.token });
  expect(builds.data).toHaveLength(1);
});

slow("a page finds back after the server was killed", async ({ context }) => {
  const house = await House.open({ ENGINE_STEP_DELAY_MS: "700", WORKER_LEASE_TTL_MS: "1500" });
  try {
    const person = await house.person();
    await enter(context, house, person);
    const build = await begin(house, person);
    const page = await context.newPage();
    await page.goto(build.address);
    const feed = page.getByRole("list", { name: /Events/ });
    await expect(feed).toContainText("The build has started.");
    await house.stop("SIGKILL");
    await expect(page.getByText("Reconnecting")).toBeVisible({ timeout: 20_000 });
    await house.start();
    await expect(page.locator("iframe")).toBeVisible({ timeout: 45_000 });
    // Each event once, in order, over both lives of the server.
    const events = await house.api(`/v1/builds/${build.id}/events?limit=100`, { token: person.token });
    expect(events.data.map(({ seq }) => seq)).toEqual(events.data.map((_, index) => index + 1));
    expect(events.is_over).toBe(true);
  } finally {
    await house.close();
  }
});

test("a second tenant sees nothing of the first", async ({ house, page, context }) => {
  const [ada, eve] = [await house.person(), await house.person()];
  const build = await house.built(ada, DESCRIPTION, { project_name: "Secret sauna" });
  await enter(context, house, eve);
  const theirs = `/w/${ada.tenant.slug}`;
  const mine = `/w/${eve.tenant.slug}`;
  const inside = [
    `/projects/${build.project_id}`,
    `/projects/${build.project_id}/files`,
    `/projects/${build.project_id}/history`,
    `/projects/${build.project_id}/history/${build.snapshot_id}`,
    `/builds/${build.id}/stream`,
    `/builds/${build.id}/download`,
    `/snapshots/${build.snapshot_id}/files/index.html`,
  ];
  const outside = ["", "/projects", "/new", "/credits", "/usage", "/settings", "/settings/members"];
  for (const path of [...inside, ...outside].map((path) => theirs + path).concat(inside.map((path) => mine + path))) {
    const answer = await page.request.get(house.url + path);
    expect(answer.status(), path).toBe(404);
    expect(await answer.text(), path).not.toContain("Secret");
  }
  await page.goto(`${house.url}${mine}/projects`);
  await expect(page.getByRole("main")).not.toContainText("Secret");
  const admin = await page.request.get(`${house.url}/admin`);
  expect(admin.status()).toBe(404);
});

const HOSTILE = [
  `A shop <script>globalThis.pwned = 1</script><img src=x onerror="globalThis.pwned = 1"> with a contact form`,
  `"><svg onload=globalThis.pwned=1> a bakery '"\`</textarea></title></style><iframe src=javascript:globalThis.pwned=1>`,
  `{{ 7 * 7 }} \${globalThis.pwned = 1} <a href="javascript:globalThis.pwned=1">a gallery</a> of boats \u202e gpj.exe`,
];
for (const [number, description] of HOSTILE.entries()) {
  test(`hostile description ${number + 1} runs nowhere`, async ({ house, page, context }) => {
    const person = await house.person();
    await enter(context, house, person);
    const dialogs = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      return dialog.dismiss();
    });
    const said = [];
    page.on("console", (message) => {
      if (/Content.Security.Policy|Trusted/i.test(message.text())) said.push(message.text());
    });
    const name = `<b onmouseover=globalThis.pwned=1>${number}</b>`;
    const build = await house.built(person, description, { project_name: name });
    const w = `${house.url}/w/${person.tenant.slug}`;
    const project = `${w}/projects/${build.project_id}`;
    for (const address of [
      `${w}/projects?q=${encodeURIComponent(description)}`,
      `${w}/new?description=${encodeURIComponent(description)}`,
      project,
      `${project}/files?path=index.html`,
      `${project}/history`,
      `${project}/history/${build.snapshot_id}`,
      `${w}/credits`,
      `${w}/usage`,
      build.preview_url,
    ]) {
      await page.goto(address, { waitUntil: "networkidle" });
      for (const frame of page.frames()) {
        expect(await frame.evaluate(() => globalThis.pwned), address).toBeUndefined();
        expect(await frame.evaluate(() => document.querySelector("main b[onmouseover], img[onerror], svg[onload]")), address).toBeNull();
      }
    }
    expect(dialogs).toEqual([]);
    expect(said).toEqual([]);
    // Browsers report what a policy had to stop: there was nothing to stop.
    const metrics = await (await fetch(`${house.url}/metrics`)).text();
    expect(metrics).not.toMatch(/^keelway_csp_reports_total(\{[^}]*\})? [1-9]/m);
  });
}

test("what a policy stops is reported", async ({ house, page }) => {
  await page.goto(house.url);
  // The report is counted before it is answered.
  const reported = page.waitForResponse((answer) => answer.url().endsWith("/csp-reports"));
  await page.evaluate(() => {
    const image = new Image();
    image.src = "http://127.0.0.1:9/x.png";
    document.body.append(image);
  });
  await reported;
  const metrics = await (await fetch(`${house.url}/metrics`)).text();
  expect(metrics).toMatch(/^keelway_csp_reports_total(\{[^}]*\})? [1-9]/m);
});

test("a preview reaches neither cookies nor storage nor the console around it", async ({ house, page, context }) => {
  const person = await house.person();
  await enter(context, house, person);
  const build = await house.built(person, DESCRIPTION);
  await page.goto(`${house.url}/w/${person.tenant.slug}/projects/${build.project_id}`);
  await expect(page.frameLocator("iframe").locator("h1")).toBeVisible();
  const frame = page.frames().find((frame) => frame !== page.mainFrame());
  const reached = await frame.evaluate(async (console_) => {
    const attempt = async (act) => {
      try {
        return await act();
      } catch (error) {
        return error.name;
      }
    };
    return {
      origin: self.origin,
      cookie: await attempt(() => document.cookie),
      local: await attempt(() => localStorage.length),
      session: await attempt(() => sessionStorage.length),
      database: await attempt(() => new Promise((resolve, reject) => {
        const request = indexedDB.open("x");
        request.onsuccess = () => resolve("opened");
        request.onerror = () => reject(request.error);
      })),
      parent: await attempt(() => parent.document.title),
      top: await attempt(() => {
        top.location = "about:blank";
        return "moved";
      }),
      console: await attempt(() => fetch(console_, { credentials: "include" }).then(() => "fetched")),
      elsewhere: await attempt(() => fetch("http://127.0.0.1:9/").then(() => "fetched")),
      opened: await attempt(() => String(window.open("about:blank"))),
      worker: await attempt(() => navigator.serviceWorker.register("/sw.js").then(() => "registered")),
    };
  }, house.url);
  expect(reached).toEqual({
    origin: "null",
    cookie: "SecurityError",
    local: "SecurityError",
    session: "SecurityError",
    database: "SecurityError",
    parent: "SecurityError",
    top: "SecurityError",
    console: "TypeError",
    elsewhere: "TypeError",
    opened: "null",
    worker: expect.stringMatching(/Error$/),
  });
  expect(page.url()).toContain(build.project_id);
});
