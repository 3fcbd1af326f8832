//! The operations of the API, as scripts ask for them.

use serde_json::json;

use super::ask::Ask;
use super::known::{LABEL, Roll, VIEWER};
use super::script::{Doing, asks};

/// Each with how often it is asked for, beside the others.
pub(super) const ALL: &[Doing] = &[
    asks("POST /v1/auth/sign-up", 2, sign_up),
    asks("POST /v1/auth/sign-in", 2, sign_in),
    asks("POST /v1/auth/sign-out", 2, |roll| roll.api("POST", "/v1/auth/sign-out")),
    asks("GET /v1/me", 4, |roll| roll.api("GET", "/v1/me")),
    asks("GET /v1/tenants", 4, |roll| roll.api("GET", "/v1/tenants")),
    asks("POST /v1/tenants", 4, |roll| {
        let body = json!({ "name": roll.name() });
        let body = roll.spoiled(body);
        let ask = roll.api("POST", "/v1/tenants").json(&body);
        roll.keyed(ask)
    }),
    asks("POST /v1/estimate", 6, |roll| {
        let body = json!({ "description": roll.description(), "tier": tier(roll) });
        let body = roll.spoiled(body);
        roll.api("POST", "/v1/estimate").json(&body)
    }),
    asks("POST /v1/builds", 40, submit),
    asks("POST /v1/builds/claim", 6, claim),
    asks("GET /v1/builds", 12, |roll| {
        let mut ask = roll.api("GET", "/v1/builds");
        if roll.chance(30) {
            let project = roll.word("prj");
            ask = ask.query("project_id", &project);
        }
        if roll.chance(30) {
            let state = state(roll);
            ask = ask.query("status", &state);
        }
        roll.paged(ask)
    }),
    asks("GET /v1/builds/{id}", 12, |roll| {
        let id = roll.word("bld");
        roll.api("GET", format!("/v1/builds/{id}"))
    }),
    asks("POST /v1/builds/{id}/cancel", 12, |roll| {
        let id = roll.word("bld");
        let mut ask = roll.api("POST", format!("/v1/builds/{id}/cancel"));
        if roll.chance(30) {
            ask = ask.query("dry_run", "true");
        }
        roll.keyed(ask)
    }),
    asks("GET /v1/builds/{id}/costs", 6, |roll| {
        let id = roll.word("bld");
        roll.api("GET", format!("/v1/builds/{id}/costs"))
    }),
    asks("GET /v1/builds/{id}/download", 6, |roll| {
        let id = roll.word("bld");
        roll.api("GET", format!("/v1/builds/{id}/download"))
    }),
    asks("GET /v1/builds/{id}/events", 12, events),
    asks("GET /v1/builds/{id}/events/stream", 6, |roll| {
        stream(roll, "/v1/builds/{}/events/stream")
    }),
    asks("POST /v1/builds/{id}/replay", 4, |roll| {
        let (id, after) = (roll.word("bld"), roll.dice.below(3));
        let mut ask = roll.api("POST", format!("/v1/builds/{id}/replay"));
        if after > 0 || roll.chance(50) {
            ask = ask.json(&json!({ "after": after }));
        }
        ask.stream = Some((id, i64::try_from(after).unwrap()));
        ask
    }),
    asks("POST /v1/builds/{id}/viewer-token", 8, |roll| {
        let id = roll.word("bld");
        roll.api("POST", format!("/v1/builds/{id}/viewer-token"))
    }),
    asks("GET /v1/credits", 6, |roll| roll.api("GET", "/v1/credits")),
    asks("GET /v1/credits/ledger", 8, |roll| {
        let mut ask = roll.api("GET", "/v1/credits/ledger");
        if roll.chance(30) {
            ask = ask.query("format", "csv");
        }
        roll.paged(ask)
    }),
    asks("GET /v1/projects", 8, |roll| {
        let ask = roll.api("GET", "/v1/projects");
        roll.paged(ask)
    }),
    asks("POST /v1/projects", 8, |roll| {
        let body = json!({ "name": roll.name() });
        let body = roll.spoiled(body);
        let ask = roll.api("POST", "/v1/projects").json(&body);
        roll.keyed(ask)
    }),
    asks("GET /v1/projects/{id}", 6, |roll| {
        let id = roll.word("prj");
        roll.api("GET", format!("/v1/projects/{id}"))
    }),
    asks("GET /v1/projects/{id}/snapshots", 8, |roll| {
        let id = roll.word("prj");
        let ask = roll.api("GET", format!("/v1/projects/{id}/snapshots"));
        roll.paged(ask)
    }),
    asks("GET /v1/snapshots/{id}/files", 6, |roll| {
        let id = roll.word("snp");
        roll.api("GET", format!("/v1/snapshots/{id}/files"))
    }),
    asks("GET /v1/snapshots/{id}/files/{path}", 6, |roll| {
        let (id, path) = (roll.word("snp"), path(roll));
        roll.api("GET", format!("/v1/snapshots/{id}/files/{path}"))
    }),
    asks("POST /api/v1/build", 4, |roll| {
        let mut body = json!({ "description": roll.description() });
        match (roll.chance(40), roll.chance(40)) {
            (true, _) => body["projectName"] = json!(roll.name()),
            (false, true) => body["projectId"] = json!(roll.word("prj")),
            (false, false) => {}
        }
        let body = roll.spoiled(body);
        let ask = roll.api("POST", "/api/v1/build").json(&body);
        roll.keyed(ask)
    }),
    asks("POST /api/v1/build/claim", 3, |roll| {
        let body = json!({ "queueId": roll.told("que").unwrap_or_default() });
        let body = roll.spoiled(body);
        let ask = roll.api("POST", "/api/v1/build/claim").json(&body);
        roll.keyed(ask)
    }),
    asks("GET /api/v1/build/{id}", 3, |roll| {
        let id = roll.word("bld");
        roll.api("GET", format!("/api/v1/build/{id}"))
    }),
    asks("GET /api/v1/build/{id}/stream", 3, |roll| stream(roll, "/api/v1/build/{}/stream")),
    asks("GET /v1", 2, |roll| roll.bare("GET", "/v1")),
];

/// Operations that no script asks for, each with why.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("GET /healthz", "says that the process runs, and asks no store"),
    ("GET /readyz", "says whether the store answered within a second, as a busy machine may not"),
    ("GET /metrics", "counts what the process did, not what a store keeps"),
    ("GET /v1/openapi.json", "is part of the program"),
    ("GET /docs", "is part of the program"),
    ("GET /docs/style.css", "is part of the program"),
    ("GET /docs/errors/{id}", "is part of the program"),
];

fn sign_up(roll: &mut Roll<'_>) -> Ask {
    let mut body = json!({ "email": roll.email(), "password": roll.password() });
    if roll.chance(50) {
        body["workspace"] = json!(roll.name());
    }
    if roll.chance(50) {
        body["name"] = json!(roll.name());
    }
    if let (Some(queue), true) = (roll.told("que"), roll.chance(50)) {
        body["queue_id"] = json!(queue);
    }
    let body = roll.spoiled(body);
    roll.bare("POST", "/v1/auth/sign-up").json(&body)
}

fn sign_in(roll: &mut Roll<'_>) -> Ask {
    let body = json!({ "email": roll.email(), "password": roll.password() });
    let body = roll.spoiled(body);
    let ask = if roll.chance(70) {
        roll.bare("POST", "/v1/auth/sign-in")
    } else {
        roll.api("POST", "/v1/auth/sign-in")
    };
    ask.json(&body)
}

fn submit(roll: &mut Roll<'_>) -> Ask {
    let mut body = json!({ "description": roll.description() });
    match roll.dice.below(10) {
        0..=3 => body["project_id"] = json!(roll.word("prj")),
        4..=6 => body["project_name"] = json!(roll.name()),
        _ => {}
    }
    if roll.chance(30) {
        body["tier"] = json!(tier(roll));
    }
    if roll.chance(20) {
        body["max_credits"] = json!(roll.dice.below(200));
    }
    if roll.chance(20) {
        body["target_users"] = json!("Bäcker");
        body["tech_constraints"] = json!(roll.name());
    }
    if roll.chance(20) {
        body["use_conductor"] = json!(false);
    }
    if roll.chance(10) {
        body["script"] = json!({ "fail": "provider", "phase": "design", "times": 1 });
    }
    let body = roll.spoiled(body);
    let guest = roll.chance(15);
    let ask = if guest { roll.bare("POST", "/v1/builds") } else { roll.api("POST", "/v1/builds") };
    let ask = if roll.chance(12) { ask.query("dry_run", "true") } else { ask };
    let ask = ask.json(&body);
    roll.keyed(ask)
}

fn claim(roll: &mut Roll<'_>) -> Ask {
    let mut body = json!({ "queue_id": roll.told("que").unwrap_or_default() });
    if roll.chance(30) {
        body["project_name"] = json!(roll.name());
    }
    let body = roll.spoiled(body);
    let ask = roll.api("POST", "/v1/builds/claim").json(&body);
    roll.keyed(ask)
}

fn events(roll: &mut Roll<'_>) -> Ask {
    let id = roll.word("bld");
    let path = format!("/v1/builds/{id}/events");
    let (ticket, viewer) = (roll.told("kwt"), roll.told(VIEWER));
    let mut ask = match (ticket, viewer, roll.dice.below(10)) {
        (Some(ticket), _, 0 | 1) => roll.bare("GET", path).query("ticket", &ticket),
        (_, Some(viewer), 2 | 3) => {
            roll.bare("GET", path).header("authorization", format!("Bearer {viewer}"))
        }
        _ => roll.api("GET", path),
    };
    if roll.chance(50) {
        let after = roll.pick(&["0", "1", "2", "5", "9", "1000", "x"]);
        ask = ask.query("after", &after);
    }
    if roll.chance(50) {
        let limit = roll.pick(&["1", "2", "5", "100", "0"]);
        ask = ask.query("limit", &limit);
    }
    ask
}

pub(super) fn stream(roll: &mut Roll<'_>, path: &str) -> Ask {
    let (id, after) = (roll.word("bld"), roll.dice.below(3));
    let path = path.replace("{}", &id);
    let mut ask = match (roll.told("kwt"), roll.chance(30)) {
        (Some(ticket), true) => roll.bare("GET", path).query("ticket", &ticket),
        _ if path.starts_with("/w/") => roll.page("GET", path),
        _ => roll.api("GET", path),
    };
    if after > 0 {
        ask = ask.query("after", &after.to_string());
    }
    ask.stream = Some((id, i64::try_from(after).unwrap()));
    ask
}

pub(super) fn tier(roll: &mut Roll<'_>) -> String {
    roll.pick(&["starter", "starter", "professional", "ultimate", "enterprise", "none"])
}

pub(super) fn state(roll: &mut Roll<'_>) -> String {
    roll.pick(&["queued", "building", "deployed", "failed", "cancelled", "expired", "none"])
}

pub(super) fn path(roll: &mut Roll<'_>) -> String {
    roll.pick(&["index.html", "index.html", "1/B.html", "1/a-b.html", "2/%C3%84.html", "none"])
}

/// The address of a site that was told.
pub(super) fn label(roll: &mut Roll<'_>) -> String {
    roll.told(LABEL).unwrap_or_default()
}
