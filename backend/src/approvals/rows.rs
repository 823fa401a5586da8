//! Votes and authors as the domain's rules take them.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::postgres::PgConnection;
use strata_domain::account::{AccountId, Standing};
use strata_domain::review::Vote;

use crate::ctx;
use crate::error::Error;
use crate::policies::lifetime_read;
use crate::stored;

/// Every vote ever given on a change, oldest first.
pub(super) async fn votes_of(connection: &mut PgConnection, change: i64) -> Result<Vec<Vote>, Error> {
    let rows = sqlx::query!(
        r#"SELECT v.id, v.round, v.voter_id, v.voter_name, v.groups, v.verdict, v.digest, v.reason, v.at,
                  v.approval_hours, t.at AS "taken_back_at?"
           FROM votes v LEFT JOIN vote_take_backs t ON t.vote_id = v.id
           WHERE v.change_id = $1 ORDER BY v.id"#,
        change,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Vote {
                id: row.id,
                voter: ctx::person(Some(row.voter_id), row.voter_name),
                groups: row.groups.into_iter().collect(),
                digest: stored::digest(&row.digest)?,
                round: row.round,
                verdict: stored::word(&row.verdict)?,
                reason: row.reason,
                at: row.at,
                expires_after: lifetime_read(row.approval_hours)?,
                taken_back_at: row.taken_back_at,
            })
        })
        .collect()
}

/// What those who ever voted on a change are in its environment now; whose account is disabled is nothing there.
pub(super) async fn voters_of(
    connection: &mut PgConnection,
    environment_id: i64,
    change: i64,
) -> Result<BTreeMap<AccountId, Standing>, Error> {
    let rows = sqlx::query!(
        r#"SELECT a.id,
                  ARRAY(SELECT g.capability FROM grants g
                        WHERE g.environment_id = $1 AND g.account_id = a.id) AS "capabilities!",
                  ARRAY(SELECT m.group_name FROM group_members m
                        WHERE m.environment_id = $1 AND m.account_id = a.id) AS "groups!"
           FROM accounts a
           WHERE a.disabled_at IS NULL AND a.id IN (SELECT v.voter_id FROM votes v WHERE v.change_id = $2)"#,
        environment_id,
        change,
    )
    .fetch_all(connection)
    .await?;
    let voters = rows.into_iter().map(|row| (row.id.to_string(), ctx::standing(&row.capabilities, row.groups)));
    Ok(voters.collect())
}

/// Everybody who shaped the change: who wrote an edit of it, in force or not, ever submitted it, or decided in a rebase what
/// becomes of an edit, and who did so in a change that it is a copy of. The database asks the same function.
pub(crate) async fn authors_of(connection: &mut PgConnection, change: i64) -> Result<BTreeSet<AccountId>, Error> {
    let rows = sqlx::query_scalar!(r#"SELECT account AS "account!" FROM shaped($1) AS account"#, change)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|id| id.to_string()).collect())
}
