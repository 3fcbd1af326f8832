//! The console's pages and forms, as scripts ask for them.

use super::api::{path, state, stream, tier};
use super::ask::Ask;
use super::known::{CURSOR, Roll, SLUG};
use super::script::{Doing, asks};

/// Each with how often it is asked for, beside the others.
pub(super) const ALL: &[Doing] = &[
    asks("GET /", 2, |roll| roll.page("GET", "/")),
    asks("POST /preview", 2, |roll| {
        let description = roll.description();
        roll.page("POST", "/preview").form(&[("description", description)])
    }),
    asks("POST /start", 4, |roll| {
        let (description, key) = (roll.description(), roll.key());
        let ask = roll.page("POST", "/start");
        ask.form(&[("description", description), ("idempotency_key", key)])
    }),
    asks("GET /signin", 2, |roll| with_queue(roll, "/signin")),
    asks("POST /signin", 2, |roll| {
        let fields = [("email", roll.email()), ("password", roll.password())];
        roll.page("POST", "/signin").form(&fields)
    }),
    asks("POST /signout", 2, |roll| roll.page("POST", "/signout")),
    asks("GET /signup", 2, |roll| with_queue(roll, "/signup")),
    asks("POST /signup", 2, |roll| {
        let fields = [
            ("email", roll.email()),
            ("password", roll.password()),
            ("name", roll.name()),
            ("workspace", roll.name()),
            ("queue", roll.told("que").unwrap_or_default()),
        ];
        roll.page("POST", "/signup").form(&fields)
    }),
    asks("GET /onboarding", 2, |roll| with_queue(roll, "/onboarding")),
    asks("POST /onboarding", 3, |roll| {
        let fields = [
            ("name", roll.name()),
            ("queue", roll.told("que").unwrap_or_default()),
            ("idempotency_key", roll.key()),
        ];
        roll.page("POST", "/onboarding").form(&fields)
    }),
    asks("GET /w/{workspace}", 2, |roll| roll.inside("GET", "")),
    asks("GET /w/{workspace}/projects", 8, |roll| {
        let mut ask = roll.inside("GET", "/projects");
        if roll.chance(40) {
            let q = roll.pick(&["bakery", "BÄCK", "%", "_", "a", "\\", "zür", "o'b"]);
            ask = ask.query("q", &q);
        }
        if roll.chance(30) {
            let state = state(roll);
            ask = ask.query("state", &state);
        }
        with_cursor(roll, ask)
    }),
    asks("GET /w/{workspace}/new", 4, |roll| {
        let mut ask = roll.inside("GET", "/new");
        if roll.chance(40) {
            let (project, build) = (roll.word("prj"), roll.word("bld"));
            ask = ask.query("project", &project).query("again", &build);
        }
        if let (Some(queue), true) = (roll.told("que"), roll.chance(30)) {
            ask = ask.query("queue", &queue);
        }
        ask
    }),
    asks("POST /w/{workspace}/new", 12, |roll| wish(roll, "/new")),
    asks("POST /w/{workspace}/new/estimate", 4, |roll| wish(roll, "/new/estimate")),
    asks("GET /w/{workspace}/projects/{id}", 8, |roll| {
        let mut ask = of(roll, "GET", "/projects/{}", "prj");
        if roll.chance(40) {
            let build = roll.word("bld");
            ask = ask.query("build", &build);
        }
        if roll.chance(20) {
            ask = ask.query("before", "5");
        }
        with_cursor(roll, ask)
    }),
    asks("GET /w/{workspace}/projects/{id}/files", 6, |roll| {
        let mut ask = of(roll, "GET", "/projects/{}/files", "prj");
        if roll.chance(50) {
            let path = roll.pick(&["index.html", "1/B.html", "1/a-b.html", "2/Ä.html"]);
            ask = ask.query("path", &path);
        }
        if roll.chance(30) {
            let snapshot = roll.word("snp");
            ask = ask.query("snapshot", &snapshot);
        }
        ask
    }),
    asks("GET /w/{workspace}/projects/{id}/history", 6, |roll| {
        let ask = of(roll, "GET", "/projects/{}/history", "prj");
        with_cursor(roll, ask)
    }),
    asks("GET /w/{workspace}/projects/{id}/history/{snapshot}", 6, |roll| {
        let snapshot = roll.word("snp");
        of(roll, "GET", &format!("/projects/{{}}/history/{snapshot}"), "prj")
    }),
    asks("GET /w/{workspace}/snapshots/{id}/files/{path}", 4, |roll| {
        let path = path(roll);
        of(roll, "GET", &format!("/snapshots/{{}}/files/{path}"), "snp")
    }),
    asks("POST /w/{workspace}/builds/{id}/cancel", 6, |roll| {
        let key = roll.key();
        of(roll, "POST", "/builds/{}/cancel", "bld").form(&[("idempotency_key", key)])
    }),
    asks("GET /w/{workspace}/builds/{id}/stream", 3, |roll| {
        let slug = roll.word(SLUG);
        stream(roll, &format!("/w/{slug}/builds/{{}}/stream"))
    }),
    asks("GET /w/{workspace}/builds/{id}/download", 3, |roll| {
        of(roll, "GET", "/builds/{}/download", "bld")
    }),
    asks("GET /w/{workspace}/credits", 6, |roll| {
        let ask = roll.inside("GET", "/credits");
        with_cursor(roll, ask)
    }),
    asks("GET /w/{workspace}/usage", 6, |roll| {
        let mut ask = roll.inside("GET", "/usage");
        if roll.chance(50) {
            let from = roll.pick(&["2026-06-01", "2026-05-31", "2026-06-15", "never"]);
            let to = roll.pick(&["2026-06-15", "2026-07-31", "2026-06-14", "2027-01-01"]);
            ask = ask.query("from", &from).query("to", &to);
        }
        ask
    }),
    asks("GET /admin", 4, |roll| roll.page("GET", "/admin")),
    asks("GET /admin/builds", 6, |roll| {
        let mut ask = roll.page("GET", "/admin/builds");
        if roll.chance(30) {
            let state = state(roll);
            ask = ask.query("state", &state);
        }
        if roll.chance(30) {
            let tenant = roll.word("ten");
            ask = ask.query("tenant", &tenant);
        }
        if roll.chance(20) {
            let id = roll.word("bld");
            ask = ask.query("id", &id);
        }
        with_cursor(roll, ask)
    }),
    asks("GET /admin/leases", 4, |roll| roll.page("GET", "/admin/leases")),
    asks("GET /admin/performance", 4, |roll| {
        let window = roll.pick(&["24h", "7d", "30d", "1y"]);
        roll.page("GET", "/admin/performance").query("window", &window)
    }),
    asks("GET /admin/flags", 3, |roll| roll.page("GET", "/admin/flags")),
    asks("POST /admin/flags", 5, |roll| {
        let tenant = if roll.chance(50) { roll.word("ten") } else { String::new() };
        let fields = [
            ("flag", roll.pick(&["GUEST_MODE", "WEBHOOKS", "COST_TRACKING", "SSE", "NONE"])),
            ("to", roll.pick(&["on", "on", "off", "share", "lift", ""])),
            ("percent", roll.pick(&["0", "30", "100", "101", ""])),
            ("tenant", tenant),
        ];
        roll.page("POST", "/admin/flags").form(&fields)
    }),
    asks("GET /settings", 2, |roll| roll.page("GET", "/settings")),
    asks("GET /settings/profile", 2, |roll| roll.page("GET", "/settings/profile")),
    asks("POST /settings/profile", 3, |roll| {
        let name = roll.name();
        roll.page("POST", "/settings/profile").form(&[("name", name)])
    }),
    asks("POST /settings/password", 2, |roll| {
        let fields = [("current", roll.password()), ("new", roll.password())];
        roll.page("POST", "/settings/password").form(&fields)
    }),
    asks("GET /settings/sessions", 4, |roll| roll.page("GET", "/settings/sessions")),
    asks("POST /settings/sessions/{id}/end", 3, |roll| {
        let id = roll.word("ses");
        roll.page("POST", format!("/settings/sessions/{id}/end"))
    }),
    asks("POST /settings/sessions/end-others", 2, |roll| {
        roll.page("POST", "/settings/sessions/end-others")
    }),
    asks("GET /w/{workspace}/settings", 3, |roll| roll.inside("GET", "/settings")),
    asks("POST /w/{workspace}/settings", 3, |roll| {
        let name = roll.name();
        roll.inside("POST", "/settings").form(&[("name", name)])
    }),
    asks("POST /w/{workspace}/settings/leave", 2, |roll| roll.inside("POST", "/settings/leave")),
    asks("GET /w/{workspace}/settings/members", 8, |roll| {
        let ask = roll.inside("GET", "/settings/members");
        if roll.chance(20) { ask.query("page", "2") } else { ask }
    }),
    asks("POST /w/{workspace}/settings/members", 12, |roll| {
        let email = if roll.chance(50) { roll.email() } else { String::new() };
        let fields = [("role", role(roll)), ("email", email)];
        roll.inside("POST", "/settings/members").form(&fields)
    }),
    asks("POST /w/{workspace}/settings/members/{id}/role", 6, |roll| {
        let role = role(roll);
        of(roll, "POST", "/settings/members/{}/role", "usr").form(&[("role", role)])
    }),
    asks("POST /w/{workspace}/settings/members/{id}/remove", 4, |roll| {
        of(roll, "POST", "/settings/members/{}/remove", "usr")
    }),
    asks("POST /w/{workspace}/settings/invitations/{id}/withdraw", 4, |roll| {
        of(roll, "POST", "/settings/invitations/{}/withdraw", "inv")
    }),
    asks("GET /join/{token}", 4, |roll| {
        let token = roll.told("kwi").unwrap_or_default();
        roll.page("GET", format!("/join/{token}"))
    }),
    asks("POST /join/{token}", 10, |roll| {
        let token = roll.told("kwi").unwrap_or_default();
        roll.page("POST", format!("/join/{token}"))
    }),
    asks("GET /welcome/{token}", 2, |roll| {
        let token = roll.told("kwo").unwrap_or_default();
        roll.page("GET", format!("/welcome/{token}"))
    }),
    asks("POST /welcome/{token}", 3, |roll| {
        let token = roll.told("kwo").unwrap_or_default();
        let ask = roll.page("POST", format!("/welcome/{token}"));
        if roll.chance(80) {
            return ask;
        }
        let fields = [("email", roll.email()), ("password", roll.password())];
        ask.form(&fields).form(&[("name", roll.name()), ("workspace", roll.name())])
    }),
];

/// Pages that no script asks for, each with why.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("GET /assets/{path}", "is part of the program"),
    ("GET /favicon.svg", "is part of the program"),
    ("GET /style", "is part of the program"),
    ("POST /csp-reports", "is logged, and asks no store"),
    ("GET /settings/password", "leads on to another page"),
    ("GET /.well-known/change-password", "leads on to another page"),
];

fn of(roll: &mut Roll<'_>, method: &'static str, path: &str, kind: &str) -> Ask {
    let id = roll.word(kind);
    roll.inside(method, &path.replace("{}", &id))
}

fn with_cursor(roll: &mut Roll<'_>, ask: Ask) -> Ask {
    if roll.chance(75) {
        return ask;
    }
    let cursor = roll.word(CURSOR);
    ask.query("cursor", &cursor)
}

fn with_queue(roll: &mut Roll<'_>, path: &str) -> Ask {
    let ask = roll.page("GET", path);
    match roll.told("que") {
        Some(queue) if roll.chance(50) => ask.query("queue", &queue),
        _ => ask,
    }
}

fn role(roll: &mut Roll<'_>) -> String {
    roll.pick(&["viewer", "member", "admin", "owner", "king"])
}

fn wish(roll: &mut Roll<'_>, path: &str) -> Ask {
    let project = if roll.chance(40) { roll.word("prj") } else { String::new() };
    let queue = if roll.chance(20) { roll.told("que") } else { None };
    let fields = [
        ("description", roll.description()),
        ("tier", tier(roll)),
        ("name", if project.is_empty() { roll.name() } else { String::new() }),
        ("users", roll.name()),
        ("limit", roll.pick(&["", "", "", "75", "10", "x"])),
        ("project", project),
        ("queue", queue.unwrap_or_default()),
        // What the descriptions cost, and what they do not.
        ("agreed", roll.pick(&["75", "75", "75", "90", "105", "120", "135", "10", ""])),
        ("idempotency_key", roll.key()),
    ];
    roll.inside("POST", path).form(&fields)
}
