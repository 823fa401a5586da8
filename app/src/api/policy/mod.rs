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
    /// The proposal that waits for a lead, if one does.
    pub open: Option<OpenProposal>,
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
    /// Who approved it.
    pub approved_by: Person,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
    /// What it asked.
    pub rules: Vec<Rule>,
}

/// A proposal that a lead turned down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedDown {
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

/// Rules that somebody wants in place of those in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenProposal {
    /// Its id.
    pub id: i64,
    /// The rules, with the version that they would have.
    pub policy: Policy,
    /// Why.
    pub reason: String,
    /// Who wants them.
    pub proposed_by: Person,
    /// Since when.
    pub at: DateTime<Utc>,
    /// What is odd about the rules: a group that nobody is in, say.
    pub warnings: Vec<String>,
    /// Why the one who looks cannot decide, if they cannot.
    pub decide_refused: Option<String>,
    /// Why they cannot withdraw it, if they cannot.
    pub withdraw_refused: Option<String>,
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
    use strata_backend::ctx::{Actor, Scope};
    use strata_domain::authz::{Permission, allow};
    use strata_domain::policy::{accept, may_approve};

    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    let environment = super::environment_or_first(environment).await?;
    let view = answer(strata_backend::policies::policy_load(&backend, &actor, &environment).await)?;
    let scope = Scope::Environment(&environment);
    let own = answer(strata_backend::catalogues::own_load(&backend, &actor, scope, None).await)?;
    let me = match &actor {
        Actor::Account(account) => account.id.clone(),
        Actor::Nobody | Actor::Operator => String::new(),
    };
    let refused = |permission| allow(&view.standing, permission).err().map(|refused| refused.reason);
    let catalogue = own.catalogue();
    let open = view.open.map(|proposal| {
        let proposer = proposal.proposed_by.id.clone().unwrap_or_default();
        let decide = may_approve(&view.standing, &me, &proposer, proposal.based_on, view.present.version);
        let not_mine = "Only who proposed it can withdraw it.".to_owned();
        let policy = Policy { version: proposal.based_on + 1, rules: proposal.rules };
        let warnings = accept(&policy, &catalogue, &view.members)
            .unwrap_or_else(|faults| faults.into_iter().map(|fault| fault.message).collect());
        OpenProposal {
            id: proposal.id,
            policy,
            warnings,
            reason: proposal.reason,
            decide_refused: decide.err().map(|refused| refused.reason),
            withdraw_refused: (proposer != me).then_some(not_mine),
            proposed_by: proposal.proposed_by,
            at: proposal.proposed_at,
        }
    });
    let versions = view.versions.into_iter().map(|version| PolicyVersion {
        version: version.policy.version,
        proposed_by: version.proposed_by,
        approved_by: version.approved_by,
        at: version.approved_at,
        reason: version.reason,
        rules: version.policy.rules,
    });
    let turned_down = view.turned_down.map(|refusal| TurnedDown {
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
        environment,
        own,
    })
}

/// What the rules in force, and those that are proposed, ask of a change.
#[server(prefix = "/api", endpoint = "policy_test", input = GetUrl)]
pub async fn policy_test(environment: Option<String>, change: i64) -> Result<PolicyAnswers, AppError> {
    use strata_domain::policy::{answers, size_of};

    use crate::server_context::{actor, answer, backend, fail};

    let (backend, actor) = (backend(), actor());
    let environment = super::environment_or_first(environment).await?;
    let view = answer(strata_backend::policies::policy_load(&backend, &actor, &environment).await)?;
    let change = answer(strata_backend::changes::change_load(&backend, &actor, change).await)?;
    if change.change.environment != environment {
        return Err(fail(AppError::NotFound { what: "change of that number in this environment".to_owned() }));
    }
    let catalogue = change.own.catalogue();
    let nodes = size_of(&change.base, &change.desired);
    let of = |policy: &Policy| answers(policy, &change.plan, nodes, &catalogue);
    Ok(PolicyAnswers {
        present: of(&view.present),
        proposed: view.open.map(|open| of(&Policy { version: open.based_on + 1, rules: open.rules })),
        risk: change.plan.risk,
        change: change.change.id,
        title: change.change.title,
    })
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

/// Puts proposed rules in force, or turns them down.
#[server(prefix = "/api", endpoint = "policy_decide")]
pub async fn policy_decide(
    environment: String,
    proposal: i64,
    verdict: String,
    reason: Option<String>,
) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend, fail};

    let approve = match verdict.as_str() {
        "approve" => true,
        "reject" => false,
        other => {
            let message = format!("{other:?} is not one of the choices.");
            return Err(fail(AppError::Invalid { field: "verdict".to_owned(), message }));
        }
    };
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    let (backend, actor) = (backend(), actor());
    answer(strata_backend::policies::policy_decide(&backend, &actor, &environment, proposal, approve, reason).await)?;
    leptos_axum::redirect(&crate::paths::policy(&environment));
    Ok(())
}

/// Gives a proposal of one's own up.
#[server(prefix = "/api", endpoint = "policy_withdraw")]
pub async fn policy_withdraw(environment: String, proposal: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::policies::policy_withdraw(&backend(), &actor(), &environment, proposal).await)?;
    leptos_axum::redirect(&crate::paths::policy(&environment));
    Ok(())
}
