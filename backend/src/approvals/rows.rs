//! Votes and authors as the domain's rules take them.

use std::collections::BTreeSet;

use sqlx::postgres::PgConnection;
use strata_domain::account::AccountId;
use strata_domain::approval::{self, Vote};
use strata_domain::plan::Plan;

use crate::changes::{Locked, Material};
use crate::ctx;
use crate::error::Error;
use crate::history;

/// The votes on a change, oldest first.
pub(crate) struct Votes {
    /// Of the present round of review.
    pub(crate) present: Vec<Vote>,
    /// From before it was last sent back.
    pub(crate) earlier: Vec<Vote>,
}

/// All votes on a change.
pub(crate) async fn votes_of(connection: &mut PgConnection, change: i64, round: i64) -> Result<Votes, Error> {
    let rows = sqlx::query!(
        "SELECT round, voter_id, voter_name, is_expert, verdict, digest, reason, at
         FROM votes WHERE change_id = $1 ORDER BY id",
        change,
    )
    .fetch_all(connection)
    .await?;
    let mut votes = Votes { present: Vec::new(), earlier: Vec::new() };
    for row in rows {
        let vote = Vote {
            voter: ctx::person(Some(row.voter_id), row.voter_name),
            is_expert: row.is_expert,
            digest: history::digest(&row.digest)?,
            verdict: ctx::stored(&row.verdict)?,
            reason: row.reason,
            at: row.at,
        };
        if row.round == round { votes.present.push(vote) } else { votes.earlier.push(vote) }
    }
    Ok(votes)
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

/// Whether the votes of the present round meet every requirement for exactly this plan.
pub(crate) async fn quorum_met(
    connection: &mut PgConnection,
    locked: &Locked,
    material: &Material,
    plan: &Plan,
) -> Result<bool, Error> {
    let votes = votes_of(connection, locked.change.id, locked.round).await?;
    let authors = authors_of(connection, locked.change.id).await?;
    let requirements = approval::requirements(plan.risk, material.desired.nodes.len());
    let tallies = approval::tally(&requirements, &votes.present, plan.digest, &authors);
    Ok(tallies.iter().all(approval::Tally::met))
}
