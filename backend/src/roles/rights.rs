//! What the application's role may do with each table: the reviewed list, and the only one.
//!
//! A table that is not here is closed to the application. `backend/tests/it/roles.rs` tries every verb on every table.

/// Which rows of a table may be altered, and in which columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alters {
    /// None.
    Nothing,
    /// These columns.
    Only(&'static [&'static str]),
    /// All columns but these: they say what the row is about, or who made it.
    AllBut(&'static [&'static str]),
}

/// What may be done with a table; it may always be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) adds: bool,
    pub(super) alters: Alters,
    pub(super) removes: bool,
}

/// Words that migrations add.
const WORDS: Rights = Rights { adds: false, alters: Alters::Nothing, removes: false };
/// What the owner's triggers write, and nobody else.
const KEPT: Rights = WORDS;
/// What happened: added, and never altered or removed.
const EVIDENCE: Rights = Rights { adds: true, alters: Alters::Nothing, removes: false };
/// What comes and goes, and proves nothing.
const PASSING: Rights = Rights { adds: true, alters: Alters::AllBut(&[]), removes: true };

/// Altered in these columns alone, and never removed.
const fn only(columns: &'static [&'static str]) -> Rights {
    Rights { adds: true, alters: Alters::Only(columns), removes: false }
}

/// Altered in all columns but these, and never removed.
const fn all_but(columns: &'static [&'static str]) -> Rights {
    Rights { adds: true, alters: Alters::AllBut(columns), removes: false }
}

/// Every table, by what it is for.
pub(super) const TABLES: &[(&str, Rights)] = &[
    // Evidence.
    ("audit_log", EVIDENCE),
    ("catalogues", EVIDENCE),
    ("change_comments", EVIDENCE),
    ("change_edits", EVIDENCE),
    ("change_rebases", EVIDENCE),
    ("change_submissions", EVIDENCE),
    ("decided_plans", EVIDENCE),
    ("decisions", EVIDENCE),
    ("freeze_endings", EVIDENCE),
    ("policies", EVIDENCE),
    ("policy_proposal_approvals", EVIDENCE),
    ("revisions", EVIDENCE),
    ("run_log", EVIDENCE),
    ("vote_take_backs", EVIDENCE),
    ("votes", EVIDENCE),
    ("audited_actions", WORDS),
    // What triggers keep of what is altered elsewhere.
    ("approval_lifetimes", KEPT),
    ("rule_level_history", KEPT),
    ("rule_defaults", WORDS),
    ("_sqlx_migrations", WORDS),
    // Evidence that ends once; triggers hold that what has ended is not altered any more.
    ("broken_glass", only(&["reviewed_by", "reviewed_by_name", "reviewed_at", "conclusion"])),
    ("policy_proposals", only(&["state", "decider_id", "decider_name", "decided_at", "decision"])),
    ("runs", only(&["state", "started_at", "finished_at", "revision"])),
    ("run_steps", only(&["state", "attempts", "lease_owner", "lease_until", "started_at", "finished_at", "outcome"])),
    ("run_log_counters", only(&["lines"])),
    // What people work on.
    ("accounts", all_but(&["id", "created_at"])),
    (
        "changes",
        all_but(&["id", "environment_id", "title", "created_by", "created_by_name", "created_at", "copied_from"]),
    ),
    ("environments", all_but(&["id", "slug", "created_at"])),
    ("grants", Rights { adds: true, alters: Alters::Nothing, removes: true }),
    ("group_members", Rights { adds: true, alters: Alters::Nothing, removes: true }),
    ("rule_levels", Rights { adds: true, alters: Alters::Only(&["level"]), removes: true }),
    ("schedule_entries", all_but(&["id", "environment_id"])),
    ("webhooks", all_but(&["id", "environment_id", "created_by", "created_by_name", "created_at"])),
    // What is sent and told, and removed when it is old.
    ("deliveries", PASSING),
    ("delivery_attempts", PASSING),
    ("known_devices", PASSING),
    ("mail_heartbeat", PASSING),
    ("notice_choices", PASSING),
    ("notices", PASSING),
    ("outbox", PASSING),
    ("paces", PASSING),
    ("sessions", PASSING),
    ("sign_in_failures", PASSING),
    ("write_probe", only(&["at"])),
];
