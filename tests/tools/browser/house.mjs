// A `keelway` of its own, started and ended by whoever opens it, and people who use it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = process.env.KEELWAY_TEST_BINARY ?? "../../target/debug/keelway";

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/// A data directory with settings, and the server that lives in it.
export class House {
  static async open(settings = {}) {
    const house = new House();
    house.dir = mkdtempSync(join(tmpdir(), "keelway-browser-"));
    house.port = await freePort();
    house.previews = await freePort();
    house.url = `http://127.0.0.1:${house.port}`;
    house.settings = {
      LISTEN: `127.0.0.1:${house.port}`,
      PREVIEW_LISTEN: `127.0.0.1:${house.previews}`,
      DATA_DIR: house.dir,
      MODE: "development",
      LOG_LEVEL: "warn",
      WORKER_POLL_EVERY_MS: "50",
      BUILDS_RETRY_CAP_MS: "50",
      TIERS_FREE_CREDITS_PER_MONTH: "1000000",
      TIERS_FREE_BUILDS_PER_MONTH: "unlimited",
      TIERS_FREE_PROJECTS: "unlimited",
      TIERS_FREE_CONCURRENT_BUILDS: "4",
      RATE_LIMITS_GUEST_LIMIT: "100000",
      RATE_LIMITS_AUTH_LIMIT: "100000",
      RATE_LIMITS_BUILD_SUBMIT_LIMIT: "100000",
      RATE_LIMITS_WRITE_LIMIT: "100000",
      RATE_LIMITS_READ_LIMIT: "100000",
      ...settings,
    };
    await house.start();
    return house;
  }

  async start() {
    const env = { PATH: process.env.PATH, HOME: this.dir };
    for (const [name, value] of Object.entries(this.settings)) env[`KEELWAY_${name}`] = value;
    this.child = spawn(program, [], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.said = [];
    this.log = [];
    createInterface({ input: this.child.stderr }).on("line", (line) => this.log.push(line));
    await new Promise((resolve, reject) => {
      const lines = createInterface({ input: this.child.stdout });
      lines.on("line", (line) => {
        this.said.push(line);
        if (line.includes("ready at")) resolve();
      });
      this.child.once("error", reject);
      this.child.once("exit", (code) =>
        reject(new Error(`keelway ended with ${code}: ${this.log.slice(-5).join("\n")}`)),
      );
    });
  }

  /// Ends the server as a crash would, or politely.
  async stop(signal = "SIGTERM") {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    if (this.child.exitCode === null && this.child.kill(signal)) await ended;
  }

  async close() {
    await this.stop("SIGKILL");
    rmSync(this.dir, { recursive: true, force: true });
  }

  /// One call of the API by `token`; fails on anything but success.
  async api(path, { token, body, method = body ? "POST" : "GET" } = {}) {
    const headers = { "Content-Type": "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  /// Somebody with a workspace; the session is the API's.
  async person(name = `p${Math.random().toString(36).slice(2, 10)}`) {
    const email = `${name.replaceAll(" ", ".").toLowerCase()}@example.com`;
    const password = "correct horse battery";
    const made = await this.api("/v1/auth/sign-up", { body: { email, password, workspace: name } });
    return { email, password, token: made.session_token, tenant: made.tenant };
  }

  /// A finished build of `description`.
  async built(person, description, more = {}) {
    const { token } = person;
    const accepted = await this.api("/v1/builds", { token, body: { description, ...more } });
    for (let after = 0; ; ) {
      const path = `/v1/builds/${accepted.id}/events?limit=100&after=${after}`;
      const answer = await fetch(this.url + path, {
        headers: { Authorization: `Bearer ${token}`, Prefer: "wait=20" },
      });
      const page = await answer.json();
      if (page.is_over && !page.has_more) break;
      after = page.next_cursor;
    }
    return this.api(`/v1/builds/${accepted.id}`, { token });
  }
}
