//! What a server function answers when it cannot do what was asked.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Typed errors that cross the wire; nothing internal is in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AppError {
    /// There is no session, or it has ended.
    #[error("You are signed out. Sign in to go on.")]
    NotSignedIn,
    /// Not for whoever asks.
    #[error("{reason}")]
    NotYou {
        /// A full sentence for the page.
        reason: String,
    },
    /// Not as things stand, whoever asks.
    #[error("{reason}")]
    NotNow {
        /// A full sentence for the page, with what would have to be different.
        reason: String,
    },
    /// It does not exist, or the person may not know that it does.
    #[error("There is no such {what}.")]
    NotFound {
        /// `change`, `run`, `revision`, `environment`.
        what: String,
    },
    /// Somebody else was first.
    #[error("{what}")]
    Conflict {
        /// A full sentence with who did what.
        what: String,
    },
    /// More, or faster, than one person may.
    #[error("{what}")]
    TooMuch {
        /// A full sentence with how long to wait.
        what: String,
        /// In how many seconds it is worth trying again.
        seconds: u32,
    },
    /// One field of a form cannot be taken.
    #[error("{message}")]
    Invalid {
        /// The field's name in the form.
        field: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The database cannot serve now.
    #[error("{why}")]
    Unavailable {
        /// What a heading says of it.
        title: String,
        /// A full sentence with what can be done.
        why: String,
    },
    /// There is no room for it now.
    #[error("{what}")]
    Busy {
        /// A full sentence that says what to do.
        what: String,
    },
    /// A fault of ours.
    #[error("Something went wrong on the server. If you report it, give this id: {id}")]
    Unexpected {
        /// The id under which it was logged.
        id: String,
    },
    /// The request or its answer could not be read, or the network failed.
    #[error("The request did not get through: {message}")]
    Request {
        /// What the transport said.
        message: String,
    },
}

impl AppError {
    /// The HTTP status that goes with it.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotSignedIn => 401,
            Self::NotYou { .. } => 403,
            Self::NotFound { .. } => 404,
            Self::Conflict { .. } | Self::NotNow { .. } => 409,
            Self::TooMuch { .. } => 429,
            Self::Invalid { .. } => 422,
            Self::Unavailable { .. } | Self::Busy { .. } => 503,
            Self::Unexpected { .. } => 500,
            Self::Request { .. } => 400,
        }
    }

    /// Whether asking again in a while may well work.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Busy { .. } | Self::Request { .. })
    }

    /// The message, if it belongs to that field of a form.
    pub fn for_field(&self, name: &str) -> Option<&str> {
        match self {
            Self::Invalid { field, message } if field == name => Some(message),
            _ => None,
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        #[cfg(feature = "ssr")]
        if matches!(
            value,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_)
        ) {
            crate::server_context::arguments_unread();
        }
        Self::Request { message: value.to_string() }
    }
}
