//! A policy is changed as topologies are: one person proposes, a lead approves.

use crate::Refused;
use crate::account::{AccountId, Standing};
use crate::authz::{self, Permission};

/// Whether this person may approve, or turn down, a policy that `proposer` proposed. `based_on` is the version that the
/// proposal was written against, `present` the one in force.
///
/// # Errors
/// For all but leads, for the proposer, and where another policy came into force since: approving would undo it unseen.
pub fn may_approve(
    standing: &Standing,
    approver: &AccountId,
    proposer: &AccountId,
    based_on: u32,
    present: u32,
) -> Result<(), Refused> {
    authz::allow(standing, Permission::ApprovePolicy)?;
    if approver == proposer {
        return Err(Refused::because("You proposed this policy; another lead has to approve it."));
    }
    if based_on != present {
        return Err(Refused::because(format!(
            "It was proposed against version {based_on} of the policy, and version {present} is in force; it has to be \
             proposed again."
        )));
    }
    Ok(())
}
