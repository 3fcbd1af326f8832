//! What SQL alone can prove. Each query names what breaks its invariant: subject and detail.

/// One statement about all rows.
pub(super) struct Check {
    pub(super) invariant: &'static str,
    /// How many subjects there are.
    pub(super) subjects: &'static str,
    /// Those that break it; `$1` is the time now, where it is asked for.
    pub(super) broken: &'static str,
}

/// How long a lease may be over before somebody must have noticed.
macro_rules! overdue {
    () => {
        "interval '60 seconds'"
    };
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I1",
        subjects: "SELECT count(*) FROM credit_accounts",
        broken: "SELECT a.tenant_id::text, 'balance ' || a.balance || ', entries ' || e.total
                 FROM credit_accounts a
                 JOIN (SELECT a.tenant_id, COALESCE(SUM(e.amount), 0) AS total
                       FROM credit_accounts a
                       LEFT JOIN credit_entries e ON e.tenant_id = a.tenant_id
                       GROUP BY a.tenant_id) e ON e.tenant_id = a.tenant_id
                 WHERE a.balance <> e.total",
    },
    Check {
        invariant: "I2",
        subjects: "SELECT count(*) FROM credit_accounts",
        broken: "SELECT a.tenant_id::text, 'held ' || a.held || ', open holds ' || h.total
                 FROM credit_accounts a
                 JOIN (SELECT a.tenant_id,
                              COALESCE(SUM(greatest(h.amount - h.captured, 0)), 0) AS total
                       FROM credit_accounts a
                       LEFT JOIN credit_holds h ON h.tenant_id = a.tenant_id AND h.state = 'open'
                       GROUP BY a.tenant_id) h ON h.tenant_id = a.tenant_id
                 WHERE a.held <> h.total",
    },
    Check {
        invariant: "I3",
        subjects: "SELECT count(*) FROM credit_accounts",
        broken: "SELECT tenant_id::text, 'balance ' || balance || ', held ' || held
                 FROM credit_accounts WHERE balance - held < -overdraft OR held < 0",
    },
    Check {
        invariant: "I4",
        subjects: "SELECT count(*) FROM credit_holds",
        broken: "SELECT id::text, state || ', captured ' || captured || ' of ' || amount
                 FROM credit_holds
                 WHERE (state = 'open') <> (ended_at IS NULL)
                    OR (state = 'open') <> (charged IS NULL)
                    OR (state <> 'open' AND charged > captured)",
    },
    // A hold ends in the commit that ends its build, and only there.
    Check {
        invariant: "I5",
        subjects: "SELECT count(*) FROM builds",
        broken: "SELECT b.id::text, b.state || ' build, ' || COALESCE(h.state, 'no') || ' hold'
                 FROM builds b
                 LEFT JOIN credit_holds h ON h.tenant_id = b.tenant_id AND h.id = b.hold_id
                 WHERE h.id IS NULL OR h.build_id IS DISTINCT FROM b.id
                    OR (b.state IN ('queued', 'building')) <> (h.state = 'open')",
    },
    // What was charged is what the hold's end says, nothing for our failures, and something
    // for a build that runs and cost something.
    Check {
        invariant: "I5",
        subjects: "SELECT count(*) FROM builds",
        broken: "SELECT b.id::text, b.state || ', charged ' || b.captured
                 FROM builds b
                 JOIN credit_holds h ON h.tenant_id = b.tenant_id AND h.id = b.hold_id
                 WHERE (h.state <> 'open' AND b.captured <> h.charged)
                    OR (b.state IN ('queued', 'building', 'expired') AND b.captured <> 0)
                    OR (b.state = 'failed' AND b.captured <> 0 AND b.failure_reason IN
                           ('worker_lost', 'deployment_failed', 'internal_error'))
                    OR (b.state = 'deployed' AND b.cost > 0 AND b.captured = 0)",
    },
    Check {
        invariant: "I6",
        subjects: "SELECT count(*) FROM projects",
        broken: "SELECT project_id::text, count(*) || ' active builds'
                 FROM builds
                 WHERE state IN ('queued', 'building')
                 GROUP BY tenant_id, project_id HAVING count(*) > 1",
    },
    Check {
        invariant: "I7",
        subjects: "SELECT count(*) FROM builds",
        broken: "SELECT b.id::text, 'last_seq ' || b.last_seq || ', events ' || e.events
                        || ' up to ' || COALESCE(e.newest, 0) || ', ' || e.terminal || ' terminal'
                 FROM builds b
                 JOIN (SELECT b.tenant_id, b.id, count(e.seq) AS events, max(e.seq) AS newest,
                              min(e.seq) AS oldest,
                              count(CASE WHEN e.kind IN ('build.completed', 'build.failed',
                                  'build.cancelled', 'build.expired') THEN 1 END) AS terminal,
                              max(CASE WHEN e.kind IN ('build.completed', 'build.failed',
                                  'build.cancelled', 'build.expired') THEN e.seq END) AS ended
                       FROM builds b
                       LEFT JOIN build_events e ON e.tenant_id = b.tenant_id AND e.build_id = b.id
                       GROUP BY b.tenant_id, b.id) e ON e.tenant_id = b.tenant_id AND e.id = b.id
                 WHERE e.events <> b.last_seq OR e.newest IS DISTINCT FROM b.last_seq
                    OR e.oldest IS DISTINCT FROM 1
                    OR e.terminal <> (b.state NOT IN ('queued', 'building'))::int
                    OR (e.terminal = 1 AND e.ended <> b.last_seq)",
    },
    // The state, the last event and the place in the queue tell one story.
    Check {
        invariant: "I8",
        subjects: "SELECT count(*) FROM builds",
        broken: "SELECT b.id::text, b.state || ', last event ' || COALESCE(e.kind, 'none')
                        || ', in the queue ' || COALESCE(q.standing, 'no')
                 FROM builds b
                 LEFT JOIN build_events e
                   ON e.tenant_id = b.tenant_id AND e.build_id = b.id AND e.seq = b.last_seq
                 LEFT JOIN build_queue q ON q.tenant_id = b.tenant_id AND q.build_id = b.id
                 WHERE (b.state = 'deployed' AND e.kind IS DISTINCT FROM 'build.completed')
                    OR (b.state = 'failed' AND e.kind IS DISTINCT FROM 'build.failed')
                    OR (b.state = 'cancelled' AND e.kind IS DISTINCT FROM 'build.cancelled')
                    OR (b.state = 'expired' AND e.kind IS DISTINCT FROM 'build.expired')
                    OR (b.state IN ('queued', 'building')) <> (q.standing IS NOT NULL)
                    OR (b.state = 'building') <> COALESCE(q.standing = 'leased', false)",
    },
    // Every lease begins one attempt, every failure ends one, and no agent works twice.
    Check {
        invariant: "I8",
        subjects: "SELECT count(*) FROM builds",
        broken: r#"SELECT b.id::text, b.attempt || ' attempts, ' || e.begun || ' begun; '
                        || b.failures || ' failures, ' || e.failed || ' told; '
                        || e.worked || ' agents worked, ' || e.agents || ' of them different'
                 FROM builds b
                 JOIN (SELECT tenant_id, build_id,
                              count(*) FILTER (WHERE kind = 'build.started') AS begun,
                              count(*) FILTER (WHERE kind IN ('build.retrying', 'build.failed'))
                                  AS failed,
                              count(*) FILTER (WHERE kind = 'agent.completed') AS worked,
                              count(DISTINCT substring(body FROM
                                  '"agent"\s*:\s*"((?:[^"\\]|\\.)*)"'))
                                  FILTER (WHERE kind = 'agent.completed') AS agents
                       FROM build_events
                       GROUP BY tenant_id, build_id) e
                   ON e.tenant_id = b.tenant_id AND e.build_id = b.id
                 WHERE b.attempt <> e.begun OR b.failures <> e.failed OR e.worked <> e.agents
                    OR e.worked <> (SELECT count(*) FROM build_work w
                                    WHERE w.tenant_id = b.tenant_id AND w.build_id = b.id)"#,
    },
    Check {
        invariant: "I9",
        subjects: "SELECT count(*) FROM build_queue",
        broken: concat!(
            "SELECT build_id::text, 'leased by ' || worker || ', over since ' || due_at
             FROM build_queue WHERE standing = 'leased' AND due_at < $1 - ",
            overdue!()
        ),
    },
    Check {
        invariant: "I14",
        subjects: "SELECT count(*) FROM builds",
        broken: "SELECT b.tenant_id::text, b.made || ' builds, ' || COALESCE(a.made, 0)
                        || ' submissions audited; ' || b.ended || ' ended, '
                        || COALESCE(a.ended, 0) || ' audited'
                 FROM (SELECT tenant_id, count(*) AS made, count(ended_at) AS ended
                       FROM builds GROUP BY tenant_id) b
                 LEFT JOIN (SELECT tenant_id,
                                   count(CASE action WHEN 'build_submitted' THEN 1 END) AS made,
                                   count(CASE action WHEN 'build_ended' THEN 1 END) AS ended
                            FROM audit_log GROUP BY tenant_id) a ON a.tenant_id = b.tenant_id
                 WHERE b.made IS DISTINCT FROM a.made OR b.ended IS DISTINCT FROM a.ended",
    },
    Check {
        invariant: "I16",
        subjects: "SELECT count(*) FROM snapshots",
        broken: "SELECT s.id::text, 'says ' || s.files || ' files, ' || s.bytes || ' bytes; has '
                        || count(f.path) || ' and ' || COALESCE(SUM(f.bytes), 0)
                 FROM snapshots s
                 LEFT JOIN snapshot_files f
                   ON f.tenant_id = s.tenant_id AND f.snapshot_id = s.id
                 GROUP BY s.tenant_id, s.id
                 HAVING count(f.path) <> s.files OR COALESCE(SUM(f.bytes), 0) <> s.bytes",
    },
    // A month's counters are the sums over the builds made and ended in it.
    Check {
        invariant: "I17",
        subjects: "SELECT count(*) FROM tenant_usage",
        broken: "SELECT u.tenant_id::text, 'the month from ' || u.period_start
                 FROM tenant_usage u
                 JOIN (SELECT u.tenant_id, u.period_start,
                              count(CASE WHEN b.created_at >= u.period_start
                                          AND b.created_at < u.period_end THEN 1 END) AS created,
                              count(CASE WHEN b.ended_at >= u.period_start
                                          AND b.ended_at < u.period_end
                                          AND b.state = 'deployed' THEN 1 END) AS completed,
                              count(CASE WHEN b.ended_at >= u.period_start
                                          AND b.ended_at < u.period_end
                                          AND b.state <> 'deployed' THEN 1 END) AS failed,
                              COALESCE(SUM(CASE WHEN b.ended_at >= u.period_start
                                                 AND b.ended_at < u.period_end
                                                THEN b.tokens_in + b.tokens_out END), 0) AS tokens,
                              COALESCE(SUM(CASE WHEN b.ended_at >= u.period_start
                                                 AND b.ended_at < u.period_end
                                                THEN b.cost END), 0) AS cost,
                              COALESCE(SUM(CASE WHEN b.ended_at >= u.period_start
                                                 AND b.ended_at < u.period_end
                                                THEN b.captured END), 0) AS credits
                       FROM tenant_usage u
                       LEFT JOIN builds b ON b.tenant_id = u.tenant_id
                       GROUP BY u.tenant_id, u.period_start) s
                   ON s.tenant_id = u.tenant_id AND s.period_start = u.period_start
                 WHERE u.builds_created <> s.created OR u.builds_completed <> s.completed
                    OR u.builds_failed <> s.failed OR u.tokens <> s.tokens
                    OR u.cost <> s.cost OR u.credits <> s.credits",
    },
    // Somebody decides about every tenant.
    Check {
        invariant: "I18",
        subjects: "SELECT count(*) FROM tenants",
        broken: "SELECT t.id::text, 'no owner among ' || count(m.user_id) || ' members'
                 FROM tenants t LEFT JOIN memberships m ON m.tenant_id = t.id
                 GROUP BY t.id HAVING count(CASE m.role WHEN 'owner' THEN 1 END) = 0",
    },
    // An accepted invitation was accepted by somebody who joined.
    Check {
        invariant: "I18",
        subjects: "SELECT count(*) FROM tenants",
        broken: "SELECT i.tenant_id::text, i.accepted || ' invitations accepted, '
                        || COALESCE(a.joined, 0) || ' people joined'
                 FROM (SELECT tenant_id, count(*) AS accepted FROM invitations
                       WHERE accepted_by IS NOT NULL GROUP BY tenant_id) i
                 LEFT JOIN (SELECT tenant_id, count(*) AS joined FROM audit_log
                            WHERE action = 'member_joined' GROUP BY tenant_id) a
                   ON a.tenant_id = i.tenant_id
                 WHERE i.accepted IS DISTINCT FROM a.joined",
    },
    // No build is in no month.
    Check {
        invariant: "I17",
        subjects: "SELECT count(*) FROM builds",
        broken: "SELECT b.tenant_id::text, b.made || ' builds, ' || COALESCE(u.created, 0)
                        || ' counted; ' || b.ended || ' ended, ' || COALESCE(u.ended, 0)
                        || ' counted'
                 FROM (SELECT tenant_id, count(*) AS made, count(ended_at) AS ended
                       FROM builds GROUP BY tenant_id) b
                 LEFT JOIN (SELECT tenant_id, SUM(builds_created) AS created,
                                   SUM(builds_completed + builds_failed) AS ended
                            FROM tenant_usage GROUP BY tenant_id) u ON u.tenant_id = b.tenant_id
                 WHERE b.made IS DISTINCT FROM u.created OR b.ended IS DISTINCT FROM u.ended",
    },
];
