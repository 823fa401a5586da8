//! What a use case can fail with; each variant is one status and one way to show it.

use sqlx::error::DatabaseError;
use strata_domain::Refused;
use strata_domain::text::TextFault;
use uuid::Uuid;

use crate::ids;
use crate::outage::Outage;

/// Why a use case did not happen. Nothing was written when one of these comes back, unless the variant says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in (401).
    #[error("Sign in first.")]
    NotSignedIn,
    /// The policy or the state of the thing says no; the reason is shown (403, 409).
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no such thing, or the actor may not know of it (404).
    #[error("There is no such {what}.")]
    NotFound {
        /// The kind of thing: `environment`, `change`, `run`.
        what: &'static str,
    },
    /// Somebody else was first (409).
    #[error("{what}")]
    Conflict {
        /// A full sentence that says who did what and when.
        what: String,
    },
    /// More, or faster, than one person may (429).
    #[error("{what}")]
    TooMuch {
        /// A full sentence for the page.
        what: String,
        /// In how many seconds it is worth trying again.
        seconds: u32,
    },
    /// One field of the request is wrong (422).
    #[error("{message}")]
    Invalid {
        /// The field's name in the form.
        field: &'static str,
        /// What is wrong with it, as a sentence.
        message: String,
    },
    /// The database cannot serve now (503). Nothing is known about whether the last statement was carried out.
    #[error(transparent)]
    Unavailable(#[from] Outage),
    /// More heavy work waits than is let wait (503); nothing was begun.
    #[error("Strata has more to work out than it can at the moment. Try again in a few seconds.")]
    Busy,
    /// Anything else (500); the log has the rest under that id.
    #[error("Something went wrong; the log has it as {id}.")]
    Unexpected {
        /// The id in the log.
        id: Uuid,
    },
}

impl Error {
    /// A refusal of whoever asks.
    pub(crate) fn not_you(reason: impl Into<String>) -> Self {
        Self::Refused(Refused::not_you(reason))
    }

    /// A refusal as things stand.
    pub(crate) fn not_now(reason: impl Into<String>) -> Self {
        Self::Refused(Refused::not_now(reason))
    }

    /// A wrong field.
    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }

    /// A field whose text is not taken; `field` is its name in the form.
    pub(crate) fn text(field: &'static str, fault: &TextFault) -> Self {
        // Where the fault names what is within the field, the message does too.
        let message = match fault.field == field || fault.field.is_empty() {
            true => fault.problem.as_sentence(),
            false => fault.to_string(),
        };
        Self::Invalid { field, message }
    }

    /// Logs what should not have happened and keeps only the id.
    pub(crate) fn unexpected(what: impl std::fmt::Display) -> Self {
        let id = ids::new_id();
        tracing::error!(error.id = %id, "unexpected: {what}");
        Self::Unexpected { id }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => {
                tracing::warn!("the database does not answer: {error}");
                Self::Unavailable(Outage::Away)
            }
            sqlx::Error::PoolTimedOut => {
                tracing::warn!("no connection to the database in time: it does not answer, or all of ours are in use");
                Self::Unavailable(Outage::Away)
            }
            sqlx::Error::Database(refusal) => {
                from_database(refusal.as_ref()).unwrap_or_else(|| Self::unexpected(&error))
            }
            _ => Self::unexpected(&error),
        }
    }
}

/// The typed error of a refusal by the database; none for what no use case should provoke.
fn from_database(refusal: &dyn DatabaseError) -> Option<Error> {
    let code = refusal.code().unwrap_or_default();
    if let Some(outage) = Outage::of_code(&code) {
        tracing::warn!(code = &*code, "the database cannot serve: {refusal}");
        outage.met();
        return Some(Error::Unavailable(outage));
    }
    // What no text of the database can hold, in a text or in JSON: every field refuses it in its own words, and this is behind
    // them.
    if code == "22021" || code == "22P05" {
        return Some(Error::invalid(
            "text",
            "The character U+0000 (null) is in one of the texts, and no text can have it.",
        ));
    }
    if code == "40001" || code == "40P01" {
        return Some(Error::Conflict {
            what: "Somebody else acted on this at the same moment. Look again before you go on.".to_owned(),
        });
    }
    from_constraint(refusal.constraint()?)
}

/// What a violated constraint means to a person.
fn from_constraint(name: &str) -> Option<Error> {
    Some(match name {
        "accounts_email_key" => Error::invalid("email", "There is an account with this e-mail address already."),
        "accounts_name_given" => Error::invalid("name", "Give a name."),
        "environments_slug_key" => Error::invalid("environment", "There is an environment of this name already."),
        "environments_slug_form" => Error::invalid(
            "environment",
            "An environment's name has 1 to 63 lower-case letters, digits and hyphens and begins with no hyphen.",
        ),
        "changes_title_given" => Error::invalid("title", "Say in a line what the change is for."),
        "group_members_name_given" => Error::invalid("group", "Give the group's name."),
        "votes_not_by_authors" => Error::not_you("You had a part in this change; somebody else has to vote on it."),
        "votes_by_leads" => Error::not_you("You are no lead of this environment any more."),
        "votes_while_open" | "vote_take_backs_while_open" => {
            Error::not_now("The change has moved on meanwhile. Look again before you go on.")
        }
        "votes_approve_once" => Error::not_now("You have approved this plan already."),
        "vote_take_backs_pkey" => Error::not_now("This vote is taken back already."),
        "policy_proposals_one_open" => {
            Error::not_now("Somebody else has just proposed something about it; that has to be decided about first.")
        }
        "policy_proposals_by_another" | "policies_by_another" | "policy_proposal_approvals_by_another" => {
            Error::not_you("You proposed it; other leads have to approve it.")
        }
        "policy_proposal_approvals_pkey" => Error::not_now("You have approved it already; others have to as well."),
        "policy_proposal_approvals_by_leads" => Error::not_you("You are no lead of this environment any more."),
        "policy_proposals_by_enough" => Error::not_now("More leads have to approve it before it is in force."),
        "policies_by_enough" => Error::not_now("More leads have to approve this policy before it is in force."),
        "votes_reason_given" => Error::invalid("reason", "Say why."),
        "runs_one_active" => {
            Error::not_now("Another run of this environment has just begun; apply again when it has ended.")
        }
        "runs_approved_by_another" => {
            Error::not_now("Nobody but its authors approved this plan; somebody else has to approve it.")
        }
        "broken_glass_one_unreviewed" => Error::not_now(
            "Another change has just been applied without approval; a lead has to review that before it is possible again.",
        ),
        "broken_glass_by_another" => {
            Error::not_you("You applied it without approval yourself; another lead has to review that.")
        }
        "broken_glass_not_by_authors" => {
            Error::not_you("You had a part in this change; another lead has to review that it was applied.")
        }
        "schedule_entries_name" => {
            Error::invalid("name", "There is an entry of that name already; choose another one.")
        }
        "runs_change_once" => Error::not_now("This change has its run already."),
        "revisions_number_key" => Error::Conflict {
            what: "Somebody else made a revision of this environment at the same moment. Look again before you go on."
                .to_owned(),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_is_unavailable() {
        let broken = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert_eq!(Error::from(broken), Error::Unavailable(Outage::Away));
        assert_eq!(Error::from(sqlx::Error::PoolTimedOut), Error::Unavailable(Outage::Away));
    }

    #[test]
    fn the_unexpected_shows_its_id_only() {
        let error = Error::from(sqlx::Error::ColumnNotFound("secret".to_owned()));
        assert!(matches!(error, Error::Unexpected { .. }));
        assert!(!error.to_string().contains("secret"));
    }
}
