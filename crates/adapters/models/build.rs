//! Lists the packs of `src/site/packs`, so that adding a file adds what sites can say.
#![expect(clippy::disallowed_methods, reason = "cargo tells build scripts their folders this way")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let packs = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("src/site/packs");
    println!("cargo::rerun-if-changed={}", packs.display());
    let mut files = Vec::new();
    for language in fs::read_dir(&packs)? {
        let language = language?.path();
        if !language.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", language.display());
        for file in fs::read_dir(&language)? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "toml") {
                files.push(file);
            }
        }
    }
    files.sort();
    let mut table = String::from("[\n");
    for file in &files {
        let language = file.parent().and_then(Path::file_name).ok_or("a pack without a folder")?;
        let kind = file.file_stem().ok_or("a pack without a name")?;
        let (language, kind) = (language.display(), kind.display());
        let path = file.to_str().ok_or("a path that is no text")?;
        writeln!(table, "    (\"{language}\", \"{kind}\", include_str!({path:?})),")?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("packs.rs"), table)?;
    Ok(())
}
