//! The binary as people use it: its help, its answers, its exit codes.

#![cfg(test)]

mod build;
mod cli;
mod metrics;
mod postgres;
mod processes;
mod serve;

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// The binary with nothing of this process's environment but a data directory.
fn keelway(data_dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keelway"));
    command
        .args(args)
        .env_clear()
        .env("KEELWAY_DATA_DIR", data_dir)
        .current_dir(data_dir)
        .stdin(Stdio::null());
    command
}

/// Exit code, standard output and standard error, with the data directory called `DIR`.
fn answer(data_dir: &Path, args: &[&str]) -> (i32, String, String) {
    said(data_dir, keelway(data_dir, args).output().expect("run keelway"))
}

fn said(data_dir: &Path, output: Output) -> (i32, String, String) {
    let dir = data_dir.to_str().expect("a name of plain letters");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8").replace(dir, "DIR");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn database(data_dir: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(data_dir.join("keelway.db")).foreign_keys(false)
}

/// Runs a statement past the product, as somebody with a shell does.
fn tamper(data_dir: &Path, sql: &'static str) {
    blocking(async {
        let mut connection = SqliteConnection::connect_with(&database(data_dir)).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// Writes over the beginning of a table's first page.
fn damage(data_dir: &Path, table: &'static str) {
    let at = blocking(async {
        let mut connection = SqliteConnection::connect_with(&database(data_dir)).await.unwrap();
        let root: i64 = sqlx::query_scalar("SELECT rootpage FROM sqlite_schema WHERE name = ?")
            .bind(table)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let query = sqlx::query_scalar("PRAGMA page_size");
        let size: i64 = query.fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        u64::try_from((root - 1) * size).unwrap()
    });
    let mut file = std::fs::File::options().write(true).open(data_dir.join("keelway.db")).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[0xFF; 64]).unwrap();
}

fn blocking<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
