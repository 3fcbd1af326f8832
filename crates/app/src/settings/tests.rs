use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::layers::{Layers, Origin};
use super::table::Kind;
use super::{Environment, Flag, Loaded, Sources, load, reference};

/// What stands in the data directory, the folder of the process, its variables and flags.
#[derive(Default)]
struct Case<'a> {
    file: &'a str,
    dot_env: &'a str,
    variables: &'a [(&'a str, &'a str)],
    flags: &'a [(&'static str, &'a str)],
}

impl Case<'_> {
    fn load(&self) -> Result<Loaded, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        self.load_in(folder.path())
    }

    fn load_in(&self, folder: &Path) -> Result<Loaded, Vec<String>> {
        fs::write(folder.join("keelway.toml"), self.file).unwrap();
        fs::write(folder.join(".env"), self.dot_env).unwrap();
        let mut variables = self.variables.to_vec();
        let data_dir = folder.to_str().unwrap();
        variables.push(("KEELWAY_DATA_DIR", data_dir));
        let flags = self.flags.iter().map(|(key, text)| Flag {
            key,
            name: "--flag",
            text: (*text).to_owned(),
        });
        let environment = Environment::of(folder, &variables);
        load(&Sources { environment, file: None, flags: flags.collect() }).map_err(|error| error.0)
    }

    /// Every problem, those of single values and those between them, without the folder.
    fn problems(&self) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let problems = match self.load_in(folder.path()) {
            Ok(loaded) => loaded.check().map(|_| ()).map_err(|error| error.0),
            Err(problems) => Err(problems),
        };
        let problems = problems.err().unwrap_or_default();
        problems.into_iter().map(|line| line.replace(&path, "DIR")).collect()
    }
}

fn shown(loaded: &Loaded, key: &str) -> String {
    let (value, origin) = &loaded.layers.values[key];
    let origin = match origin {
        Origin::File(path) => path.file_name().unwrap().to_string_lossy().into_owned(),
        other => other.to_string(),
    };
    format!("{value} from {origin}")
}

#[test]
fn a_value_comes_from_the_highest_layer_that_has_one() {
    let development = "mode = 'development'";
    let file = "mode = 'development'\nworker.slots = 3";
    let variable = [("KEELWAY_WORKER_SLOTS", "5")];
    let flag = [("worker.slots", "6")];
    let dot_env = "KEELWAY_WORKER_SLOTS=4";
    for (file, dot_env, variables, flags, expected) in [
        (development, "", &[][..], &[][..], "2 from default"),
        (file, "", &[], &[], "3 from keelway.toml"),
        (file, dot_env, &[], &[], "4 from .env KEELWAY_WORKER_SLOTS"),
        (file, dot_env, &variable, &[], "5 from environment KEELWAY_WORKER_SLOTS"),
        (file, dot_env, &variable, &flag, "6 from --flag"),
        (development, "", &variable, &[], "5 from environment KEELWAY_WORKER_SLOTS"),
        (file, "", &[], &flag, "6 from --flag"),
    ] {
        let loaded = Case { file, dot_env, variables, flags }.load();
        let loaded = loaded.unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(shown(&loaded, "worker.slots"), expected);
        let slots = loaded.settings.worker.slots.to_string();
        assert!(expected.starts_with(&slots), "{slots} is in force, not {expected}");
    }
}

#[test]
fn dot_env_is_read_in_development_mode_only() {
    let dot_env = "# ours\nexport KEELWAY_WORKER_SLOTS='4'  # four\nOTHER=1\nKEELWAY_LOG_LEVEL=debug # more\n";
    let loaded = Case { dot_env, ..Case::default() }.load().ok().unwrap();
    assert_eq!(loaded.settings.worker.slots.get(), 2);
    let variables = [("KEELWAY_MODE", "development")];
    let loaded = Case { dot_env, variables: &variables, ..Case::default() }.load().ok().unwrap();
    assert_eq!(loaded.settings.worker.slots.get(), 4);
    assert_eq!(loaded.settings.log.level, "debug");
}

#[test]
fn every_kind_of_value_can_be_set_from_the_environment() {
    let variables = [
        ("KEELWAY_LISTEN", "[::1]:9000"),
        ("KEELWAY_WORKER_ENABLED", "off"),
        ("KEELWAY_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("KEELWAY_TIERS_FREE_BUILDS_PER_MONTH", "unlimited"),
        ("KEELWAY_TIERS_STARTER_PROJECTS", "7"),
        ("KEELWAY_FEATURE_AUTO_TENANT", "1"),
        ("KEELWAY_FEATURE_SSE", "25%"),
        ("KEELWAY_RATE_LIMITS_GUEST_LIMIT", "5"),
        ("KEELWAY_ESTIMATE_TIER_PERCENT_ULTIMATE", "250"),
        ("KEELWAY_CREDITS_PACKAGES", "[{ key = 'one', credits = 1, price_cents = 1 }]"),
        ("KEELWAY_VIEWER_KEY", "0123456789012345678901234567890123456789"),
    ];
    let loaded = Case { variables: &variables, ..Case::default() }.load();
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems:?}"));
    let shown = [
        "listen",
        "worker.enabled",
        "trusted_proxies",
        "tiers.free.builds_per_month",
        "tiers.starter.projects",
        "features.AUTO_TENANT",
        "features.SSE",
        "rate_limits.guest.limit",
        "estimate.tier_percent.ultimate",
        "credits.packages",
    ];
    let values: Vec<String> =
        shown.iter().map(|key| format!("{key} = {}", loaded.layers.values[*key].0)).collect();
    insta::assert_snapshot!(values.join("\n"), @r#"
    listen = "[::1]:9000"
    worker.enabled = false
    trusted_proxies = ["10.0.0.0/8", "::1"]
    tiers.free.builds_per_month = "unlimited"
    tiers.starter.projects = 7
    features.AUTO_TENANT = true
    features.SSE = 25
    rate_limits.guest.limit = 5
    estimate.tier_percent.ultimate = 250
    credits.packages = [{ credits = 1, key = "one", price_cents = 1 }]
    "#);
    let checked = loaded.check().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(checked.settings.listen.to_string(), "[::1]:9000");
    assert_eq!(checked.estimator.table().tier_percent.ultimate, 250);
    assert_eq!(checked.settings.credits.packages.len(), 1);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_is_wrong_is_named_with_its_place_and_a_remedy() {
    let long = "x".repeat(40);
    let keyed =
        [("KEELWAY_VIEWER_KEY", long.as_str()), ("KEELWAY_PUBLIC_URL", "https://a.example")];
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("worker.slotz = 1\nlissen = 'x'\n[wroker]\nslots = 2", &[]),
        ("slots = 2", &[]),
        ("tiers.gold.projects = 1\nfeatures.GEST_MODE = true\nestimate.features = 3", &[]),
        ("", &[("KEELWAY_WORKER_SLOT", "2"), ("KEELWAY_QUX_FROB", "1")]),
        ("", &[("KEELWAY_WORKER_SLOTS", "many"), ("KEELWAY_FEATURE_SSE", "some")]),
        ("worker.slots = 0", &[]),
        ("worker.slots = 'two'\nlog.level = 3\nviewer.key = 7", &[]),
        ("listen = 'somewhere'", &[]),
        ("mode = 'test'", &[("KEELWAY_LOG_FORMAT", "xml")]),
        ("tiers.free.projects = 'plenty'\n", &[]),
        ("features.SSE = 101", &[]),
        ("credits.packages = [{ key = 'a', credits = 1 }]", &[]),
        ("[worker\n", &[]),
        ("data_dir = '/elsewhere'", &[]),
        ("listen = '127.0.0.1:80'\npreview_listen = '127.0.0.1:80'", &[]),
        ("listen = '127.0.0.1:0'\nsites_url = 'https://{label}.a.example/'", &[]),
        ("worker.lease_ttl_ms = 10\nsessions.idle_s = 0", &[]),
        ("database.url = 'mysql://db/k'", &[]),
        ("database.url = 'keelway'", &[]),
        ("database.url = 7\nredis.url = 8", &[]),
        ("database.url = 'sqlite::memory:'", &[]),
        ("database.url = 'postgres://me:hunter2@db'", &[]),
        ("database.url = 'postgres://me:hunter2@db/?sslmode=require'", &[]),
        ("database.url = 'postgres://db/k'\ndatabase.migrations_url = 'sqlite:x'", &[]),
        ("database.url = 'postgres://db/k?passwrod=hunter2'", &[]),
        ("database.url = 'postgres://db/k?statement-cache-capacity=00'", &[]),
        (
            "database.url = 'postgres://db/k'\ndatabase.migrations_url = 'postgres://db/k?hunter2'",
            &[],
        ),
        ("database.connections = 4\ndatabase.migrations_url = 'postgres://db/k'", &[]),
        ("database.url = 'postgres://db/k'\ndatabase.connections = 0", &[]),
        ("redis.url = 'hunter2@localhost:6379'", &[]),
        ("redis.url = 'http://:hunter2@localhost'", &[]),
        ("worker.listen = '127.0.0.1:0'", &[]),
        ("sites_url = 'http://sites.example/'\ntrusted_proxies = ['10.0.0/8']", &[]),
        ("public_url = 'https://me:hunter2@a.example'", &[]),
        ("estimate.base_agents = 0", &[]),
        ("viewer.key = 'short'", &[]),
        ("", &[("KEELWAY_PUBLIC_VIEWER_KEY", "x"), ("KEELWAY_PUBLIC_TOKEN", "x")]),
        ("public.api_secret = 'x'", &[]),
        ("log.level = 'info,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'", &keyed),
    ];
    let lines: Vec<String> = cases
        .iter()
        .map(|(file, variables)| {
            let case = Case { file, variables, ..Case::default() };
            let set: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
            let problems = case.problems();
            assert!(!problems.is_empty(), "{file} {set:?} was accepted");
            format!("{file:?} {}\n    {}", set.join(" "), problems.join("\n    "))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    "worker.slotz = 1\nlissen = 'x'\n[wroker]\nslots = 2" 
        unknown key `lissen` in DIR/keelway.toml; did you mean `listen`?
        unknown key `worker.slotz` in DIR/keelway.toml; did you mean `worker.slots`?
        unknown key `wroker.slots` in DIR/keelway.toml; did you mean `worker.slots`?
    "slots = 2" 
        unknown key `slots` in DIR/keelway.toml; did you mean `worker.slots`?
    "tiers.gold.projects = 1\nfeatures.GEST_MODE = true\nestimate.features = 3" 
        `estimate.features`: `3` is not a list of TOML tables (DIR/keelway.toml)
        unknown key `features.GEST_MODE` in DIR/keelway.toml; did you mean `features.GUEST_MODE`?
        unknown key `tiers.gold.projects` in DIR/keelway.toml; did you mean `tiers.free.projects`?
    "" KEELWAY_WORKER_SLOT KEELWAY_QUX_FROB
        unknown variable `KEELWAY_QUX_FROB`
        unknown variable `KEELWAY_WORKER_SLOT`; did you mean `KEELWAY_WORKER_SLOTS`?
    "" KEELWAY_WORKER_SLOTS KEELWAY_FEATURE_SSE
        `features.SSE`: `some` is not true, false or a share of the tenants in percent (environment KEELWAY_FEATURE_SSE)
        `worker.slots`: `many` is not a whole number (environment KEELWAY_WORKER_SLOTS)
    "worker.slots = 0" 
        `worker.slots`: invalid value: integer `0`, expected a nonzero u32 (DIR/keelway.toml)
    "worker.slots = 'two'\nlog.level = 3\nviewer.key = 7" 
        `log.level`: `3` is not a text (DIR/keelway.toml)
        `viewer.key`: the value is not a text (DIR/keelway.toml)
        `worker.slots`: `"two"` is not a whole number (DIR/keelway.toml)
    "listen = 'somewhere'" 
        `listen`: `"somewhere"` is no address: write an address and a port, such as 127.0.0.1:8080 (DIR/keelway.toml)
    "mode = 'test'" KEELWAY_LOG_FORMAT
        `log.format`: unknown variant `xml`, expected one of `auto`, `json`, `pretty` (environment KEELWAY_LOG_FORMAT)
        `mode`: unknown variant `test`, expected `production` or `development` (DIR/keelway.toml)
    "tiers.free.projects = 'plenty'\n" 
        `tiers.free.projects`: `"plenty"` is not a whole number, `unlimited` or `by_contract` (DIR/keelway.toml)
    "features.SSE = 101" 
        `features.SSE`: not one of on, off, true, false, 1, 0 or a percentage such as 25% (DIR/keelway.toml)
    "credits.packages = [{ key = 'a', credits = 1 }]" 
        `credits.packages[0]`: missing field `price_cents` (DIR/keelway.toml)
    "[worker\n" 
        DIR/keelway.toml is not TOML: unclosed table, expected `]`
    "data_dir = '/elsewhere'" 
        `data_dir` cannot be set in DIR/keelway.toml, which is found in it: use --data-dir, KEELWAY_DATA_DIR or --config
    "listen = '127.0.0.1:80'\npreview_listen = '127.0.0.1:80'" 
        `listen` and `preview_listen` are both 127.0.0.1:80: previews need an origin of their own
    "listen = '127.0.0.1:0'\nsites_url = 'https://{label}.a.example/'" 
        `listen`: name a port, so that people can be told
    "worker.lease_ttl_ms = 10\nsessions.idle_s = 0" 
        `worker.lease_ttl_ms`: 10 is less than 1500
        `sessions.idle_s` must be at least 1 and at most `sessions.absolute_s`
        `sessions.renew_every_s` must be less than `sessions.idle_s`
    "database.url = 'mysql://db/k'" 
        `database.url`: "mysql" is no database known here; write sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME
    "database.url = 'keelway'" 
        `database.url`: that is no database known here; write sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME
    "database.url = 7\nredis.url = 8" 
        `database.url`: the value is not a text (DIR/keelway.toml)
        `redis.url`: the value is not a text (DIR/keelway.toml)
    "database.url = 'sqlite::memory:'" 
        `database.url` names no file: write sqlite:PATH; a database in memory would be lost at every stop
    "database.url = 'postgres://me:hunter2@db'" 
        `database.url` names no PostgreSQL database: write postgres://USER:PASSWORD@HOST:PORT/NAME
    "database.url = 'postgres://me:hunter2@db/?sslmode=require'" 
        `database.url` names no PostgreSQL database: write postgres://USER:PASSWORD@HOST:PORT/NAME
    "database.url = 'postgres://db/k'\ndatabase.migrations_url = 'sqlite:x'" 
        `database.migrations_url` names no PostgreSQL database: write postgres://USER:PASSWORD@HOST:PORT/NAME
    "database.url = 'postgres://db/k?passwrod=hunter2'" 
        `database.url` has an unknown parameter `passwrod`: leave it out
    "database.url = 'postgres://db/k?statement-cache-capacity=00'" 
        `database.url` has a `statement-cache-capacity` that is not one whole number, once, without leading zeros
    "database.url = 'postgres://db/k'\ndatabase.migrations_url = 'postgres://db/k?hunter2'" 
        `database.migrations_url` has a parameter that is not written KEY=VALUE with a known key; write %26 for a `&` that belongs to a value
    "database.connections = 4\ndatabase.migrations_url = 'postgres://db/k'" 
        `database.migrations_url` has no effect on SQLite: leave it out
        `database.connections` has no effect on SQLite: leave it out
    "database.url = 'postgres://db/k'\ndatabase.connections = 0" 
        `database.connections`: invalid value: integer `0`, expected a nonzero u32 (DIR/keelway.toml)
    "redis.url = 'hunter2@localhost:6379'" 
        `redis.url`: failed to read the Redis URL: it must begin with redis, redis+sentinel or redis+cluster (or rediss for TLS) and ://
    "redis.url = 'http://:hunter2@localhost'" 
        `redis.url`: failed to read the Redis URL: it must begin with redis, redis+sentinel or redis+cluster (or rediss for TLS) and ://
    "worker.listen = '127.0.0.1:0'" 
        `worker.listen`: name a port, so that people can be told
    "sites_url = 'http://sites.example/'\ntrusted_proxies = ['10.0.0/8']" 
        `sites_url`: the site address does not contain {label} exactly once
        `trusted_proxies`: `10.0.0/8` is not an address, or an address block such as 10.0.0.0/8
    "public_url = 'https://me:hunter2@a.example'" 
        `public_url` is not an address such as https://keelway.example, without a path and without a password
    "estimate.base_agents = 0" 
        `estimate`: base_agents must be at least 1
    "viewer.key = 'short'" 
        `viewer.key` has fewer than 32 bytes; `openssl rand -hex 32` makes one that is long enough
    "" KEELWAY_PUBLIC_VIEWER_KEY KEELWAY_PUBLIC_TOKEN
        `KEELWAY_PUBLIC_TOKEN` puts a secret under a public name: rename it and replace the secret
        `KEELWAY_PUBLIC_VIEWER_KEY` puts a secret under a public name: rename it and replace the secret
    "public.api_secret = 'x'" 
        `public.api_secret` in DIR/keelway.toml puts a secret under a public name: rename it and replace the secret
    "log.level = 'info,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'" KEELWAY_VIEWER_KEY KEELWAY_PUBLIC_URL
        `log.level` contains the secret `viewer.key`, which would be shown: remove it and replace the secret
    "#);
}

#[test]
fn people_are_told_an_address_they_can_call_at() {
    for (file, public, site) in [
        ("", "http://127.0.0.1:8080", "http://127.0.0.1:8081/{label}/"),
        (
            "listen = '0.0.0.0:80'\npreview_listen = '[::]:81'",
            "http://127.0.0.1:80",
            "http://[::1]:81/{label}/",
        ),
        (
            "public_url = 'https://a.example/'\nsites_url = 'https://{label}.b.example/'",
            "https://a.example",
            "https://{label}.b.example/",
        ),
    ] {
        let loaded = Case { file, ..Case::default() }.load().ok().unwrap();
        let checked = loaded.check().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            (checked.public_url.as_str(), checked.sites.to_string().as_str()),
            (public, site)
        );
    }
}

#[test]
fn dot_env_cannot_choose_the_mode() {
    let case = Case {
        file: "mode = 'development'",
        dot_env: "KEELWAY_MODE=production\nKEELWAY_X=1",
        ..Case::default()
    };
    insta::assert_snapshot!(case.problems().join("\n"), @r#"
    `KEELWAY_MODE` cannot be set in .env, which only development mode reads
    unknown variable `KEELWAY_X` in .env
    "#);
}

#[test]
fn secrets_are_never_shown() {
    let secret = "a-secret-of-more-than-thirty-two-bytes";
    let old = "another-secret-of-more-than-32-bytes!!";
    let file = format!(
        "viewer.previous_key = '{old}'\ndatabase.migrations_url = 'postgres://o:hunter2@db/k'"
    );
    let variables = [
        ("KEELWAY_VIEWER_KEY", secret),
        ("KEELWAY_DATABASE_URL", "postgres://app:hunter2@db/k?password=hunter2"),
        ("KEELWAY_REDIS_URL", "rediss://:hunter2@cache"),
    ];
    let loaded =
        Case { file: &file, variables: &variables, ..Case::default() }.load().ok().unwrap();
    let (text, json) = (loaded.to_text(), loaded.to_json());
    assert!(text.contains("(hidden)"), "{text}");
    assert_eq!(json["database.url"]["value"], "postgres://app@db/k?(hidden)");
    assert_eq!(json["database.migrations_url"]["value"], "postgres://o@db/k");
    assert_eq!(json["redis.url"]["value"], "rediss://cache");
    let settings = format!("{:?}", loaded.settings);
    let database = loaded.check().unwrap_or_else(|error| panic!("{error}")).database;
    for shown in [text, json.to_string(), settings, database.to_string(), format!("{database:?}")] {
        for secret in [secret, old, "hunter2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn a_database_is_a_file_or_a_server() {
    use super::Database;

    let database = |file| {
        let loaded = Case { file, ..Case::default() }.load().ok().unwrap();
        let place = loaded.settings.data_dir.to_str().unwrap().to_owned();
        let checked = loaded.check().unwrap_or_else(|error| panic!("{error}"));
        match checked.database {
            Database::Sqlite(path) => path.to_str().unwrap().replace(&place, "DIR"),
            Database::Postgres { url, owner } => format!("{} {}", url.expose(), owner.expose()),
        }
    };
    let server = "database.url = 'postgresql://a:b@db/k?sslmode=require'";
    let owned = "database.url = 'postgres://a@db/k'\ndatabase.migrations_url = 'postgres:///k'";
    for (file, expected) in [
        ("", "DIR/keelway.db"),
        ("database.url = 'sqlite://{data_dir}/other.db'", "DIR/other.db"),
        ("database.url = 'sqlite:/var/keelway.db'", "/var/keelway.db"),
        (server, "postgresql://a:b@db/k?sslmode=require postgresql://a:b@db/k?sslmode=require"),
        (owned, "postgres://a@db/k postgres:///k"),
    ] {
        assert_eq!(database(file), expected);
    }
}

#[test]
fn without_a_home_a_data_directory_must_be_named() {
    let environment = Environment::of(Path::new("/"), &[]);
    let problems = load(&Sources { environment, ..Sources::default() }).err().unwrap().0;
    insta::assert_snapshot!(problems.join("\n"), @"there is no home directory to keep data in: say where with --data-dir or KEELWAY_DATA_DIR");
    for (variables, expected) in [
        (&[("HOME", "/home/me")][..], "/home/me/.local/share/keelway"),
        (&[("HOME", "/home/me"), ("XDG_DATA_HOME", "/data")], "/data/keelway"),
        (&[("HOME", "/home/me"), ("XDG_DATA_HOME", "relative")], "/home/me/.local/share/keelway"),
    ] {
        let environment = Environment::of(Path::new("/"), variables);
        assert_eq!(environment.data_dir().unwrap(), Path::new(expected));
    }
}

#[test]
fn every_default_can_be_read_and_used() {
    let loaded = Case::default().load().unwrap_or_else(|problems| panic!("{problems:?}"));
    for entry in &loaded.layers.table {
        if let Some(default) = &entry.default {
            assert!(entry.kind.fits(default), "{entry:?}");
        }
        assert!(entry.about.ends_with('.'), "{} says nothing whole of itself", entry.key);
    }
    let of_estimates = loaded.layers.table.iter().filter(|row| row.section() == "estimate");
    let meanings: BTreeSet<&str> = of_estimates.map(|row| row.about.as_str()).collect();
    assert_eq!(meanings.len(), 6, "one for each, and one for all tiers: {meanings:#?}");
    let checked = loaded.check().unwrap_or_else(|error| panic!("{error}"));
    for flag in keelway_tiers::FlagName::all() {
        let (set, default) = (&checked.settings.features, super::default_flags());
        assert_eq!(set.rollout(flag), default.rollout(flag), "{flag}");
    }
    assert_eq!(checked.settings.tiers, keelway_tiers::LimitTable::default());
    assert_eq!(checked.settings.estimate, keelway_estimate::EstimateTable::default());
}

#[test]
fn no_two_settings_share_a_variable() {
    let table = Layers::defaults(&Environment::default()).table;
    let variables: BTreeSet<String> = table.iter().map(super::table::Entry::variable).collect();
    assert_eq!(variables.len(), table.len());
    assert!(table.iter().any(|entry| entry.kind == Kind::Secret));
}

#[test]
fn the_documentation_has_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let document = fs::read_to_string(path).unwrap();
    assert!(
        document.contains(&reference()),
        "docs/configuration.md is not what `keelway config reference` prints: paste it in"
    );
}

/// All sources that could ask a flag or a limit: everything but the table, its settings, and
/// what tells an operator of every flag.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["tiers", "app", "tests", "contract", "examples"].contains(&name) {
            sources(&path, text);
        } else if path.extension().is_some_and(|kind| kind == "rs") && name != "flags.rs" {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn what_is_said_to_be_enforced_is_what_somebody_asks() {
    use keelway_tiers::FlagName;

    let mut text = String::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &mut text);
    let table = Layers::defaults(&Environment::default()).table;
    let is_enforced = |key: &str| table.iter().find(|row| row.key == key).unwrap().is_enforced();
    for flag in FlagName::all() {
        let name = match flag {
            FlagName::Feature(feature) => format!("Feature::{feature:?}"),
            FlagName::Operation(operation) => format!("Operation::{operation:?}"),
        };
        assert_eq!(is_enforced(&format!("features.{flag}")), text.contains(&name), "{flag}");
    }
    for (limit, asked) in [
        ("api_calls_per_month", "Limited::ApiCallsPerMonth"),
        ("builds_per_month", "Limited::BuildsPerMonth"),
        ("concurrent_builds", "limits.concurrent_builds"),
        ("credits_per_month", ".credits_per_month"),
        ("members", "Limited::Members"),
        ("overdraft", "limits.overdraft"),
        ("priority", "limits.priority"),
        ("projects", "Limited::Projects"),
        ("queue_hours", "limits.queue_hours"),
        ("retention_days", "limits.retention_days"),
        ("rollover", "limits.rollover"),
        ("snapshot_storage_mib", "Limited::SnapshotStorageMib"),
    ] {
        assert_eq!(is_enforced(&format!("tiers.free.{limit}")), text.contains(asked), "{limit}");
    }
}
