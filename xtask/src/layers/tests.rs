use super::*;
use room::Room::{
    App, Console, Context, Contract, Driven, Driving, Edge, Kernel, Leaf, Platform, Rows, Store,
    Tests, Xtask,
};

/// One folder in every room.
const HOUSE: [(&str, Room); 14] = [
    ("crates/app", App),
    ("crates/adapters/console", Console),
    ("crates/adapters/http", Edge),
    ("crates/adapters/worker", Driving),
    ("crates/adapters/sqlite", Store),
    ("crates/adapters/rows", Rows),
    ("crates/adapters/models", Driven),
    ("crates/platform", Platform),
    ("crates/domain/builds", Context),
    ("crates/domain/credits", Leaf),
    ("crates/domain/kernel", Kernel),
    ("crates/contract", Contract),
    ("tests", Tests),
    ("xtask", Xtask),
];

/// The picture: from each room in [`HOUSE`]'s order, which rooms a shipped arrow may reach.
const PICTURE: [(Room, &[Room]); 14] = [
    (App, &[Console, Edge, Driving, Store, Rows, Driven, Platform, Context, Leaf, Kernel]),
    (Console, &[Edge, Platform, Context, Leaf, Kernel]),
    (Edge, &[Platform, Context, Leaf, Kernel]),
    (Driving, &[Platform, Context, Leaf, Kernel]),
    (Store, &[Rows, Context, Leaf, Kernel]),
    (Rows, &[Context, Leaf, Kernel]),
    (Driven, &[Context, Leaf, Kernel]),
    (Platform, &[Context, Leaf, Kernel]),
    (Context, &[Leaf, Kernel]),
    (Leaf, &[Kernel]),
    (Kernel, &[]),
    (Contract, &[Context, Leaf, Kernel]),
    (
        Tests,
        &[
            App, Console, Edge, Driving, Store, Rows, Driven, Platform, Context, Leaf, Kernel,
            Contract,
        ],
    ),
    (Xtask, &[Context, Leaf, Kernel, Contract]),
];

fn workspace(packages: &serde_json::Value) -> Workspace {
    let json = serde_json::json!({ "workspace_root": "/w", "packages": packages });
    serde_json::from_value(json).unwrap()
}

fn package(folder: &str, dependencies: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({
        "name": room::package_name(folder),
        "manifest_path": format!("/w/{folder}/Cargo.toml"),
        "dependencies": dependencies,
    })
}

fn arrow(from: &str, to: &str, kind: Option<&str>) -> Vec<String> {
    let dependency = serde_json::json!([
        { "name": room::package_name(to), "kind": kind, "path": format!("/w/{to}") }
    ]);
    refused(&workspace(&serde_json::json!([package(from, &dependency)])))
}

fn external(from: &str, name: &str, kind: Option<&str>) -> Vec<String> {
    let dependency = serde_json::json!([{ "name": name, "kind": kind, "path": null }]);
    refused(&workspace(&serde_json::json!([package(from, &dependency)])))
}

fn refused(workspace: &Workspace) -> Vec<String> {
    arrows(workspace).iter().map(ToString::to_string).collect()
}

#[test]
fn every_arrow_that_is_not_in_the_picture_is_found_and_no_other() {
    for (from, room) in HOUSE {
        let (_, allowed) = PICTURE.iter().find(|(pictured, _)| *pictured == room).unwrap();
        for (to, target) in HOUSE {
            for kind in [None, Some("build")] {
                let refusals = arrow(from, to, kind);
                assert_eq!(refusals.is_empty(), allowed.contains(&target), "{from} -> {to}");
                assert!(refusals.iter().all(|r| r.starts_with(&format!("{from} -> {to} ("))));
            }
        }
    }
}

#[test]
fn siblings_in_one_room_do_not_name_each_other() {
    for (from, to) in [
        ("crates/adapters/worker", "crates/adapters/http"),
        ("crates/adapters/console", "crates/adapters/worker"),
        ("crates/adapters/http", "crates/adapters/console"),
        ("crates/platform", "crates/adapters/console"),
        ("crates/adapters/postgres", "crates/adapters/sqlite"),
        ("crates/adapters/mail", "crates/adapters/blobs"),
        ("crates/domain/dialogue", "crates/domain/builds"),
        ("crates/domain/tiers", "crates/domain/credits"),
    ] {
        assert_eq!(arrow(from, to, None).len(), 1, "{from} -> {to}");
    }
}

#[test]
fn contract_is_for_tests_only() {
    for (from, _) in HOUSE {
        let shipped = arrow(from, "crates/contract", None).is_empty();
        assert_eq!(shipped, matches!(from, "tests" | "xtask"), "{from}");
        assert_eq!(arrow(from, "crates/contract", Some("dev")), [""; 0], "{from}");
    }
}

#[test]
fn a_store_is_never_linked_beside_http_outside_the_app() {
    for from in ["crates/adapters/http", "crates/adapters/worker", "crates/platform"] {
        assert_eq!(arrow(from, "crates/adapters/sqlite", None).len(), 1, "{from}");
        assert_eq!(arrow(from, "crates/adapters/sqlite", Some("dev")), [""; 0], "{from}");
    }
    for from in ["crates/adapters/sqlite", "crates/adapters/models", "crates/domain/builds"] {
        assert_eq!(arrow(from, "crates/adapters/http", Some("dev")).len(), 1, "{from}");
    }
}

#[test]
fn a_refusal_says_which_arrow_why_and_what_to_do() {
    assert_eq!(
        arrow("crates/platform", "crates/adapters/sqlite", None),
        ["crates/platform -> crates/adapters/sqlite (dependency)\n  \
          why: the platform names the domain only\n  \
          help: speak to a port of the domain, and let crates/app hand the adapter in"]
    );
}

#[test]
fn the_folder_decides_the_room_whatever_the_name() {
    let disguised = serde_json::json!([{
        "name": "keelway-kernel",
        "manifest_path": "/w/crates/adapters/mail/Cargo.toml",
        "dependencies": [{ "name": "x", "kind": null, "path": "/w/crates/platform" }],
    }]);
    let refusals = refused(&workspace(&disguised));
    assert!(refusals[0].contains("name the package `keelway-mail`"), "{refusals:?}");
    assert!(refusals[1].contains("a driven adapter names the domain only"), "{refusals:?}");
}

#[test]
fn a_crate_outside_every_room_is_found() {
    let stray = workspace(&serde_json::json!([package("crates/utils", &serde_json::json!([]))]));
    assert!(refused(&stray)[0].starts_with("crates/utils is in no room"));
    assert!(arrow("crates/platform", "vendor/thing", None)[0].contains("in no room"));
}

#[test]
fn the_domain_names_no_world_but_may_test_with_it() {
    for from in ["crates/domain/kernel", "crates/domain/credits", "crates/domain/builds"] {
        for name in ["tokio", "sqlx", "actix-web", "reqwest", "getrandom", "rand"] {
            assert_eq!(external(from, name, None).len(), 1, "{from} -> {name}");
            assert_eq!(external(from, name, Some("build")).len(), 1, "{from} -> {name}");
            assert_eq!(external(from, name, Some("dev")), [""; 0], "{from} -> {name}");
        }
        assert_eq!(external(from, "serde", None), [""; 0]);
    }
    assert_eq!(external("crates/platform", "tokio", None), [""; 0]);
}

#[test]
fn the_domain_links_no_world_through_others() {
    let tree = "\
0 keelway-access v0.1.0 (/w/crates/domain/access)
1 ring v0.17.14
2 getrandom v0.2.17
3 libc v0.2.191
1 keelway-kernel v0.1.0 (/w/crates/domain/kernel)
2 uuid v1.29.1
3 getrandom v0.3.4 (*)
2 serde v1.0.229
1 moka v0.12.1
2 tokio v1.54.1
";
    let refusals = purity::check("crates/domain/access", tree);
    let chains: Vec<_> = refusals
        .iter()
        .map(|refusal| refusal.to_string().lines().next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        chains,
        [
            "crates/domain/access -> keelway-kernel -> uuid -> getrandom",
            "crates/domain/access -> moka -> tokio",
        ]
    );
}
