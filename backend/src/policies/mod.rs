//! The approval policy of an environment: who has to approve its changes, version by version. One person proposes another
//! one, and a lead who is not that person approves it.

mod decide;
mod propose;
mod rows;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use strata_domain::account::{Person, Standing};
use strata_domain::authz::Permission;
use strata_domain::policy::{Policy, Rule};

use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;

pub(crate) use crate::catalogues::{version_read, version_stored};
pub use decide::{policy_decide, policy_withdraw};
pub use propose::policy_propose;
pub(crate) use rows::{lifetime_of, lifetime_read, lifetime_since_submission, lifetime_stored, policy_at, policy_now};

/// Everything that the page of the policy shows, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyView {
    /// The environment's slug.
    pub environment: String,
    /// The policy in force.
    pub present: Policy,
    /// The versions after the built-in one, newest first.
    pub versions: Vec<PolicyVersion>,
    /// What waits for a lead, if something does.
    pub open: Option<Proposal>,
    /// The last proposal, where a lead turned it down.
    pub turned_down: Option<TurnedDown>,
    /// Of each named group, and of all leads under [`strata_domain::policy::LEADS`], how many leads are in it.
    pub members: BTreeMap<String, usize>,
    /// What the actor is there.
    pub standing: Standing,
    /// How long approvals hold, in hours.
    pub lifetime_hours: u32,
}

/// A policy that is or was in force, and how it came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// The policy with its version.
    pub policy: Policy,
    /// Who proposed it.
    pub proposed_by: Person,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approved_by: Person,
    /// When that was: from then on it was in force.
    pub approved_at: DateTime<Utc>,
}

/// A proposal that a lead turned down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnedDown {
    /// Who proposed it.
    pub proposed_by: Person,
    /// Why.
    pub reason: String,
    /// Who turned it down.
    pub decided_by: Person,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub decision: String,
}

/// A policy that waits for a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: i64,
    /// The version that it was written against.
    pub based_on: u32,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Who proposed it.
    pub proposed_by: Person,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

/// The policy of an environment as it is now.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(environment))]
pub async fn policy_load(backend: &Backend, actor: &Actor, environment: &str) -> Result<PolicyView, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::Environment(environment)).await?;
    let (id, slug, standing) = {
        let place = read.place();
        (place.id, place.slug.clone(), place.standing.clone())
    };
    let connection = read.connection();
    Ok(PolicyView {
        environment: slug,
        present: policy_now(connection, id).await?,
        versions: rows::versions_of(connection, id).await?,
        open: rows::open_of(connection, id).await?,
        turned_down: rows::turned_down_of(connection, id).await?,
        members: rows::members_of(connection, id).await?,
        standing,
        lifetime_hours: lifetime_of(connection, id).await?.as_hours(),
    })
}
