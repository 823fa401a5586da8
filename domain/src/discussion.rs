//! What people say to each other about a change, or about one step of its plan.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::account::Person;

/// Longest comment, in characters.
pub const COMMENT_MAX: usize = 4_000;

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

/// The text of a comment without white space around it.
///
/// # Errors
/// Where nothing is left of it, or it is longer than [`COMMENT_MAX`].
pub fn accepted(text: &str) -> Result<String, Refused> {
    // Plain forms send line ends as two characters.
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.contains('\0') {
        return Err(Refused::because("A comment is plain text."));
    }
    match text.chars().count() {
        0 => Err(Refused::because("A comment needs a text.")),
        count if count > COMMENT_MAX => {
            Err(Refused::because(format!("A comment has at most {COMMENT_MAX} characters; this one has {count}.")))
        }
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_something_and_no_novel() {
        assert_eq!(accepted("  why\r\nnow? \n").as_deref(), Ok("why\nnow?"));
        assert!(accepted("a\0b").is_err());
        assert_eq!(accepted(" \n ").map_err(|refused| refused.reason), Err("A comment needs a text.".to_owned()));
        assert!(accepted(&"x".repeat(COMMENT_MAX)).is_ok());
        assert!(accepted(&"x".repeat(COMMENT_MAX + 1)).is_err());
    }
}
