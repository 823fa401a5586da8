//! Nodes as the rows of a table: what a cell says, what typing into it does, and what pasted rows do.
//!
//! One list of columns serves the table of the editor, the CSV export and what comes back from a spreadsheet.

mod column;
mod figure;
mod heading;
mod paste;
mod put;
mod roles;
#[cfg(test)]
mod tests;

pub use column::Column;
pub use paste::{MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Pasted, RowProblem, paste};

use crate::catalogue::Catalogue;
use crate::edit::{Edit, NodeFacts, roles_between};
use crate::text::excerpt;
use crate::topology::{Assignment, Node};
use roles::Bare;

/// A text does not fit its cell; the message is one sentence or more, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CellError {
    /// What was typed and what fits: `"fast" is no number of vCPUs: write a whole number such as 8.`
    pub message: String,
}

impl CellError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// What typing that text into that cell of that node does: no edit where it changes nothing, else mostly one. White
/// space around the text does not count; an empty text makes the value unknown.
///
/// Numbers may have thousands separators and clear units; the platform, the kind of disk, yes and no, and roles may be
/// in any case. Roles are written as in the export, `queue; sql (replication: master)`: what is not there any more is
/// unassigned, and a role without brackets has no settings.
///
/// Errors: the text does not fit the cell. Whether a hostname is taken is told by [`crate::edit::apply`], and whether
/// values make sense by the rules.
pub fn edit_cell(node: &Node, column: Column, text: &str, catalogue: &Catalogue) -> Result<Vec<Edit>, CellError> {
    let mut after = node.clone();
    put::put(&mut after, column, text, catalogue, Bare::HasNoSettings)?;
    Ok(edits_between(node, &after))
}

/// The roles that a text names for a node that has none yet, written as in the table: `queue; sql (replication: master)`.
///
/// Errors: a role that the catalogue does not have, or a setting of the wrong type; the message says what fits.
pub fn roles_of(text: &str, catalogue: &Catalogue) -> Result<Vec<Assignment>, CellError> {
    roles::read(text, &[], catalogue, Bare::HasNoSettings)
}

/// The edits that make the one node the other; ids are not looked at.
fn edits_between(before: &Node, after: &Node) -> Vec<Edit> {
    let mut edits = Vec::new();
    if before.hostname != after.hostname {
        edits.push(Edit::RenameNode { from: before.hostname.clone(), to: after.hostname.clone() });
    }
    if !NodeFacts::same(before, after) {
        edits.push(Edit::UpdateNode { hostname: after.hostname.clone(), facts: NodeFacts::from(after) });
    }
    if before.roles != after.roles {
        roles_between(before, after, &mut edits);
    }
    edits
}

/// A text of somebody in quotes, cut where it is long.
fn shown(text: &str) -> String {
    format!("\"{}\"", cut(text))
}

fn cut(text: &str) -> String {
    excerpt(text, 80)
}

/// Letters and digits alone, in lower case: `Hyper-V`, `hyper_v` and `HYPER V` are one word.
fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Whether two texts are one word; asked of every role for every bracket, so it copies nothing.
fn same_word(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}
