//! The keelway command.
fn main() {}
