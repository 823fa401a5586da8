//! The revisions of an environment.

use std::cmp::Reverse;
use std::sync::Arc;

use strata_domain::audit::AuditEntry;
use strata_domain::authz::Permission;
use strata_domain::change::Change;
use strata_domain::environment::Revision;
use strata_domain::review::{Vote, VoteStanding};
use strata_domain::run::{Run, RunStep};
use strata_domain::topology::Topology;

use crate::audit::latest;
use crate::changes::change_in;
use crate::ctx::{self, Actor, Backend, Listed, Read, Scope};
use crate::environments::revision_of;
use crate::error::Error;
use crate::heavy;
use crate::runs::run_with_steps;
use crate::stored;

/// One revision and how it came to be, as of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct RevisionView {
    /// The revision.
    pub revision: Revision,
    /// Its topology.
    pub topology: Arc<Topology>,
    /// How it came to be; none for an import.
    pub origin: Option<Origin>,
    /// What was recorded of it, newest first.
    pub audit: Vec<AuditEntry>,
}

/// The change and the run behind a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The change.
    pub change: Change,
    /// The votes that counted when its run was asked for.
    pub votes: Vec<Vote>,
    /// The run.
    pub run: Run,
    /// Its steps with their times.
    pub steps: Vec<RunStep>,
}

/// One revision of an environment (of the first that the actor may view, where none is named), who asked for it, who
/// approved it and what ran.
///
/// # Errors
/// [`Error::NotFound`] for an unknown number, or where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment, %number))]
pub async fn revision_load(
    backend: &Backend,
    actor: &Actor,
    environment: Option<&str>,
    number: i64,
) -> Result<RevisionView, Error> {
    heavy::act(actor, || async {
        let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
        let (revision, topology) = revision_of(&mut read, number).await?;
        let (origin, audit) = match (revision.change, revision.run) {
            (Some(change), Some(run)) => {
                let (origin, audit) = origin_of(&mut read, change, run).await?;
                (Some(origin), audit)
            }
            _ => (None, latest(&mut read, "revision", number).await?),
        };
        Ok(RevisionView { revision, topology, origin, audit })
    })
    .await
}

async fn origin_of(read: &mut Read, change: i64, run: i64) -> Result<(Origin, Vec<AuditEntry>), Error> {
    let view = change_in(read, change).await?;
    let (run, steps) = run_with_steps(read, run).await?;
    let mut audit = view.audit;
    audit.extend(latest(read, "run", run.id).await?);
    audit.sort_by_key(|entry| Reverse(entry.sequence));
    let counted = |vote: &&Vote| view.review.standing_of(vote, run.requested_at) == VoteStanding::Counts;
    let votes = view.review.votes.iter().filter(counted).cloned().collect();
    Ok((Origin { change: view.change, votes, run, steps }, audit))
}

/// Revisions of an environment (of the first that the actor may view, where none is named), newest first: at most `limit`,
/// those with a number under `before`.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn revision_list(
    backend: &Backend,
    actor: &Actor,
    environment: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Listed<Revision>, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
    let (environment_id, slug) = (read.place().id, read.place().slug.clone());
    let rows = sqlx::query!(
        "SELECT number, content_hash, made_at, made_by, made_by_name, change_id, run_id, title, node_count,
                catalogue_version
         FROM revisions WHERE environment_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
        environment_id,
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(read.connection())
    .await?;
    let rows = rows
        .into_iter()
        .map(|row| {
            Ok(Revision {
                environment: slug.clone(),
                number: row.number,
                content_hash: stored::digest(&row.content_hash)?.to_string(),
                made_at: row.made_at,
                made_by: ctx::person(row.made_by, row.made_by_name),
                change: row.change_id,
                run: row.run_id,
                title: row.title,
                node_count: row.node_count,
                catalogue: stored::version(row.catalogue_version)?,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(Listed::of(&read, rows, limit, |revision| revision.number))
}
