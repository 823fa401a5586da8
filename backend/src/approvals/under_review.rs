//! A change with all that decides about its approval, loaded.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use strata_domain::account::{AccountId, Standing};
use strata_domain::catalogue::Catalogue;
use strata_domain::change::{Change, ChangeState};
use strata_domain::plan::Plan;
use strata_domain::policy::{self, Policy};
use strata_domain::review::{Lifetime, Missing, Planned, Review, Vote, as_voted};

use super::rows;
use crate::changes::{Approval, Material, Stored, last_decided};
use crate::ctx::Source;
use crate::error::Error;
use crate::policies::{lifetime_of, lifetime_read, lifetime_since_submission, policies_of_change};

/// What an environment asks of its changes.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// The newest policy by which it is judged.
    pub(crate) policy: Policy,
    /// Those before it that were in force since the change was submitted, newest first.
    older: Vec<Policy>,
    /// How long approvals of the change hold at most.
    pub(crate) expires_after: Lifetime,
}

/// The review of a change, and what it was made of.
#[derive(Clone, Debug)]
pub(crate) struct UnderReview {
    /// As it is stored; [`Review::as_of`] says what it is now.
    pub(crate) review: Review,
    pub(crate) plan: Plan,
    pub(crate) terms: Terms,
}

impl Terms {
    /// Those of now, and for what is in review those since it was submitted; for a change that has its run, those of when
    /// it was applied: what is asked later makes nothing of the votes that it was approved with.
    async fn of(connection: &mut PgConnection, environment_id: i64, change: &Change) -> Result<Self, Error> {
        let row = sqlx::query!(
            r#"SELECT r.approval_hours AS "hours?"
               FROM environments e LEFT JOIN runs r ON r.environment_id = e.id AND r.change_id = $2
               WHERE e.id = $1"#,
            environment_id,
            change.id,
        )
        .fetch_one(&mut *connection)
        .await?;
        let mut policies = policies_of_change(connection, environment_id, change.id).await?.into_iter();
        let policy = policies.next().ok_or_else(|| Error::unexpected("no policy is in force"))?;
        let expires_after = match row.hours {
            Some(hours) => lifetime_read(hours)?,
            // A draft that was sent back is submitted anew, under what is in force then.
            None if change.state == ChangeState::Draft => lifetime_of(connection, environment_id).await?,
            None => lifetime_since_submission(connection, environment_id, change.id).await?,
        };
        Ok(Self { policy, older: policies.collect(), expires_after })
    }

    /// The plan of the material, and what is asked for it.
    pub(crate) fn planned(&self, material: &Material) -> (Planned, Plan) {
        let Material { base, desired, .. } = material;
        let (plan, nodes) = (material.plan(), policy::size_of(&base.topology, &desired.topology));
        let blockers = material.blockers();
        (Planned { blockers, ..self.without_blockers(&plan, nodes, &base.catalogue) }, plan)
    }

    fn without_blockers(&self, plan: &Plan, nodes: usize, catalogue: &Catalogue) -> Planned {
        Planned {
            digest: plan.digest,
            risk: plan.risk,
            steps: plan.steps.len(),
            blockers: 0,
            asked: policy::strictest(&self.policy, &self.older, plan, nodes, catalogue),
        }
    }
}

impl UnderReview {
    /// Loads it; of a change that is over, with the plan that was decided on. Whoever is to store what it decides holds the
    /// lock on the change.
    pub(crate) async fn load(
        connection: &mut PgConnection,
        environment_id: i64,
        change: &Change,
        approval: Approval,
        material: &Material,
    ) -> Result<Self, Error> {
        let terms = Terms::of(connection, environment_id, change).await?;
        let decided = if change.state.is_open() { None } else { last_decided(connection, change).await? };
        let (planned, plan) = decided.unwrap_or_else(|| terms.planned(material));
        let review = review_of(connection, environment_id, change, approval, planned, terms.expires_after).await?;
        Ok(Self { review, plan, terms })
    }
}

/// The review of an open change as lists tell it, whose plan is what was stored of it.
///
/// # Errors
/// Where the change cannot be read; one whose plan was not kept yet is planned here, as part of a [`crate::heavy::act`].
pub(super) async fn review_told(source: &mut Source<'_>, stored: Stored) -> Result<(Change, Review), Error> {
    let Stored { change, environment_id, approval, planned, .. } = stored;
    let review = match planned {
        Some(planned) => {
            let connection = &mut *source.connection;
            let expires_after = lifetime_since_submission(connection, environment_id, change.id).await?;
            review_of(connection, environment_id, &change, approval, planned, expires_after).await?
        }
        None => {
            let material = Material::load(source, environment_id, &change).await?;
            UnderReview::load(source.connection, environment_id, &change, approval, &material).await?.review
        }
    };
    Ok((change, review))
}

/// What was missing when a run of the change was asked for, by the policies of the change and the votes that there are: asked of
/// nothing that says it was found to be enough. Voters are what they were when they voted: that each still was when the run
/// began, the database made sure of, and whoever left later takes nothing along.
pub(crate) async fn missing_of_run(
    connection: &mut PgConnection,
    stored: &Stored,
    asked_for_at: DateTime<Utc>,
    (plan, nodes, catalogue): (&Plan, usize, &Catalogue),
) -> Result<Vec<Missing>, Error> {
    let Stored { change, environment_id, approval, .. } = stored;
    let terms = Terms::of(connection, *environment_id, change).await?;
    let planned = terms.without_blockers(plan, nodes, catalogue);
    let review = review_of(connection, *environment_id, change, *approval, planned, terms.expires_after).await?;
    let voters = as_voted(&review.votes);
    Ok(Review { voters, ..review }.missing(asked_for_at))
}

async fn review_of(
    connection: &mut PgConnection,
    environment_id: i64,
    change: &Change,
    approval: Approval,
    plan: Planned,
    expires_after: Lifetime,
) -> Result<Review, Error> {
    let votes = rows::votes_of(connection, change.id).await?;
    Ok(Review {
        state: change.state,
        authors: rows::authors_of(connection, change.id).await?,
        plan,
        round: approval.round,
        voters: voters(connection, environment_id, change, &votes).await?,
        votes,
        approved_at: approval.since,
        expires_after,
    })
}

/// What those who voted are now; of a change that has its run, what they were when it began. Of one that was rejected or
/// withdrawn, nothing is kept, and each vote says what its voter was when they gave it.
async fn voters(
    connection: &mut PgConnection,
    environment_id: i64,
    change: &Change,
    votes: &[Vote],
) -> Result<BTreeMap<AccountId, Standing>, Error> {
    if change.state.is_open() {
        return rows::voters_of(connection, environment_id, change.id).await;
    }
    let kept = sqlx::query_scalar!("SELECT voters FROM runs WHERE change_id = $1", change.id,)
        .fetch_optional(connection)
        .await?;
    let kept = kept.flatten().and_then(|kept| serde_json::from_value(kept).ok());
    Ok(kept.unwrap_or_else(|| as_voted(votes)))
}
