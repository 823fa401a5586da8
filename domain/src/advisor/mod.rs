//! A first topology from a few figures, with the reason of every choice.
//!
//! [`propose`] follows all advice of the vendor's page: what it proposes breaks no rule whose severity is above
//! advice, by the rules' own severities. It knows no capacities. What one node carries is for the admin to say; the
//! defaults of such figures are placeholders, marked in [`Figures::fields`] and named in the reasons.

mod check;
mod field;
mod figures;
mod ids;
mod place;
mod shares;
mod subnet;
mod why;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use field::{Field, FieldKind};
pub use figures::Figures;

use crate::catalogue::Catalogue;
use crate::findings::{self, Severity};
use crate::topology::{RoleId, Topology};

/// More nodes than this are not proposed.
pub const MAX_NODES: u64 = 10_000;

/// What is wrong with one figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct FigureError {
    /// The figure's name, as in [`Field::name`].
    pub field: String,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl fmt::Display for FigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl FigureError {
    fn of(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

/// A first topology, and why it is as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The topology; its nodes have no ids yet.
    pub topology: Topology,
    /// What was chosen: the roles in the order of the catalogue, then what concerns all nodes.
    pub choices: Vec<Choice>,
    /// Roles of the catalogue that have to be there, but need more than figures to be placed.
    pub left_out: Vec<LeftOut>,
}

/// One choice with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The role, by its name for people, or the matter.
    pub about: String,
    /// What was chosen.
    pub what: String,
    /// Why.
    pub why: String,
}

/// A role that the proposal lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which role.
    pub role: RoleId,
    /// What stands in the way.
    pub why: String,
}

/// A first topology for these figures. The same figures and catalogue always give the same proposal.
///
/// Every role of the catalogue with a minimum gets its instances, also one that an admin added. One that cannot be
/// placed without breaking a rule, because its settings have no defaults for instance, is named in
/// [`Proposal::left_out`]; `role.too-few` is then found of it. The error tells of each figure that does not fit.
pub fn propose(figures: &Figures, catalogue: &Catalogue) -> Result<Proposal, Vec<FigureError>> {
    let inputs = check::inputs(figures, catalogue)?;
    let mut left_out = Vec::new();
    // Each round leaves out a role more, so this ends.
    loop {
        let shares = shares::shares(figures, &inputs, catalogue, &mut left_out)?;
        let topology = place::place(figures, &inputs, &shares)?;
        let misfits = misfits(&topology, catalogue, &left_out);
        if misfits.is_empty() {
            let choices = why::choices(figures, &inputs, &shares, &topology);
            return Ok(Proposal { topology, choices, left_out });
        }
        left_out.extend(misfits);
    }
}

/// The roles that break a rule as they were placed. Figures were checked before, so it is the catalogue that asks for
/// what nobody said. Severities that an environment sets for itself change nothing here.
fn misfits(topology: &Topology, catalogue: &Catalogue, left_out: &[LeftOut]) -> Vec<LeftOut> {
    let mut misfits: Vec<LeftOut> = Vec::new();
    for finding in findings::check(topology, catalogue) {
        let Some(role) = finding.role.filter(|_| finding.rule.default_severity() < Severity::Advice) else { continue };
        if left_out.iter().chain(&misfits).all(|left| left.role != role) {
            misfits.push(LeftOut { role, why: format!("Figures alone do not place it. {}", finding.message) });
        }
    }
    misfits
}
