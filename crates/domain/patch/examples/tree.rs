//! What may be a file of a generated site, and what may not.

use keelway_patch::{FilePath, FileTree};

fn main() {
    let mut tree = FileTree::default();
    for text in ["index.html", "assets/style.css", "../etc/passwd", "INDEX.HTML", "con.txt"] {
        let outcome = FilePath::parse(text)
            .map_err(|error| error.to_string())
            .and_then(|path| tree.insert(path, b"...".to_vec()).map_err(|error| error.to_string()));
        match outcome {
            Ok(_) => println!("{text}: taken"),
            Err(error) => println!("{text}: {error}"),
        }
    }
    println!("{} files, {} bytes", tree.len(), tree.total_bytes());
}
