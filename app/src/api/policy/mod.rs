//! Who has to approve what in an environment, and changing that.

mod form;

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::account::Person;
use strata_domain::catalogue::Own;
use strata_domain::plan::Risk;
use strata_domain::policy::{Answer, Policy, Rule};

pub use form::{RuleForm, RuleForms, rules_of};

use super::proposals::OpenProposal;
use crate::error::AppError;

/// Everything that the page `/settings/policy` shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyPageView {
    /// The environment's slug.
    pub environment: String,
    /// The rules in force.
    pub present: Policy,
    /// Hours that approvals hold.
    pub lifetime_hours: u32,
    /// Policies so far, newest first; none where the built-in one was never changed.
    pub versions: Vec<PolicyVersion>,
    /// What waits for leads, another policy or something else that is put in force like one, oldest first.
    pub open: Vec<OpenProposal>,
    /// The last proposal, where it was turned down.
    pub turned_down: Option<TurnedDown>,
    /// Groups with the number of leads in each.
    pub groups: Vec<(String, usize)>,
    /// Why nothing can be proposed, if nothing can.
    pub propose_refused: Option<String>,
    /// What the environment adds to the built-in catalogue.
    pub own: Own,
}

/// A policy that was approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Its number.
    pub version: u32,
    /// Who proposed it.
    pub proposed_by: Person,
    /// Who approved it, oldest first.
    pub approved_by: Vec<Person>,
    /// When the last of them did.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// What it asked.
    pub rules: Vec<Rule>,
}

/// A proposal that a lead turned down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedDown {
    /// What was proposed, in words.
    pub about: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// Why.
    pub reason: String,
    /// Who turned it down.
    pub decided_by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub decision: String,
}

/// What the rules ask of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyAnswers {
    /// The change.
    pub change: i64,
    /// Its title.
    pub title: String,
    /// Its risk.
    pub risk: Risk,
    /// What each rule in force says to it.
    pub present: Vec<Answer>,
    /// What each proposed rule says to it.
    pub proposed: Option<Vec<Answer>>,
}

/// The policy of an environment.
#[server(prefix = "/api", endpoint = "policy_load", input = GetUrl)]
pub async fn policy_load(environment: Option<String>) -> Result<PolicyPageView, AppError> {
    use strata_backend::ctx::Actor;
    use strata_domain::authz::{Permission, allow};

    use super::proposals::shown;
    use crate::server_context::{actor, answer, backend};

    let actor = actor();
    let view = answer(strata_backend::policies::policy_load(&backend(), &actor, environment.as_deref()).await)?;
    let me = match &actor {
        Actor::Account(account) => account.id.clone(),
        Actor::Nobody | Actor::Operator => String::new(),
    };
    let refused = |permission| allow(&view.standing, permission).err().map(|refused| refused.reason);
    let open = view.open.iter().map(|open| shown(open, &view, &me, &view.own.catalogue())).collect();
    let versions = view.versions.into_iter().map(|version| PolicyVersion {
        version: version.policy.version,
        proposed_by: version.proposed_by,
        approved_by: version.approved_by,
        at: version.approved_at,
        reason: version.reason,
        rules: version.policy.rules,
    });
    let turned_down = view.turned_down.map(|refusal| TurnedDown {
        about: refusal.proposed.describe(),
        proposed_by: refusal.proposed_by.name,
        reason: refusal.reason,
        decided_by: refusal.decided_by.name,
        at: refusal.at,
        decision: refusal.decision,
    });
    Ok(PolicyPageView {
        versions: versions.collect(),
        lifetime_hours: view.lifetime_hours,
        open,
        turned_down,
        groups: view.members.into_iter().collect(),
        propose_refused: refused(Permission::ProposePolicy),
        present: view.present,
        environment: view.environment,
        own: view.own,
    })
}

/// What the rules in force, and those that are proposed, ask of a change.
#[server(prefix = "/api", endpoint = "policy_test", input = GetUrl)]
pub async fn policy_test(environment: Option<String>, change: i64) -> Result<PolicyAnswers, AppError> {
    use crate::server_context::{actor, answer, backend};

    let tested = strata_backend::policies::policy_test(&backend(), &actor(), environment.as_deref(), change).await;
    let strata_backend::policies::PolicyAnswers { title, risk, present, proposed } = answer(tested)?;
    Ok(PolicyAnswers { change, title, risk, present, proposed })
}

/// Proposes other rules; `based_on` is the version that the person saw.
#[server(prefix = "/api", endpoint = "policy_propose")]
pub async fn policy_propose(
    environment: String,
    based_on: u32,
    reason: String,
    #[server(default)] rules: RuleForms,
) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend, fail};

    let rules = rules_of(rules).map_err(fail)?;
    let (backend, actor) = (backend(), actor());
    answer(strata_backend::policies::policy_propose(&backend, &actor, &environment, based_on, rules, &reason).await)?;
    leptos_axum::redirect(&crate::paths::policy(&environment));
    Ok(())
}
