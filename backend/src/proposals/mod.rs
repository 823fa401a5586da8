//! What one person proposes and several others put in force: another approval policy, a rule that matters less, a
//! role that asks for less, a maintenance window that goes or that opens more. [`strata_domain::proposal`] decides; here proposals are stored, and what is put in force
//! is carried out.

mod decide;
mod force;
mod propose;
mod rows;

use strata_domain::proposal::{Demand, Proposal};

pub use decide::{proposal_decide, proposal_withdraw};
pub(crate) use propose::{Making, propose};
pub use propose::{rule_level_propose, window_removal_propose};
pub(crate) use rows::{demands_of, open_of, present_of};

/// A proposal that waits, and what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenProposal {
    /// The proposal with its approvals.
    pub proposal: Proposal,
    /// How many of whom have to approve it.
    pub demands: Vec<Demand>,
}
