//! Help, settings, and what is said to those who err.

use std::path::Path;

use insta::assert_snapshot;

use crate::{answer, keelway};

#[test]
fn help_says_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let help = |args: &[&str]| {
        let (code, out, err) = answer(dir.path(), args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        out
    };
    assert_snapshot!("help", help(&["--help"]));
    for command in ["serve", "worker", "doctor", "build", "estimate", "openapi", "completions"] {
        assert_snapshot!(format!("help_{command}"), help(&[command, "--help"]));
    }
    assert_snapshot!("help_admin", help(&["admin", "--help"]));
    for [command, action] in [
        ["migrate", "up"],
        ["migrate", "status"],
        ["config", "print"],
        ["config", "check"],
        ["admin", "owner-link"],
    ] {
        assert_snapshot!(format!("help_{command}_{action}"), help(&[command, action, "--help"]));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn whoever_errs_is_told_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    std::fs::write(path.join("there.zip"), "mine").unwrap();
    std::fs::write(path.join("file"), "").unwrap();
    std::fs::write(path.join("bad.toml"), "wroker.slots = 1").unwrap();
    let long = "x".repeat(10_001);
    let cases: &[&[&str]] = &[
        &["frobnicate"],
        &["build", "A bakery in Lisbon"],
        &["build", "", "--local"],
        &["build", "too short", "--local"],
        &["build", &long, "--local"],
        &["build", "-", "--local"],
        &["build", "A bakery in Lisbon", "--local", "--tier", "gold"],
        &["build", "A bakery in Lisbon", "--local", "--max-credits", "0"],
        &["build", "A bakery in Lisbon", "--local", "--max-credits", "-5"],
        &["build", "A bakery in Lisbon", "--local", "--name", " "],
        &["build", "A bakery in Lisbon", "--local", "--out", "there.zip"],
        &["build", "A bakery in Lisbon", "--local", "--out", "."],
        &["build", "A bakery in Lisbon", "--local", "--out", "nowhere/site.zip"],
        &["estimate", "short"],
        &["doctor"],
        &["doctor", "--data-dir", "file/data"],
        &["migrate", "up", "--data-dir", "file/data"],
        &["serve", "--data-dir", "file/data"],
        &["serve", "--config", "nowhere.toml"],
        &["serve", "--config", "bad.toml"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--listen", "localhost:8080"],
        &["config", "check", "--config", "bad.toml"],
        &["--data-dir", "x", "doctor"],
        &["--config", "bad.toml", "config", "check"],
        &["--listen", "127.0.0.1:8080", "doctor"],
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|args| {
            let (code, out, err) = answer(path, args);
            assert_eq!(out, "", "{args:?}");
            let args = args.join(" ").replace(&long, "xxx...");
            format!("$ keelway {args}\n{err}=> {code}")
        })
        .collect();
    assert_snapshot!(told.join("\n\n"), @r#"
    $ keelway frobnicate
    error: unrecognized subcommand 'frobnicate'

    Usage: keelway [OPTIONS] [COMMAND]

    For more information, try '--help'.
    => 2

    $ keelway build A bakery in Lisbon
    keelway: building on a server needs a sign-in, which this version of the command does not have: add --local to build in this process, or use the API (POST /v1/builds)
    => 2

    $ keelway build  --local
    keelway: the description has 0 characters; at least 10 are needed
    => 2

    $ keelway build too short --local
    keelway: the description has 9 characters; at least 10 are needed
    => 2

    $ keelway build xxx... --local
    keelway: the description has 10001 characters; at most 10,000 are allowed
    => 2

    $ keelway build - --local
    keelway: the description has 0 characters; at least 10 are needed
    => 2

    $ keelway build A bakery in Lisbon --local --tier gold
    error: invalid value 'gold' for '--tier <TIER>': not one of starter, professional, ultimate, enterprise

    For more information, try '--help'.
    => 2

    $ keelway build A bakery in Lisbon --local --max-credits 0
    error: invalid value '0' for '--max-credits <CREDITS>': not a whole number of credits, at least 1

    For more information, try '--help'.
    => 2

    $ keelway build A bakery in Lisbon --local --max-credits -5
    error: invalid value '-5' for '--max-credits <CREDITS>': not a whole number of credits, at least 1

    For more information, try '--help'.
    => 2

    $ keelway build A bakery in Lisbon --local --name  
    keelway: the name must not be empty
    => 2

    $ keelway build A bakery in Lisbon --local --out there.zip
    keelway: there.zip exists; name another file with --out, or replace it with --force
    => 2

    $ keelway build A bakery in Lisbon --local --out .
    keelway: . is a directory; name a file with --out
    => 2

    $ keelway build A bakery in Lisbon --local --out nowhere/site.zip
    keelway: cannot write nowhere/site.zip: No such file or directory (os error 2); name another place with --out
    => 2

    $ keelway estimate short
    keelway: the description has 5 characters; at least 10 are needed
    => 2

    $ keelway doctor
    keelway: there is no database at DIR/keelway.db: say where the data is with --data-dir
    => 2

    $ keelway doctor --data-dir file/data
    keelway: there is no database at file/data/keelway.db: say where the data is with --data-dir
    => 2

    $ keelway migrate up --data-dir file/data
    keelway: cannot write to the data directory file/data: Not a directory (os error 20); choose another one with --data-dir
    => 2

    $ keelway serve --data-dir file/data
    keelway: cannot write to the data directory file/data: Not a directory (os error 20); choose another one with --data-dir
    => 2

    $ keelway serve --config nowhere.toml
    keelway: cannot read nowhere.toml: No such file or directory (os error 2)
    => 2

    $ keelway serve --config bad.toml
    keelway: unknown key `wroker.slots` in bad.toml; did you mean `worker.slots`?
    => 2

    $ keelway serve --listen nowhere
    keelway: `listen`: `"nowhere"` is no address: write an address and a port, such as 127.0.0.1:8080 (--listen)
    => 2

    $ keelway serve --listen localhost:8080
    keelway: `listen`: `"localhost:8080"` is no address: write it as 127.0.0.1:8080 (--listen)
    => 2

    $ keelway config check --config bad.toml
    keelway: unknown key `wroker.slots` in bad.toml; did you mean `worker.slots`?
    => 2

    $ keelway --data-dir x doctor
    keelway: there is no database at x/keelway.db: say where the data is with --data-dir
    => 2

    $ keelway --config bad.toml config check
    keelway: unknown key `wroker.slots` in bad.toml; did you mean `worker.slots`?
    => 2

    $ keelway --listen 127.0.0.1:8080 doctor
    error: `--listen` is of the server: write it after `serve`, or leave the command out

    Usage: keelway [OPTIONS] [COMMAND]

    For more information, try '--help'.
    => 2
    "#);
    assert_eq!(std::fs::read_to_string(path.join("there.zip")).unwrap(), "mine");
    assert!(!path.join("keelway.db").exists(), "nothing was begun");
}

#[test]
fn settings_are_printed_with_their_origin_and_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let secret = "a-secret-of-more-than-thirty-two-bytes";
    std::fs::write(dir.path().join("keelway.toml"), "worker.slots = 3").unwrap();
    let print = |args: &[&str]| {
        let mut command = keelway(dir.path(), args);
        command.env("KEELWAY_VIEWER_KEY", secret).env("KEELWAY_FEATURE_SSE", "25%");
        crate::said(dir.path(), command.output().unwrap())
    };
    let (code, out, err) = print(&["config", "print"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(!out.contains(secret));
    let set: Vec<String> = out
        .lines()
        .filter(|line| !line.contains("# default"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_snapshot!(set.join("\n"), @r#"
    data_dir = "DIR" # environment KEELWAY_DATA_DIR
    worker.slots = 3 # DIR/keelway.toml
    features.SSE = 25 # environment KEELWAY_FEATURE_SSE, not enforced yet
    viewer.key = (hidden) # environment KEELWAY_VIEWER_KEY
    "#);
    let (code, out, _) = print(&["config", "print", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0);
    assert!(!out.contains(secret));
    assert_eq!(json["worker.slots"]["value"], 3);
    assert_eq!(json["viewer.key"]["value"], "(hidden)");
    assert_eq!(json["viewer.previous_key"]["value"], serde_json::Value::Null);
    assert_eq!(json["features.SSE"]["enforced"], false);
    assert_eq!(json["worker.slots"]["enforced"], true);
    let (code, out, _) = print(&["config", "check"]);
    assert_eq!((code, out.as_str()), (0, "The settings can be used.\n"));
}

#[test]
fn an_estimate_needs_no_data() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, err) = answer(dir.path(), &["estimate", "A landing page for a bakery"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_snapshot!(out, @r#"
    Size      starter
    Features  Basic functionality
    Agents    5
    Tokens    250000
    Cost      75 credits (0.75 USD)
    Time      15 minutes
    "#);
    let wanted = "Dashboard with login and stripe payment, real-time chat";
    let (_, out, _) = answer(dir.path(), &["estimate", wanted, "--tier", "professional", "--json"]);
    assert_snapshot!(out, @r#"
    {
      "agents": 34,
      "cost_micro_usd": 5100000,
      "credits": 510,
      "duration_text": "2 hours",
      "features": [
        "Authentication",
        "Payment integration",
        "Admin dashboard",
        "Real-time features"
      ],
      "minutes": 102,
      "tier": "professional",
      "tokens": 1700000
    }
    "#);
    assert!(!dir.path().join("keelway.db").exists());
}

#[test]
fn migrations_are_counted_and_applied() {
    let dir = tempfile::tempdir().unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
    let count = std::fs::read_dir(folder).unwrap().count();
    let run = |args: &[&str]| {
        let (code, out, err) = answer(dir.path(), args);
        let out = out.replace(&format!(" {count} "), " ALL ");
        format!("$ {}\n{out}{err}=> {code}", args.join(" "))
    };
    let all = [
        run(&["migrate", "status"]),
        run(&["migrate", "up"]),
        run(&["migrate", "status"]),
        run(&["migrate", "up"]),
        run(&["doctor"]).lines().last().unwrap().to_owned(),
    ];
    assert_snapshot!(all.join("\n"), @r#"
    $ migrate status
    DIR/keelway.db: not there yet; `keelway migrate up` makes it
    => 1
    $ migrate up
    Done: ALL migrations applied.
    => 0
    $ migrate status
    DIR/keelway.db: up to date
    => 0
    $ migrate up
    Nothing to do: the database is up to date.
    => 0
    => 0
    "#);
}

/// What every command says of a database that this version cannot use.
fn refusals(data_dir: &Path) -> String {
    let [api, sites] = crate::serve::free_addresses().map(|address| address.to_string());
    let commands: [&[&str]; 6] = [
        &["migrate", "status"],
        &["migrate", "up"],
        &["doctor"],
        &["serve", "--listen", &api, "--preview-listen", &sites, "--config", "quiet.toml"],
        &["worker", "--config", "quiet.toml"],
        &["build", "A bakery in Lisbon", "--local"],
    ];
    std::fs::write(data_dir.join("quiet.toml"), "log.level = 'error'").unwrap();
    let told = commands.iter().map(|args| answer(data_dir, args));
    let mut told: Vec<_> = told.map(|(code, out, err)| format!("{out}{err}=> {code}")).collect();
    told.dedup();
    told.join("\n")
}

#[test]
fn a_database_that_cannot_be_used_is_refused_by_every_command_in_the_same_words() {
    let text = tempfile::tempdir().unwrap();
    std::fs::write(text.path().join("keelway.db"), "a text, whatever it is called\n".repeat(50))
        .unwrap();
    assert_snapshot!(refusals(text.path()), @r#"
    keelway: the database DIR/keelway.db is not a Keelway database, or damaged (file is not a database): restore a copy, or choose another place with --data-dir
    => 2
    "#);

    let tampered = |sql: &'static str| {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(answer(dir.path(), &["migrate", "up"]).0, 0);
        crate::tamper(dir.path(), sql);
        dir
    };
    let modified = tampered("UPDATE _sqlx_migrations SET checksum = x'00'");
    assert_snapshot!(refusals(modified.path()), @r#"
    keelway: the database DIR/keelway.db was made by another build of keelway, whose migrations differ from this one's: use that build, or choose another place with --data-dir
    => 2
    "#);
    let newer = tampered(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'later', TRUE, x'00', 0)",
    );
    assert_snapshot!(refusals(newer.path()), @r#"
    keelway: the database DIR/keelway.db was made by a newer version of keelway: update it, or choose another place with --data-dir
    => 2
    "#);
    let (code, out, _) = answer(newer.path(), &["migrate", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &status["unknown"], &status["current"]), (2, &1.into(), &false.into()));
}

#[test]
fn an_older_database_waits_for_its_migrations() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(answer(dir.path(), &["migrate", "up"]).0, 0);
    // As a release finds it that brings a migration more.
    crate::tamper(
        dir.path(),
        "DELETE FROM _sqlx_migrations WHERE version =
             (SELECT max(version) FROM _sqlx_migrations)",
    );
    let told = |args| {
        let (code, out, err) = answer(dir.path(), args);
        format!("{out}{err}=> {code}")
    };
    assert_snapshot!(told(&["migrate", "status"]), @r#"
    DIR/keelway.db: 1 migration pending; `keelway migrate up` applies them
    => 1
    "#);
    assert_snapshot!(told(&["doctor"]), @r#"
    keelway: the database DIR/keelway.db is of an older version: run `keelway migrate up` first
    => 2
    "#);
}

#[test]
fn a_damaged_database_is_no_sound_one() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(answer(dir.path(), &["migrate", "up"]).0, 0);
    crate::damage(dir.path(), "users");
    let (code, out, err) = answer(dir.path(), &["doctor"]);
    assert!(code == 1 && out.contains("file ") && !out.contains("Every invariant"), "{out}{err}");
}

#[test]
fn scripts_complete_every_shell() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, out, err) = answer(dir.path(), &["completions", shell]);
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        assert!(out.contains("estimate") && out.contains("max-credits"), "{shell}");
    }
}

#[test]
fn the_document_is_openapi() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, err) = answer(dir.path(), &["openapi"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/v1/builds"]["post"].is_object());
}
