//! What people say to each other about a change, or about one step of its plan.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Person;

/// Something that somebody said. It is never altered; who was wrong says so in another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Unique over all changes.
    pub id: i64,
    /// The step that it is about, by its id; none for the change as a whole. A plan that moved may have it no more.
    pub step: Option<String>,
    /// Who.
    pub author: Person,
    /// When.
    pub at: DateTime<Utc>,
    /// What, as plain text with line breaks.
    pub text: String,
}
