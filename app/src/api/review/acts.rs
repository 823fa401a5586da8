//! Asks the domain, for each act, what the backend will ask when it is tried.

use strata_backend::changes::ChangeView;
use strata_backend::ctx::Actor;
use strata_domain::Refused;
use strata_domain::authz::{Permission, allow};
use strata_domain::change::{ChangeEvent, ChangeState, may_copy, step};
use strata_domain::findings;
use strata_domain::review::{Verdict, may_break_glass, may_review_break_glass, nothing_blocks_by_default};

use super::Acts;
use crate::api::drafting::edit_refused;

/// Why each act cannot be done by the one who looks, where it cannot.
pub(super) fn acts_of(view: &ChangeView, actor: &Actor, blockers: usize) -> Acts {
    let state = view.change.state;
    let gate = |permission, event: &ChangeEvent| {
        allow(&view.standing, permission).and_then(|()| step(state, event).map(drop)).err().map(reason)
    };
    let voter = match actor {
        Actor::Account(account) => account.id.clone(),
        Actor::Nobody | Actor::Operator => String::new(),
    };
    let may_vote = |verdict| view.review.may_vote(&voter, &view.standing, verdict, view.now).err().map(reason);
    Acts {
        edit: edit_refused(&view.standing, state),
        submit: gate(Permission::SubmitChange, &ChangeEvent::Submit { steps: view.plan.steps.len(), blockers }),
        withdraw: gate(Permission::WithdrawChange, &ChangeEvent::Withdraw),
        approve: may_vote(Verdict::Approve),
        refuse: may_vote(Verdict::SendBack),
        apply: allow(&view.standing, Permission::ApplyChange)
            .and_then(|()| view.review.may_apply(view.now))
            .and_then(|()| view.review.could_be_applied(view.change.base == view.live))
            .err()
            .map(reason),
        call_off: allow(&view.standing, Permission::ApplyChange).err().map(reason),
        break_glass: may_break_glass(&view.standing, state, view.unreviewed.as_ref())
            .and_then(|()| nothing_blocks_by_default(&blockers_by_default(view)))
            .err()
            .map(reason),
        may_break_glass: allow(&view.standing, Permission::BreakGlass).is_ok()
            && state != ChangeState::Draft
            && state.is_open(),
        review_glass: match (&view.glass, actor.person()) {
            (Some(broken), Some(person)) => may_review_break_glass(&view.standing, &person, broken).err().map(reason),
            _ => None,
        },
        copy: allow(&view.standing, Permission::StartChange).and_then(|()| may_copy(state)).err().map(reason),
        rebase: (view.change.base == view.live)
            .then(|| "It builds on the live revision already.".to_owned())
            .or_else(|| allow(&view.standing, Permission::EditChange).err().map(reason))
            .or_else(|| (!state.is_open()).then(|| "Only a change that is open can be moved.".to_owned())),
    }
}

fn blockers_by_default(view: &ChangeView) -> Vec<findings::RuleId> {
    view.desired.blockers_by_default().to_vec()
}

fn reason(refused: Refused) -> String {
    refused.reason
}
