//! `keelway build --local`: from a description to a ZIP, and books that add up.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::{answer, keelway};

const BAKERY: &str = "A bakery in Lisbon with opening hours, bread of the day and a contact form";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_description_becomes_a_zip_that_opens() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, err) = answer(
        dir.path(),
        &["build", BAKERY, "--local", "--out", "bakery.zip", "--name", "Padaria", "--json"],
    );
    assert_eq!((code, err.as_str()), (0, ""));
    let report = json(&out);
    assert_eq!(report["status"], "deployed");
    assert_eq!(report["project"], "Padaria");
    let credits = |name: &str| report["credits"][name].as_i64().unwrap();
    assert_eq!(credits("held"), 75);
    assert!((1..=75).contains(&credits("captured")), "{report}");
    assert!(report["tokens"].as_u64().unwrap() > 1_000, "{report}");

    let mut zip = zip::ZipArchive::new(File::open(dir.path().join("bakery.zip")).unwrap()).unwrap();
    assert_eq!(zip.len() as u64, report["files"].as_u64().unwrap());
    let mut bytes = 0;
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        assert!(file.enclosed_name().is_some(), "{:?} leaves the folder", file.name());
        bytes += content.len() as u64;
    }
    assert_eq!(bytes, report["bytes"].as_u64().unwrap());
    let mut home = String::new();
    zip.by_name("index.html").unwrap().read_to_string(&mut home).unwrap();
    assert!(home.contains("Padaria") && home.starts_with("<!DOCTYPE html>"), "{home}");

    let (code, out, _) = answer(dir.path(), &["doctor", "--json"]);
    let doctor = json(&out);
    assert_eq!((code, &doctor["violations"]), (0, &serde_json::json!([])), "{out}");
    let checked: u64 = doctor["checked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["subjects"].as_u64().unwrap())
        .sum();
    assert!(checked > 0, "{out}");
}

#[test]
fn the_doctor_names_files_that_a_copy_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["build", BAKERY, "--local", "--quiet"];
    assert_eq!(answer(dir.path(), &args).0, 0);
    let doctor = |flags: &[&str]| {
        let (code, out, err) = answer(dir.path(), &[&["doctor", "--json"], flags].concat());
        let report = json(&out);
        let rows = report["checked"].as_array().unwrap();
        let row = rows.iter().find(|row| row["invariant"] == "blobs").unwrap().clone();
        assert_eq!(err, "");
        (code, row["subjects"].as_u64().unwrap(), row["broken"].as_u64().unwrap(), report)
    };
    let (code, named, broken, _) = doctor(&["--contents"]);
    assert!(code == 0 && named > 20 && broken == 0, "{code} {named} {broken}");

    let blobs = dir.path().join("blobs");
    let folders = std::fs::read_dir(&blobs).unwrap().map(|folder| folder.unwrap().path());
    let files: Vec<_> = folders
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    let mut bytes = std::fs::read(&files[0]).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&files[0], bytes).unwrap();
    let (code, _, broken, _) = doctor(&[]);
    assert_eq!((code, broken), (0, 0), "its size is what it was");
    let (code, _, broken, report) = doctor(&["--contents"]);
    let found = &report["violations"][0];
    assert!(code == 1 && broken >= 1, "{report}");
    let digest = files[0].file_name().unwrap().to_str().unwrap();
    let detail = found["detail"].as_str().unwrap();
    assert!(detail.contains(" is damaged: ") && detail.ends_with(digest), "{report}");
    let subject = found["subject"].as_str().unwrap();
    assert!(subject.starts_with("snp_") || subject.starts_with("bld_"), "{report}");

    for file in &files {
        std::fs::remove_file(file).unwrap();
    }
    let (code, checked, broken, report) = doctor(&[]);
    assert_eq!((code, checked, broken), (1, named, named));
    assert_eq!(report["violations"].as_array().unwrap().len(), 20);
    let (_, out, _) = answer(dir.path(), &["doctor"]);
    assert!(out.contains(&format!("broken {named} times")), "{out}");
    assert!(out.ends_with(&format!("\nblobs: {} more files\n", named - 20)), "{out}");

    std::fs::remove_dir_all(&blobs).unwrap();
    let (code, _, broken, report) = doctor(&[]);
    assert_eq!((code, broken), (1, 1), "{report}");
    assert!(!blobs.exists(), "it changes nothing");
}

#[test]
fn builds_side_by_side_have_one_owner_and_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let outs = ["one.zip", "two.zip", "three.zip"];
    let children = outs.map(|out| {
        let args = ["build", BAKERY, "--local", "--out", out, "--json"];
        keelway(dir.path(), &args).stdout(Stdio::piped()).spawn().unwrap()
    });
    let reports = children.map(|child| {
        let (code, out, _) = crate::said(dir.path(), child.wait_with_output().unwrap());
        assert_eq!((code, &json(&out)["status"]), (0, &"deployed".into()), "{out}");
        json(&out)
    });
    assert!(reports.iter().all(|report| report["tenant_id"] == reports[0]["tenant_id"]));
    let bytes = outs.map(|name| std::fs::read(dir.path().join(name)).unwrap());
    assert!(bytes[0] == bytes[1] && bytes[1] == bytes[2], "the archives differ");
    let owner = std::fs::read_to_string(dir.path().join("local-owner")).unwrap();
    assert!(owner.starts_with("usr_"), "{owner}");
    let (code, out, _) = answer(dir.path(), &["doctor", "--json"]);
    assert_eq!(code, 0, "{out}");
}

#[test]
fn a_description_comes_from_standard_input_and_progress_goes_to_standard_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = keelway(dir.path(), &["build", "-", "--local"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(BAKERY.as_bytes()).unwrap();
    let (code, out, err) = crate::said(dir.path(), child.wait_with_output().unwrap());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("site.zip") && out.contains("Charged"), "{out}");
    for said in ["75 credits", "plan ", "implement ", "deploy ", "offline"] {
        assert!(err.contains(said), "{said:?} is not in {err}");
    }
    let there = std::fs::metadata(dir.path().join("site.zip")).unwrap().len();
    let (code, _, err) = answer(dir.path(), &["build", BAKERY, "--local"]);
    assert_eq!(code, 2, "{err}");
    assert_eq!(std::fs::metadata(dir.path().join("site.zip")).unwrap().len(), there);
    let (code, ..) = answer(dir.path(), &["build", BAKERY, "--local", "--force", "--quiet"]);
    assert_eq!(code, 0);
}

#[test]
fn a_build_that_may_not_spend_enough_fails_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["build", BAKERY, "--local", "--max-credits", "1", "--json"];
    let (code, out, _) = answer(dir.path(), &args);
    let report = json(&out);
    assert_eq!((code, &report["status"]), (1, &"failed".into()), "{out}");
    assert_eq!(report["failure"]["reason"], "budget_reached");
    assert!(report["credits"]["captured"].as_i64().unwrap() <= 1);
    assert!(!dir.path().join("site.zip").exists());
    assert_eq!(answer(dir.path(), &["doctor"]).0, 0);
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_and_only_work_done_is_charged() {
    use std::io::{BufRead as _, BufReader};

    let dir = tempfile::tempdir().unwrap();
    let mut child = keelway(dir.path(), &["build", BAKERY, "--local", "--out", "never.zip"])
        .env("KEELWAY_ENGINE_STEP_DELAY_MS", "600000")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let mut lines = stderr.lines();
    let begun = lines.by_ref().any(|line| line.unwrap().starts_with("plan "));
    assert!(begun, "the first phase is announced");
    crate::serve::signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let (code, out, _) = crate::said(dir.path(), output);
    assert_eq!(code, 130, "{out}");
    assert!(out.contains("cancelled. Charged 0 of 75"), "{out}");
    assert!(!dir.path().join("never.zip").exists());
    assert_eq!(answer(dir.path(), &["doctor"]).0, 0);
}

#[test]
fn a_zip_goes_to_standard_output_where_it_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let output = keelway(dir.path(), &["build", BAKERY, "--local", "--out", "-"]).output().unwrap();
    assert!(output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("Charged") && told.contains("Written to standard output"), "{told}");
    let zip = zip::ZipArchive::new(std::io::Cursor::new(&output.stdout)).unwrap();
    assert!(!zip.is_empty());
    assert!(!dir.path().join("-").exists());

    let (code, out, _) = answer(dir.path(), &["build", BAKERY, "--local", "--json"]);
    let report = json(&out);
    assert_eq!(code, 0, "{out}");
    assert_eq!(std::fs::read(dir.path().join("site.zip")).unwrap(), output.stdout);
    let credits = |name: &str| report["credits"][name].as_i64().unwrap();
    assert_eq!(credits("held"), credits("captured") + credits("released"));
}
