//! What one person proposes and several others put in force.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use strata_domain::account::Person;
use strata_domain::proposal::Proposed;

use super::review::ShownTally;
use crate::error::AppError;

/// A proposal that waits, as the page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenProposal {
    /// Its id.
    pub id: i64,
    /// What is proposed.
    pub proposed: Proposed,
    /// The version of the policy that it was proposed under.
    pub based_on: u32,
    /// Why.
    pub reason: String,
    /// Who wants it.
    pub proposed_by: Person,
    /// Since when.
    pub at: DateTime<Utc>,
    /// What is odd about the rules of a policy: a group that nobody is in, say.
    pub warnings: Vec<String>,
    /// Who approved it so far, and when, oldest first.
    pub approvals: Vec<(String, DateTime<Utc>)>,
    /// How many of whom have to approve it, how many have, and who could.
    pub asked: Vec<ShownTally>,
    /// Why the one who looks cannot approve it, if they cannot.
    pub approve_refused: Option<String>,
    /// Why they cannot turn it down, if they cannot.
    pub turn_down_refused: Option<String>,
    /// Whether it is theirs to withdraw.
    pub can_be_withdrawn: bool,
}

/// A proposal for the page of that environment.
#[cfg(feature = "ssr")]
pub(super) fn shown(
    open: &strata_backend::proposals::OpenProposal,
    view: &strata_backend::policies::PolicyView,
    me: &strata_domain::account::AccountId,
    catalogue: &strata_domain::catalogue::Catalogue,
) -> OpenProposal {
    use strata_domain::policy::{Policy, accept};
    use strata_domain::review::Missing;

    let strata_backend::proposals::OpenProposal { proposal, demands } = open;
    let warnings = match &proposal.proposed {
        Proposed::Policy { rules } => {
            let policy = Policy { version: proposal.based_on + 1, rules: rules.clone() };
            accept(&policy, catalogue, &view.members)
                .unwrap_or_else(|faults| faults.into_iter().map(|fault| fault.message).collect())
        }
        Proposed::RuleLevel { .. }
        | Proposed::WindowRemoval { .. }
        | Proposed::WindowOpening { .. }
        | Proposed::LooserRole { .. } => Vec::new(),
    };
    let asked = demands.iter().map(|demand| {
        let have = proposal.approvers(&demand.group, &view.leads).len();
        let (rule, group, quorum) = (demand.rule.clone(), demand.group.clone(), demand.quorum);
        let missing = Missing { rule: rule.clone(), group: group.clone(), have, quorum };
        let could = proposal.could_give(&missing, &view.leads).filter(|_| have < quorum);
        let could = could.map(|lead| lead.person.name.clone()).collect();
        let because = "no rule since it was proposed asks for more of them".to_owned();
        ShownTally { rule, group, have, quorum, because, could }
    });
    OpenProposal {
        id: proposal.id,
        based_on: proposal.based_on,
        proposed: proposal.proposed.clone(),
        reason: proposal.reason.clone(),
        proposed_by: proposal.proposed_by.clone(),
        at: proposal.proposed_at,
        warnings,
        approvals: proposal.approvals.iter().map(|approval| (approval.by.name.clone(), approval.at)).collect(),
        asked: asked.collect(),
        approve_refused: proposal
            .may_approve(&view.standing, me, &view.held_against)
            .err()
            .map(|refused| refused.reason),
        turn_down_refused: proposal.may_turn_down(&view.standing, me).err().map(|refused| refused.reason),
        can_be_withdrawn: proposal.proposed_by.id.as_ref() == Some(me),
    }
}

/// Approves what is proposed, or turns it down; with the last approval needed it is in force.
#[server(prefix = "/api", endpoint = "proposal_decide")]
pub async fn proposal_decide(
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
    answer(
        strata_backend::proposals::proposal_decide(&backend, &actor, &environment, proposal, approve, reason).await,
    )?;
    leptos_axum::redirect(&crate::paths::policy(&environment));
    Ok(())
}

/// Gives a proposal of one's own up.
#[server(prefix = "/api", endpoint = "proposal_withdraw")]
pub async fn proposal_withdraw(environment: String, proposal: i64) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    answer(strata_backend::proposals::proposal_withdraw(&backend(), &actor(), &environment, proposal).await)?;
    leptos_axum::redirect(&crate::paths::policy(&environment));
    Ok(())
}

/// Proposes that a rule matters less than now.
#[server(prefix = "/api", endpoint = "rule_level_propose")]
pub async fn rule_level_propose(
    environment: String,
    rule: String,
    level: String,
    reason: String,
) -> Result<(), AppError> {
    use strata_domain::catalogue::Level;

    use super::catalogue::rule_typed;
    use super::typed::invalid;
    use crate::server_context::{actor, answer, backend, fail};

    let rule = rule_typed(&rule).map_err(fail)?;
    let level: Level = level.parse().map_err(|error| fail(invalid("level", format!("{error}."))))?;
    let (backend, actor) = (backend(), actor());
    answer(strata_backend::proposals::rule_level_propose(&backend, &actor, &environment, rule, level, &reason).await)?;
    leptos_axum::redirect(&crate::paths::policy(&environment));
    Ok(())
}

/// Proposes that a maintenance window goes, as it was seen in `version`.
#[server(prefix = "/api", endpoint = "window_removal_propose")]
pub async fn window_removal_propose(
    environment: String,
    id: i64,
    version: i64,
    reason: String,
) -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    answer(
        strata_backend::proposals::window_removal_propose(&backend, &actor, &environment, id, version, &reason).await,
    )?;
    leptos_axum::redirect(&crate::paths::policy(&environment));
    Ok(())
}
