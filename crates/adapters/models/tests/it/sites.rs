//! Every description becomes a sound site of its own.

use std::collections::{BTreeSet, VecDeque};
use std::process::Command;

use keelway_builds::BuildTier;
use keelway_models::OfflineEngine;
use proptest::prelude::*;

use crate::build::{Built, build, build_case, cases, task};
use crate::pages::{PageRead, read};

/// Every link and fragment leads somewhere, and every page can be walked to from the first.
fn assert_connected(built: &Built, place: &str) {
    let mut walked = BTreeSet::new();
    let mut ahead = VecDeque::from(["index.html".to_owned()]);
    while let Some(path) = ahead.pop_front() {
        if !walked.insert(path.clone()) {
            continue;
        }
        for tag in read(built.text(&path)).tags {
            for name in ["href", "src"] {
                let Some(link) = tag.attributes.get(name) else { continue };
                let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
                let file = if file.is_empty() { path.as_str() } else { file };
                let target = built.text(file);
                if !fragment.is_empty() {
                    let ids = read(target).tags;
                    let landed = ids
                        .iter()
                        .filter(|tag| tag.attributes.get("id").is_some_and(|id| id == fragment));
                    assert_eq!(landed.count(), 1, "{place}/{path}: {link}");
                }
                if built.pages().any(|(page, _)| page == file) {
                    ahead.push_back(file.to_owned());
                }
            }
        }
    }
    for (path, _) in built.pages().filter(|(path, _)| *path != "404.html") {
        assert!(walked.contains(path), "{place}: {path} is not linked");
    }
}

fn assert_unique_ids(page: &PageRead, place: &str) {
    let ids: Vec<_> = page.tags.iter().filter_map(|tag| tag.attributes.get("id")).collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "{place}: {ids:?}");
}

#[tokio::test]
async fn every_description_becomes_a_sound_site_in_its_words() {
    let cases = cases();
    assert!(cases.len() >= 30);
    for case in cases {
        let built = build_case(&OfflineEngine::default(), &case).await;
        let key = &case.key;
        assert!(built.pages().count() >= 5, "{key}");
        for (path, html) in built.pages() {
            let place = format!("{key}/{path}");
            let page = read(html);
            page.assert_harmless(&place);
            page.assert_accessible(&place);
            assert_unique_ids(&page, &place);
            let root = &page.tags[0];
            assert_eq!(root.attributes["lang"], case.language, "{place}");
            let right_to_left = ["ar", "he"].contains(&case.language.as_str());
            let direction = if right_to_left { "rtl" } else { "ltr" };
            assert_eq!(root.attributes["dir"], direction, "{place}");
        }
        assert_connected(&built, key);
        let home = built.text("index.html").to_lowercase();
        for word in &case.says {
            assert!(
                home.contains(&word.to_lowercase()),
                "{key}: the home page does not say {word}"
            );
        }
        for page in &case.pages {
            built.text(page);
        }
        for reply in &built.replies[..built.replies.len() - 1] {
            assert!(!reply.files.is_empty(), "{key}: {}", reply.summary);
        }
        let review = &built.replies.last().expect("a reviewer").summary;
        assert!(review.ends_with("nothing to report."), "{key}: {review}");
    }
}

/// Prose of the home page: what ends like a sentence and is longer than a label.
fn sentences(built: &Built) -> BTreeSet<String> {
    let home = built.text("index.html");
    let (_, main) = home.split_once("<main").unwrap_or_default();
    let (main, _) = main.split_once("</main>").unwrap_or_default();
    assert!(!main.is_empty(), "a page without a main part");
    // What stands between tags, and nothing of the tags.
    let texts = main.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text);
    texts
        .flat_map(|text| text.split_inclusive(['.', '!', '?']))
        .map(str::trim)
        .filter(|text| text.ends_with(['.', '!', '?']) && text.split_whitespace().count() > 4)
        .map(str::to_owned)
        .collect()
}

/// Sites that offer under one title speak from one pack. Of
/// what the home pages of two such sites say, at most half is said by both; all others share
/// nothing.
#[tokio::test]
async fn different_descriptions_give_visibly_different_sites() {
    let mut seen: Vec<(String, String, String, BTreeSet<String>)> = Vec::new();
    for case in cases() {
        let built = build_case(&OfflineEngine::default(), &case).await;
        let style = built.text("assets/style.css").to_owned();
        let offer = read(built.text("overview.html")).headings.first().cloned().expect("a title");
        let said = sentences(&built);
        for (key, other_style, other_offer, other_said) in &seen {
            assert_ne!(&style, other_style, "{} looks like {key}", case.key);
            let shared: Vec<_> = said.intersection(other_said).collect();
            let all = said.union(other_said).count();
            let most = if offer == *other_offer { all / 2 } else { 0 };
            assert!(
                shared.len() <= most,
                "{} reads like {key}, {} of {all}: {shared:#?}",
                case.key,
                shared.len(),
            );
        }
        seen.push((case.key, style, offer, said));
    }
}

#[tokio::test]
async fn no_page_is_heavy() {
    for case in cases() {
        let built = build_case(&OfflineEngine::default(), &case).await;
        let style = built.text("assets/style.css").len();
        assert!(style < 28 * 1024, "{}: a style sheet of {style} bytes", case.key);
        let script = built.text("assets/site.js").len();
        assert!(script < 20 * 1024, "{}: a script of {script} bytes", case.key);
        for (path, html) in built.pages() {
            assert!(html.len() < 60 * 1024, "{}/{path}: {} bytes", case.key, html.len());
        }
        let home = built.text("index.html").len();
        assert!(home < 40 * 1024, "{}: a home page of {home} bytes", case.key);
    }
}

/// The Nu HTML Checker, which also reads the style sheets and icons.
#[tokio::test]
async fn every_file_passes_the_validator() {
    #[expect(clippy::disallowed_methods, reason = "the test runner says where the checker is")]
    let jar = std::env::var("KEELWAY_TEST_VNU_JAR")
        .expect("KEELWAY_TEST_VNU_JAR is not set: run the tests by `cargo xtask test`");
    let sites = tempfile::tempdir().expect("a directory");
    for case in cases() {
        let built = build_case(&OfflineEngine::default(), &case).await;
        for (path, content) in &built.files {
            let checked = ["html", "css", "svg"];
            if path.extension().is_some_and(|extension| checked.contains(&extension)) {
                let file = sites.path().join(&case.key).join(path.as_str());
                std::fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
                std::fs::write(file, content).expect("a file");
            }
        }
    }
    let output = Command::new("java")
        .args(["-jar", &jar, "--also-check-css", "--also-check-svg", "--errors-only"])
        .arg(sites.path())
        .output()
        .expect("java runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[tokio::test]
async fn the_same_task_gives_the_same_bytes() {
    for case in cases().into_iter().filter(|case| ["saas", "arabic"].contains(&case.key.as_str())) {
        let first = build_case(&OfflineEngine::default(), &case).await;
        let second = build_case(&OfflineEngine::default(), &case).await;
        assert_eq!(first.files, second.files);
        assert_eq!(first.replies, second.replies);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_becomes_a_sound_site(
        noise in "(\\PC|[\\t\\n<>&\"'{}`=/\\\\]|[\u{200b}-\u{2069}]|\\p{M}|<script>|-->){12,80}",
        name in "\\PC{1,20}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let description: String = noise.chars().filter(|c| *c != '\0').collect();
        prop_assume!(keelway_builds::Description::parse(&description).is_ok());
        let mut task = task(&description, BuildTier::Starter, None);
        let mut brief = (*task.brief).clone();
        brief.project_name = name;
        task.brief = brief.into();
        let built = runtime.block_on(build(&OfflineEngine::default(), task));
        for (path, html) in built.pages() {
            let page = read(html);
            page.assert_harmless(path);
            page.assert_accessible(path);
        }
        assert_connected(&built, "noise");
    }
}
