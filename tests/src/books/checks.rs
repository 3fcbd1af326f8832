//! The invariants as SQL that SQLite and PostgreSQL both read: what must not be found.
//!
//! PostgreSQL is lent `hex` and `json_extract` for it.

pub(crate) struct Check {
    pub(crate) invariant: &'static str,
    pub(crate) promise: &'static str,
    /// How many rows it looks at.
    pub(crate) subjects: &'static str,
    /// One text for each row that breaks the promise.
    pub(crate) broken: &'static str,
}

/// True at every commit.
pub(crate) const ALWAYS: &[Check] = &[
    Check {
        invariant: "I1",
        promise: "a balance is the sum of its entries",
        subjects: "SELECT COUNT(*) FROM credit_accounts",
        broken: "SELECT hex(a.tenant_id)
                 FROM credit_accounts a
                 LEFT JOIN credit_entries e ON e.tenant_id = a.tenant_id
                 GROUP BY a.tenant_id
                 HAVING a.balance <> COALESCE(SUM(e.amount), 0)
                     OR a.last_entry <> COALESCE(MAX(e.seq), 0)
                     OR a.last_entry <> COUNT(e.seq)",
    },
    Check {
        invariant: "I1",
        promise: "every entry says the balance after it",
        subjects: "SELECT COUNT(*) FROM credit_entries",
        broken: "SELECT hex(tenant_id) || '/' || seq
                 FROM (SELECT tenant_id, seq, balance_after,
                              SUM(amount) OVER (PARTITION BY tenant_id ORDER BY seq) AS sum
                       FROM credit_entries) AS e
                 WHERE sum <> balance_after",
    },
    Check {
        invariant: "I1",
        promise: "what is left of the grants is the balance",
        subjects: "SELECT COUNT(*) FROM credit_grants",
        broken: "SELECT hex(a.tenant_id)
                 FROM credit_accounts a
                 LEFT JOIN credit_grants g ON g.tenant_id = a.tenant_id
                 GROUP BY a.tenant_id
                 HAVING CASE WHEN a.balance > 0 THEN a.balance ELSE 0 END
                     <> COALESCE(SUM(g.remaining), 0)",
    },
    Check {
        invariant: "I2",
        promise: "what is held is the sum of the open holds",
        subjects: "SELECT COUNT(*) FROM credit_holds",
        broken: "SELECT hex(a.tenant_id)
                 FROM credit_accounts a
                 LEFT JOIN credit_holds h ON h.tenant_id = a.tenant_id AND h.state = 'open'
                 GROUP BY a.tenant_id
                 HAVING a.held <> COALESCE(SUM(h.amount - h.captured), 0)",
    },
    Check {
        invariant: "I3",
        promise: "nothing is spent or held that is not there",
        subjects: "SELECT COUNT(*) FROM credit_accounts",
        broken: "SELECT hex(tenant_id) FROM credit_accounts WHERE balance - held < 0",
    },
    Check {
        invariant: "I4",
        promise: "a hold ends once, and never above its amount",
        subjects: "SELECT COUNT(*) FROM credit_holds",
        broken: "SELECT hex(h.id)
                 FROM credit_holds h
                 LEFT JOIN credit_entries e ON e.tenant_id = h.tenant_id AND e.hold_id = h.id
                 GROUP BY h.tenant_id, h.id
                 HAVING h.captured - h.refunded > h.amount
                     OR (h.state = 'open') <> (h.ended_at IS NULL)
                     OR COALESCE(h.charged, 0) <> CASE h.state WHEN 'open' THEN 0
                                                  ELSE h.captured - h.refunded END
                     OR h.captured - h.refunded <> -COALESCE(SUM(e.amount), 0)
                     OR COUNT(*) FILTER (WHERE e.reason = 'capture') > 1",
    },
    Check {
        invariant: "I5",
        promise: "a build has ended exactly if its hold has, for the same charge",
        subjects: "SELECT COUNT(*) FROM builds",
        broken: "SELECT hex(b.id) || ' ' || b.state || ' ' || h.state
                 FROM builds b
                 JOIN credit_holds h ON h.tenant_id = b.tenant_id AND h.id = b.hold_id
                 WHERE (b.ended_at IS NULL) <> (h.state = 'open')
                    OR h.build_id IS DISTINCT FROM b.id
                    OR h.amount <> b.held
                    OR b.captured <> h.captured - h.refunded",
    },
    Check {
        invariant: "I5",
        promise: "every ending costs what the policy says",
        subjects: "SELECT COUNT(*) FROM builds WHERE ended_at IS NOT NULL",
        broken: "SELECT hex(id) || ' ' || state || COALESCE(' ' || failure_reason, '')
                     || ' used ' || cost || ' charged ' || captured
                 FROM builds b
                 WHERE ended_at IS NOT NULL
                   AND captured <> CASE
                       WHEN state = 'expired' OR attempt = 0 THEN 0
                       WHEN failure_reason IN
                            ('worker_lost', 'deployment_failed', 'internal_error') THEN 0
                       -- It waited after a failure.
                       WHEN state = 'cancelled' AND failures > 0
                            AND (SELECT e.kind FROM build_events e
                                 WHERE e.tenant_id = b.tenant_id AND e.build_id = b.id
                                   AND e.seq = b.last_seq - 1)
                                IN ('build.retrying', 'build.handed_back') THEN 0
                       -- Its worker may have been lost before it stopped.
                       WHEN state = 'cancelled' AND cancel_requested AND captured = 0 THEN 0
                       WHEN (cost + 9999) / 10000 < held THEN (cost + 9999) / 10000
                       ELSE held END",
    },
    Check {
        invariant: "I5",
        promise: "nothing that runs was free",
        subjects: "SELECT COUNT(*) FROM builds WHERE state = 'deployed'",
        broken: "SELECT hex(id) FROM builds WHERE state = 'deployed' AND captured = 0",
    },
    Check {
        invariant: "I5",
        promise: "a build's totals are the sums over its agents",
        subjects: "SELECT COUNT(*) FROM build_work",
        broken: "SELECT hex(b.id) || ' ' || b.cost || ' and ' || COALESCE(SUM(w.cost), 0)
                 FROM builds b
                 LEFT JOIN build_work w ON w.tenant_id = b.tenant_id AND w.build_id = b.id
                 GROUP BY b.tenant_id, b.id
                 HAVING b.tokens_in <> COALESCE(SUM(w.tokens_in), 0)
                     OR b.tokens_out <> COALESCE(SUM(w.tokens_out), 0)
                     OR b.cost < COALESCE(SUM(w.cost), 0)
                     OR (b.cost <> COALESCE(SUM(w.cost), 0)
                         AND json_extract(b.request, '$.script') IS NULL)",
    },
    Check {
        invariant: "I6",
        promise: "a project has at most one active build",
        subjects: "SELECT COUNT(*) FROM projects",
        broken: "SELECT hex(project_id) FROM builds
                 WHERE state IN ('queued', 'building')
                 GROUP BY tenant_id, project_id
                 HAVING COUNT(*) > 1",
    },
    Check {
        invariant: "I6",
        promise: "no two builds of a project were ever active at once",
        subjects: "SELECT COUNT(*) FROM builds",
        broken: "SELECT hex(later.id) || ' began before the end of ' || hex(earlier.id)
                 FROM builds earlier
                 JOIN builds later ON later.tenant_id = earlier.tenant_id
                                  AND later.project_id = earlier.project_id
                                  AND later.id <> earlier.id
                 WHERE later.created_at >= earlier.created_at
                   AND (earlier.ended_at IS NULL OR later.created_at < earlier.ended_at)",
    },
    Check {
        invariant: "I7",
        promise: "events are 1 to n",
        subjects: "SELECT COUNT(*) FROM build_events",
        broken: "SELECT hex(b.id)
                 FROM builds b
                 LEFT JOIN build_events e ON e.tenant_id = b.tenant_id AND e.build_id = b.id
                 GROUP BY b.tenant_id, b.id
                 HAVING MIN(e.seq) IS DISTINCT FROM 1
                     OR MAX(e.seq) <> b.last_seq
                     OR COUNT(e.seq) <> b.last_seq",
    },
    Check {
        invariant: "I7",
        promise: "the last event is terminal exactly if the build has ended, and no other is",
        subjects: "SELECT COUNT(*) FROM builds",
        broken: "SELECT hex(b.id) || ' ' || b.state || ' ' || string_agg(e.kind, ',')
                 FROM builds b
                 LEFT JOIN build_events e ON e.tenant_id = b.tenant_id AND e.build_id = b.id
                 AND e.kind IN
                     ('build.completed', 'build.failed', 'build.cancelled', 'build.expired')
                 GROUP BY b.tenant_id, b.id
                 HAVING COUNT(e.seq) <> CASE WHEN b.ended_at IS NULL THEN 0 ELSE 1 END
                     OR MAX(e.seq) <> b.last_seq
                     OR MAX(e.kind) <> CASE b.state WHEN 'deployed' THEN 'build.completed'
                                       ELSE 'build.' || b.state END",
    },
    Check {
        invariant: "I7",
        promise: "an event is the kind that its body says, at or after the one before",
        subjects: "SELECT COUNT(*) FROM build_events",
        broken: "SELECT hex(build_id) || '/' || seq
                 FROM (SELECT build_id, seq, kind, body, at,
                              LAG(at) OVER (PARTITION BY tenant_id, build_id ORDER BY seq) AS was
                       FROM build_events) AS e
                 WHERE json_extract(body, '$.type') <> kind OR at < was",
    },
    Check {
        invariant: "I8",
        promise: "attempts follow one another, each ended before the next",
        subjects: "SELECT COUNT(*) FROM build_events WHERE kind IN
                   ('build.queued', 'build.started', 'build.retrying', 'build.handed_back')",
        broken: "SELECT hex(build_id) || '/' || seq || ' ' || COALESCE(was, '') || ' ' || kind
                 FROM (SELECT build_id, seq, kind,
                              LAG(kind) OVER (PARTITION BY tenant_id, build_id ORDER BY seq)
                                  AS was
                       FROM build_events
                       WHERE kind IN ('build.queued', 'build.started', 'build.retrying',
                                      'build.handed_back', 'build.completed', 'build.failed',
                                      'build.cancelled', 'build.expired')) AS e
                 WHERE NOT CASE kind
                     WHEN 'build.queued' THEN was IS NULL
                     WHEN 'build.started' THEN
                         was IN ('build.queued', 'build.retrying', 'build.handed_back')
                     WHEN 'build.cancelled' THEN was IN ('build.queued', 'build.started',
                         'build.retrying', 'build.handed_back')
                     WHEN 'build.expired' THEN was = 'build.queued'
                     ELSE was = 'build.started' END",
    },
    Check {
        invariant: "I8",
        promise: "every lease is an attempt, every failed attempt a failure",
        subjects: "SELECT COUNT(*) FROM builds",
        broken: "SELECT hex(b.id)
                 FROM builds b
                 JOIN build_events e ON e.tenant_id = b.tenant_id AND e.build_id = b.id
                 GROUP BY b.tenant_id, b.id
                 HAVING b.attempt <> COUNT(*) FILTER (WHERE e.kind = 'build.started')
                     OR b.attempt <> COALESCE(MAX(CAST(json_extract(e.body, '$.attempt') AS BIGINT)), 0)
                     OR b.failures <> COUNT(*) FILTER
                         (WHERE e.kind IN ('build.retrying', 'build.failed'))
                     OR b.failures > 3",
    },
    Check {
        invariant: "I8",
        promise: "no agent's work is done, kept or told twice",
        subjects: "SELECT COUNT(*) FROM build_work",
        broken: "SELECT hex(e.build_id) || ' ' || json_extract(e.body, '$.agent')
                 FROM build_events e
                 WHERE e.kind = 'agent.completed'
                 GROUP BY e.tenant_id, e.build_id, json_extract(e.body, '$.agent')
                 HAVING COUNT(*) > 1
                 UNION ALL
                 SELECT hex(b.id) || ' has work without an event, or an event without work'
                 FROM builds b
                 WHERE (SELECT COUNT(*) FROM build_work w
                        WHERE w.tenant_id = b.tenant_id AND w.build_id = b.id)
                    <> (SELECT COUNT(*) FROM build_events e
                        WHERE e.tenant_id = b.tenant_id AND e.build_id = b.id
                          AND e.kind = 'agent.completed')",
    },
    Check {
        invariant: "I8",
        promise: "no agent begins again once its work is kept",
        subjects: "SELECT COUNT(*) FROM build_events WHERE kind = 'agent.started'",
        broken: "SELECT hex(later.build_id) || '/' || later.seq
                 FROM build_events kept
                 JOIN build_events later ON later.tenant_id = kept.tenant_id
                                        AND later.build_id = kept.build_id
                                        AND later.seq > kept.seq
                 WHERE kept.kind = 'agent.completed'
                   AND later.kind = 'agent.started'
                   AND json_extract(later.body, '$.agent') = json_extract(kept.body, '$.agent')",
    },
    Check {
        invariant: "I8",
        promise: "what runs has the work of every agent, one snapshot and one deployment",
        subjects: "SELECT COUNT(*) FROM builds WHERE state = 'deployed'",
        broken: "SELECT hex(b.id)
                 FROM builds b
                 WHERE b.state = 'deployed'
                   AND ((SELECT COUNT(*) FROM build_work w
                         WHERE w.tenant_id = b.tenant_id AND w.build_id = b.id)
                        <> CAST(json_extract(b.estimate, '$.agents') AS BIGINT)
                     OR (SELECT COUNT(*) FROM snapshots s
                         WHERE s.tenant_id = b.tenant_id AND s.build_id = b.id
                           AND s.id = b.snapshot_id AND s.project_id = b.project_id) <> 1
                     OR (SELECT COUNT(*) FROM deployments d
                         WHERE d.tenant_id = b.tenant_id AND d.build_id = b.id
                           AND d.snapshot_id = b.snapshot_id AND d.url = b.deployment_url) <> 1)",
    },
    Check {
        invariant: "I8",
        promise: "a project serves what its last deployment put there",
        subjects: "SELECT COUNT(*) FROM projects",
        broken: "SELECT hex(p.id)
                 FROM projects p
                 WHERE p.live_snapshot_id IS DISTINCT FROM
                     (SELECT d.snapshot_id FROM deployments d
                      WHERE d.tenant_id = p.tenant_id AND d.project_id = p.id
                      ORDER BY d.created_at DESC, d.id DESC LIMIT 1)",
    },
    Check {
        invariant: "I9",
        promise: "a build stands in the queue exactly as long as it is active",
        subjects: "SELECT COUNT(*) FROM builds",
        broken: "SELECT hex(b.id) || ' ' || b.state || ' ' || COALESCE(q.standing, 'nowhere')
                 FROM builds b
                 LEFT JOIN build_queue q ON q.tenant_id = b.tenant_id AND q.build_id = b.id
                 WHERE CASE b.state
                     WHEN 'building' THEN q.standing IS DISTINCT FROM 'leased'
                     WHEN 'queued' THEN COALESCE(q.standing, 'leased') = 'leased'
                     ELSE q.standing IS NOT NULL END",
    },
    Check {
        invariant: "I14",
        promise: "audit rows are 1 to n in every chain",
        subjects: "SELECT COUNT(*) FROM audit_log",
        broken: "SELECT hex(tenant_id) FROM audit_log
                 GROUP BY tenant_id
                 HAVING MIN(seq) <> 1 OR MAX(seq) <> COUNT(*)",
    },
    Check {
        invariant: "I14",
        promise: "one audit row for every change of its kind",
        subjects: "SELECT COUNT(*) FROM audit_log",
        broken: "SELECT action || ': ' || changes || ' changes, ' ||
                     (SELECT COUNT(*) FROM audit_log a WHERE a.action = c.action) || ' rows'
                 FROM (SELECT 'build_submitted' AS action, COUNT(*) AS changes FROM builds
                       UNION ALL
                       SELECT 'build_ended', COUNT(*) FROM builds WHERE ended_at IS NOT NULL
                       UNION ALL SELECT 'credits_held', COUNT(*) FROM credit_holds
                       WHERE reference IS NOT NULL
                       UNION ALL SELECT 'sign_up', COUNT(*) FROM users
                       UNION ALL SELECT 'tenant_created', COUNT(*) FROM tenants
                       UNION ALL SELECT 'project_created', COUNT(*) FROM projects
                       UNION ALL SELECT 'guest_claimed', COUNT(*) FROM guest_entries
                       WHERE claimed_build_id IS NOT NULL) c
                 WHERE changes <> (SELECT COUNT(*) FROM audit_log a WHERE a.action = c.action)",
    },
    Check {
        invariant: "I16",
        promise: "a snapshot is as large as its files",
        subjects: "SELECT COUNT(*) FROM snapshots",
        broken: "SELECT hex(s.id)
                 FROM snapshots s
                 LEFT JOIN snapshot_files f ON f.tenant_id = s.tenant_id AND f.snapshot_id = s.id
                 GROUP BY s.tenant_id, s.id
                 HAVING s.files <> COUNT(f.path) OR s.bytes <> COALESCE(SUM(f.bytes), 0)",
    },
    Check {
        invariant: "I17",
        promise: "usage is the sum over builds",
        subjects: "SELECT COUNT(*) FROM tenant_usage",
        broken: "SELECT hex(t.id)
                 FROM tenants t
                 WHERE (SELECT COALESCE(SUM(builds_created), 0) || ' ' ||
                               COALESCE(SUM(builds_completed), 0) || ' ' ||
                               COALESCE(SUM(builds_failed), 0) || ' ' ||
                               COALESCE(SUM(tokens), 0) || ' ' ||
                               COALESCE(SUM(cost), 0) || ' ' || COALESCE(SUM(credits), 0)
                        FROM tenant_usage u WHERE u.tenant_id = t.id)
                    <> (SELECT COUNT(*) || ' ' ||
                               COUNT(*) FILTER (WHERE state = 'deployed') || ' ' ||
                               COUNT(*) FILTER (WHERE ended_at IS NOT NULL
                                                  AND state <> 'deployed') || ' ' ||
                               COALESCE(SUM(tokens_in + tokens_out)
                                            FILTER (WHERE ended_at IS NOT NULL), 0) || ' ' ||
                               COALESCE(SUM(cost) FILTER (WHERE ended_at IS NOT NULL), 0)
                               || ' ' || COALESCE(SUM(captured), 0)
                        FROM builds b WHERE b.tenant_id = t.id)",
    },
];

/// True besides, once everything that was begun has ended.
pub(crate) const AT_REST: &[Check] = &[Check {
    invariant: "I9",
    promise: "no lease, no lock and no hold is left behind",
    subjects: "SELECT (SELECT COUNT(*) FROM builds) + (SELECT COUNT(*) FROM credit_holds)",
    broken: "SELECT hex(build_id) || ' ' || standing FROM build_queue
                 UNION ALL
                 SELECT hex(id) || ' ' || state FROM builds WHERE ended_at IS NULL
                 UNION ALL
                 SELECT hex(id) || ' is open' FROM credit_holds WHERE state = 'open'",
}];
