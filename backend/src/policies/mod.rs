//! The approval policy of an environment: who has to approve its changes, version by version. One person proposes another
//! one, and as many others as the strictest rule asks for put it in force ([`crate::proposals`]).

mod propose;
mod rows;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use strata_domain::account::{Lead, Person, Standing};
use strata_domain::authz::Permission;
use strata_domain::catalogue::Own;
use strata_domain::plan::Risk;
use strata_domain::policy::{Answer, Policy, answers, size_of};
use strata_domain::proposal::{Present, Proposed};

use crate::approvals::leads_of;
use crate::catalogues::own_now;
use crate::changes::change_in;
use crate::ctx::{Actor, Backend, Read, Scope};
use crate::error::Error;
use crate::heavy;
use crate::proposals::{OpenProposal, demands_of, open_of, present_of};

pub use propose::policy_propose;
pub(crate) use rows::{
    lifetime_of, lifetime_read, lifetime_since_submission, lifetime_stored, policies_of_change, policies_since,
    policy_now,
};

/// Everything that the page of the policy shows, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyView {
    /// The environment's slug.
    pub environment: String,
    /// The policy in force.
    pub present: Policy,
    /// The versions after the built-in one, newest first.
    pub versions: Vec<PolicyVersion>,
    /// What waits for leads, the policy or something else, oldest first.
    pub open: Vec<OpenProposal>,
    /// What is in force, as far as proposals are held against it.
    pub held_against: Present,
    /// The last proposal, where a lead turned it down.
    pub turned_down: Option<TurnedDown>,
    /// The leads who can sign in, by name.
    pub leads: Vec<Lead>,
    /// Of each named group, and of all leads under [`strata_domain::policy::LEADS`], how many leads are in it.
    pub members: BTreeMap<String, usize>,
    /// What the actor is there.
    pub standing: Standing,
    /// How long approvals hold, in hours.
    pub lifetime_hours: u32,
    /// What the environment adds to the built-in catalogue now.
    pub own: Own,
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
    /// Who approved it, oldest first.
    pub approved_by: Vec<Person>,
    /// When the last of them did: from then on it was in force.
    pub approved_at: DateTime<Utc>,
}

/// A proposal that a lead turned down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnedDown {
    /// What was proposed.
    pub proposed: Proposed,
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

/// What the rules in force, and those that are proposed, ask of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyAnswers {
    /// The change's title.
    pub title: String,
    /// How dangerous its plan is.
    pub risk: Risk,
    /// What each rule in force says to it.
    pub present: Vec<Answer>,
    /// What each proposed rule says to it, where a policy is proposed.
    pub proposed: Option<Vec<Answer>>,
}

/// The policy of an environment (of the first that the actor may view, where none is named) as it is now.
///
/// # Errors
/// [`Error::NotFound`] where the actor may not view the environment.
#[tracing::instrument(skip_all, fields(?environment))]
pub async fn policy_load(backend: &Backend, actor: &Actor, environment: Option<&str>) -> Result<PolicyView, Error> {
    let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
    let (id, slug, standing) = {
        let place = read.place();
        (place.id, place.slug.clone(), place.standing.clone())
    };
    let open = open_in(&mut read).await?;
    let connection = read.connection();
    Ok(PolicyView {
        environment: slug,
        present: policy_now(connection, id).await?,
        versions: rows::versions_of(connection, id).await?,
        open,
        held_against: present_of(connection, id).await?,
        leads: leads_of(connection, id).await?,
        turned_down: rows::turned_down_of(connection, id).await?,
        members: rows::members_of(connection, id).await?,
        standing,
        lifetime_hours: lifetime_of(connection, id).await?.as_hours(),
        own: own_now(connection, id).await?,
    })
}

/// What waits for leads in the environment of a read, oldest first.
pub(crate) async fn open_in(read: &mut Read) -> Result<Vec<OpenProposal>, Error> {
    let id = read.place().id;
    let mut open = Vec::new();
    for proposal in open_of(read.connection(), id).await? {
        let demands = demands_of(read.connection(), id, &proposal).await?;
        open.push(OpenProposal { proposal, demands });
    }
    Ok(open)
}

/// What the rules in force in an environment, and those that are proposed, ask of a change in it.
///
/// # Errors
/// [`Error::NotFound`] where there is no such change in the environment, or the actor may not view it.
#[tracing::instrument(skip_all, fields(?environment, %change))]
pub async fn policy_test(
    backend: &Backend,
    actor: &Actor,
    environment: Option<&str>,
    change: i64,
) -> Result<PolicyAnswers, Error> {
    heavy::act(actor, || async {
        let mut read = backend.authorise_read(actor, Permission::ViewEnvironment, Scope::asked(environment)).await?;
        let id = read.place().id;
        let present = policy_now(read.connection(), id).await?;
        let proposed = open_in(&mut read).await?.into_iter().find_map(|open| match open.proposal.proposed {
            Proposed::Policy { rules } => Some(Policy { version: open.proposal.based_on + 1, rules }),
            _ => None,
        });
        let view = change_in(&mut read, change).await?;
        let nodes = size_of(&view.base.topology, &view.desired.topology);
        let of = |policy: &Policy| answers(policy, &view.plan, nodes, &view.base.catalogue);
        Ok(PolicyAnswers {
            present: of(&present),
            proposed: proposed.as_ref().map(of),
            risk: view.plan.risk,
            title: view.change.title,
        })
    })
    .await
}
