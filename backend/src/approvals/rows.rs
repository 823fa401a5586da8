//! Votes and authors as the domain's rules take them.

use std::collections::BTreeSet;

use sqlx::postgres::PgConnection;
use strata_domain::account::AccountId;
use strata_domain::review::Vote;

use crate::ctx;
use crate::error::Error;
use crate::history;

/// Every vote ever given on a change, oldest first.
pub(super) async fn votes_of(connection: &mut PgConnection, change: i64) -> Result<Vec<Vote>, Error> {
    let rows = sqlx::query!(
        r#"SELECT v.id, v.round, v.voter_id, v.voter_name, v.groups, v.verdict, v.digest, v.reason, v.at,
                  t.at AS "taken_back_at?"
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
                digest: history::digest(&row.digest)?,
                round: row.round,
                verdict: ctx::stored(&row.verdict)?,
                reason: row.reason,
                at: row.at,
                taken_back_at: row.taken_back_at,
            })
        })
        .collect()
}

/// Everybody who wrote an edit of the change, in force or not, who ever submitted it, or who decided in a rebase what
/// becomes of an edit.
pub(crate) async fn authors_of(connection: &mut PgConnection, change: i64) -> Result<BTreeSet<AccountId>, Error> {
    let rows = sqlx::query_scalar!(
        r#"SELECT author_id AS "account!" FROM change_edits WHERE change_id = $1 AND author_id IS NOT NULL
           UNION
           SELECT submitter_id FROM change_submissions WHERE change_id = $1 AND submitter_id IS NOT NULL
           UNION
           SELECT rebaser_id FROM change_rebases
           WHERE change_id = $1 AND rebaser_id IS NOT NULL AND choices <> '{}'"#,
        change,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|id| id.to_string()).collect())
}
