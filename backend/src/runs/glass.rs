//! Applying without approval when there is no time, and the review of that afterwards.

use sqlx::postgres::PgConnection;
use strata_domain::act::{Act, Broken, ChangeAct};
use strata_domain::authz::Permission;
use strata_domain::digest::Digest;
use strata_domain::review::{Breaking, BrokenGlass, GlassReview, may_review_break_glass, missing_text};
use strata_domain::text;

use super::ready::{How, Ready};
use crate::approvals::authors_of;
use crate::changes::accepted_reason;
use crate::ctx::{self, Actor, Backend, Scope};
use crate::error::Error;
use crate::heavy;
use crate::stored;

/// Applies a change without the votes that are asked for, and whatever the schedule says; gives the run's id. `seen` is
/// the digest of the plan that the person saw. Everybody in the environment is told.
///
/// # Errors
/// [`Error::Refused`] for all but admins, for drafts and ended changes, where a blocker is left or a rule is broken that is
/// one by default, where the plan is another one on the live revision, for a reason that says too little, while another run is under way, and while what was applied
/// in this way before waits for its review. Repeated by the same person, it gives the same run.
#[tracing::instrument(skip_all, fields(%id))]
pub async fn change_break_glass(
    backend: &Backend,
    actor: &Actor,
    id: i64,
    seen: Digest,
    reason: &str,
) -> Result<i64, Error> {
    heavy::act(actor, || break_glass(backend, actor, id, seen, reason)).await
}

async fn break_glass(backend: &Backend, actor: &Actor, id: i64, seen: Digest, reason: &str) -> Result<i64, Error> {
    let write = backend.authorise_write(actor, Permission::BreakGlass, Scope::Change(id)).await?;
    let mut ready = Ready::take(write, id).await?;
    if let Some(run) = ready.run_of_asker().await? {
        return Ok(run);
    }
    let reason = accepted_reason(Some(reason))?.unwrap_or_default();
    let now = ready.now();
    let (standing, person) = (ready.write.place()?.standing.clone(), ready.write.person().clone());
    let unreviewed = unreviewed_of(ready.write.connection(), ready.environment_id).await?;
    let under = ready.review().await?;
    ready.refuse_beside_another().await?;
    let on_live = ready.on_live(under.terms).await?;
    let (planned, plan) = on_live.planned();
    let blocking = on_live.blockers_by_default().await?;
    let act =
        Breaking { standing: &standing, seen, reason: &reason, unreviewed: unreviewed.as_ref(), blocking: &blocking };
    let review = under.review.break_glass(act, planned, now)?;
    let broken_by = ready.write.account_id()?;
    let written = sqlx::query!(
        "INSERT INTO broken_glass (change_id, environment_id, digest, broken_by, broken_by_name, reason, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        ready.environment_id,
        &plan.digest.0,
        broken_by,
        person.name,
        reason,
        now,
    )
    .execute(ready.write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let missing = missing_text(&under.review.as_of(now).missing(now));
    let broken = Some(Broken { reason, risk: plan.risk, missing });
    ready.start(&on_live, &review, &plan, How { waited_since: None, broken }).await
}

/// Says that a lead looked at what was applied without approval, and what they found; the next one is possible then.
/// Repeated by the same person, it is met already.
///
/// # Errors
/// [`Error::Refused`] for all but leads, for who applied it or shaped it, and where another lead reviewed it; [`Error::Invalid`] for
/// `conclusion` where nothing is said; [`Error::NotFound`] where the change was not applied in that way.
#[tracing::instrument(skip_all, fields(%id))]
pub async fn glass_review(backend: &Backend, actor: &Actor, id: i64, conclusion: &str) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::ReviewBreakGlass, Scope::Change(id)).await?;
    // The second of two leads waits here, and then sees the first one's review.
    sqlx::query!("SELECT change_id FROM broken_glass WHERE change_id = $1 FOR NO KEY UPDATE", id)
        .fetch_optional(write.connection())
        .await?;
    let broken = glass_of(write.connection(), id)
        .await?
        .ok_or(Error::NotFound { what: "change that was applied without approval" })?;
    if broken.reviewed.as_ref().is_some_and(|review| review.by == *write.person()) {
        return Ok(());
    }
    let standing = write.place()?.standing.clone();
    may_review_break_glass(&standing, write.person(), &broken)?;
    let conclusion = text::long_or_none("conclusion", Some(conclusion))
        .map_err(|fault| Error::text("conclusion", &fault))?
        .ok_or_else(|| Error::invalid("conclusion", "Say what you found; it is kept with the change."))?;
    // The clock may have been set back since.
    let at = write.at().max(broken.at);
    let (reviewer, name) = (write.account_id()?, write.person().name.clone());
    let written = sqlx::query!(
        "UPDATE broken_glass SET reviewed_by = $2, reviewed_by_name = $3, reviewed_at = $4, conclusion = $5
         WHERE change_id = $1 AND reviewed_at IS NULL",
        id,
        reviewer,
        name,
        at,
        conclusion,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    let did = ChangeAct::GlassReviewed { conclusion, broken_by: broken.by.name };
    write.commit(Act::Change { change: id, did }).await
}

/// What was applied without approval in the environment and waits for its review.
pub(crate) async fn unreviewed_of(
    connection: &mut PgConnection,
    environment_id: i64,
) -> Result<Option<BrokenGlass>, Error> {
    let change = sqlx::query_scalar!(
        "SELECT change_id FROM broken_glass WHERE environment_id = $1 AND reviewed_at IS NULL",
        environment_id,
    )
    .fetch_optional(&mut *connection)
    .await?;
    match change {
        Some(change) => glass_of(connection, change).await,
        None => Ok(None),
    }
}

/// How a change was applied without approval, if it was.
pub(crate) async fn glass_of(connection: &mut PgConnection, change: i64) -> Result<Option<BrokenGlass>, Error> {
    let row = sqlx::query!(
        "SELECT broken_by, broken_by_name, reason, at, reviewed_by, reviewed_by_name, reviewed_at, conclusion
         FROM broken_glass WHERE change_id = $1",
        change,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let authors = authors_of(connection, change).await?;
    // The database's check says that the four go together.
    let reviewed = match (row.reviewed_by_name, row.reviewed_at, row.conclusion) {
        (Some(name), Some(at), Some(conclusion)) => {
            Some(GlassReview { by: ctx::person(row.reviewed_by, name), at, conclusion })
        }
        _ => None,
    };
    let by = ctx::person(row.broken_by, row.broken_by_name);
    Ok(Some(BrokenGlass { change, by, at: row.at, reason: row.reason, authors, reviewed }))
}
