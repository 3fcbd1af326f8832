//! The invariants that SQL alone cannot tell: names, seals and hashes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use keelway_access::audit::{AuditEntry, Seal};
use keelway_kernel::{Actor, BuildId, TenantId, Timestamp, UserId};
use sqlx::types::Uuid;

use super::Findings;
use super::connection::Connection;

/// I14: every build has one row for its beginning and, once ended, one for its end.
pub(crate) async fn subjects(connection: &mut Connection, findings: &mut Findings) {
    let builds: Vec<(Uuid, bool)> =
        connection.rows("SELECT id, ended_at IS NOT NULL FROM builds").await;
    let rows: Vec<(String, String)> = connection
        .rows(
            "SELECT action, subject FROM audit_log
             WHERE action IN ('build_submitted', 'build_ended')",
        )
        .await;
    findings.checked("I14", rows.len() as u64);
    let mut told = BTreeMap::<_, u32>::new();
    for row in rows {
        *told.entry(row).or_default() += 1;
    }
    for (id, ended) in builds {
        let id = BuildId::from_uuid(id).to_string();
        for (action, times) in [("build_submitted", 1), ("build_ended", u32::from(ended))] {
            let told = told.remove(&(action.to_owned(), id.clone())).unwrap_or(0);
            if told != times {
                findings.violated("I14", &format!("{id}: {told} rows of {action}"));
            }
        }
    }
    for ((action, subject), _) in told {
        findings.violated("I14", &format!("{subject}: {action} of no build"));
    }
}

/// I14: every row is sealed together with the one before it.
pub(crate) async fn chains(connection: &mut Connection, findings: &mut Findings) {
    type Row = (Uuid, i64, i64, Option<Uuid>, String, String, String, String, Vec<u8>);
    let rows: Vec<Row> = connection
        .rows(
            "SELECT tenant_id, seq, micros(at), user_id, request_id, action, subject, data, seal
             FROM audit_log ORDER BY tenant_id, seq",
        )
        .await;
    let mut seals = BTreeMap::<Uuid, Seal>::new();
    for (chain, seq, at, user, request_id, action, subject, data, stored) in rows {
        findings.checked("I14", 1);
        let entry = AuditEntry {
            tenant: (!chain.is_nil()).then(|| TenantId::from_uuid(chain)),
            actor: Actor { user: user.map(UserId::from_uuid), request_id },
            action: action.parse().unwrap(),
            subject,
            at: Timestamp::from_micros(at),
            data: serde_json::from_str(&data).unwrap(),
        };
        let seal = entry.seal(seals.get(&chain).unwrap_or(&Seal::FIRST));
        if seal.as_bytes().as_slice() != stored {
            findings.violated("I14", &format!("{chain}/{seq} is not what was sealed"));
        }
        seals.insert(chain, Seal::from_bytes(stored.try_into().unwrap()));
    }
}

/// I16: every file is there, hashes to its name, and a tree hashes to its snapshot's.
pub(crate) async fn files(connection: &mut Connection, blobs: &Path, findings: &mut Findings) {
    type Row = (Uuid, Vec<u8>, String, Vec<u8>, i64);
    let rows: Vec<Row> = connection
        .rows(
            "SELECT s.id, s.tree, f.path, f.digest, f.bytes
             FROM snapshots s
             JOIN snapshot_files f ON f.tenant_id = s.tenant_id AND f.snapshot_id = s.id
             ORDER BY s.id, f.path",
        )
        .await;
    let mut trees = BTreeMap::<Uuid, (Vec<u8>, blake3::Hasher)>::new();
    let mut read = BTreeSet::new();
    for (snapshot, tree, path, digest, bytes) in rows {
        findings.checked("I16", 1);
        let (_, hasher) = trees.entry(snapshot).or_insert_with(|| (tree, blake3::Hasher::new()));
        hasher.update(&(path.len() as u64).to_le_bytes());
        hasher.update(path.as_bytes());
        hasher.update(&digest);
        let hash = blake3::Hash::from_slice(&digest).unwrap();
        let name = hash.to_hex();
        if read.insert(hash.as_bytes().to_owned()) {
            let file = blobs.join(&name.as_str()[..2]).join(name.as_str());
            match std::fs::read(&file) {
                Ok(found)
                    if blake3::hash(&found) == hash && i64::try_from(found.len()) == Ok(bytes) => {}
                Ok(_) => findings.violated("I16", &format!("{name} is not what it is named after")),
                Err(error) => findings.violated("I16", &format!("{name} of {path}: {error}")),
            }
        }
    }
    for (snapshot, (tree, hasher)) in trees {
        if hasher.finalize().as_bytes().as_slice() != tree {
            findings.violated("I16", &format!("{snapshot} is another tree"));
        }
    }
}
