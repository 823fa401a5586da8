//! What several policies ask together: a change in review is judged by the strictest of those that were in force since it
//! was submitted (requirements, section 5).

use super::{Asked, LEADS, Policy, matching};
use crate::catalogue::Catalogue;
use crate::plan::Plan;

/// What the newest policy asks of a plan, and beside it what older ones ask that it does not; never nothing, and never
/// less than one of them asks alone. `older` has the newest of them first.
///
/// What an older policy asks is left out where as many of the same people are asked for already, and says its version
/// where it is not.
pub fn strictest(newest: &Policy, older: &[Policy], plan: &Plan, nodes: usize, catalogue: &Catalogue) -> Vec<Asked> {
    let mut asked = matching(newest, plan, nodes, catalogue);
    for policy in older {
        for one in matching(policy, plan, nodes, catalogue) {
            if asked.iter().any(|known| covers(known, &one)) {
                continue;
            }
            asked.retain(|known| known.older.is_none() || !covers(&one, known));
            asked.push(Asked { older: Some(policy.version), ..one });
        }
    }
    asked
}

/// Whether whoever meets the one meets the other: who is of a named group is a lead as well.
fn covers(one: &Asked, other: &Asked) -> bool {
    (one.group == other.group || other.group == LEADS) && one.quorum >= other.quorum
}
