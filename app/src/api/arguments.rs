//! Which argument of a server function could not be read, and why.
//!
//! The library that reads arguments knows no names when it fails. So the server keeps what was sent, and only when a
//! function could not read it, it is read once more here by a reader that keeps track of where it is.

use leptos::server_fn::codec::{GetUrl, Json, PostUrl};
use leptos::server_fn::{Http, ServerFn};
use serde::de::DeserializeOwned;

use super::{
    advisor, apply, catalogue, changes, draft_page, drafting, editing, history, import, inbox, notices, policy,
    proposals, record, review, role_map, runs, schedule, session, webhooks, what_if,
};

/// The header of an answer whose function could not read its arguments; it never leaves the server.
pub const UNREAD: &str = "x-strata-arguments-unread";

/// How the arguments of a function are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// In the query of the address.
    Query,
    /// As a form.
    Form,
    /// As JSON.
    Json,
    /// As a form with a file in it.
    Multipart,
}

/// What is wrong with the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The argument, or the path to what is wrong in it.
    pub field: String,
    /// A sentence.
    pub message: String,
}

/// A server function, as far as its arguments are concerned.
#[derive(Debug)]
pub struct Function {
    path: &'static str,
    sent: Sent,
    fault: fn(&[u8]) -> Option<Fault>,
}

/// The function at that path.
pub fn function(path: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.path == path)
}

impl Function {
    /// How its arguments are sent.
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// What is wrong with these arguments; none where they can be read.
    pub fn fault(&self, arguments: &[u8]) -> Option<Fault> {
        (self.fault)(arguments)
    }
}

/// Every server function. One that is missing here is found by the test that calls each with wrong arguments.
const FUNCTIONS: &[Function] = &[
    of::<advisor::AdvisorLoad>(),
    of::<advisor::AdvisorStart>(),
    of::<apply::ApplyCallOff>(),
    of::<apply::ChangeApply>(),
    of::<apply::ChangeBreakGlass>(),
    of::<apply::GlassReview>(),
    of::<catalogue::CatalogueLoad>(),
    of::<catalogue::RoleRemove>(),
    of::<catalogue::RoleSave>(),
    of::<catalogue::RuleLevelSet>(),
    of::<changes::ChangeCopy>(),
    of::<changes::ChangeList>(),
    of::<changes::ChangeRebase>(),
    of::<changes::ChangeStart>(),
    of::<changes::ChangeSubmit>(),
    of::<changes::ChangeWithdraw>(),
    of::<draft_page::DraftPageLoad>(),
    of::<drafting::DraftAppend>(),
    of::<drafting::DraftRebase>(),
    of::<drafting::DraftTail>(),
    of::<editing::ChangeEdit>(),
    of::<editing::DraftLoad>(),
    of::<history::AuditList>(),
    of::<history::RevisionList>(),
    of::<history::RevisionLoad>(),
    Function { path: import::TopologyImport::PATH, sent: Sent::Multipart, fault: |_| None },
    of::<inbox::InboxLoad>(),
    of::<notices::ChoicesLoad>(),
    of::<notices::ChoicesSave>(),
    of::<notices::NoticeList>(),
    of::<notices::NoticeRead>(),
    of::<notices::NoticeUnread>(),
    of::<policy::PolicyLoad>(),
    of::<policy::PolicyPropose>(),
    of::<policy::PolicyTest>(),
    of::<proposals::ProposalDecide>(),
    of::<proposals::ProposalWithdraw>(),
    of::<proposals::RuleLevelPropose>(),
    of::<proposals::WindowRemovalPropose>(),
    of::<record::RecordLoad>(),
    of::<review::ChangeLoad>(),
    of::<review::ChangeVote>(),
    of::<review::CommentAdd>(),
    of::<review::VoteDifference>(),
    of::<review::VoteTakeBack>(),
    of::<role_map::RoleMapLoad>(),
    of::<runs::RunConfirmStep>(),
    of::<runs::RunList>(),
    of::<runs::RunLoad>(),
    of::<schedule::ApprovalLifetimeSet>(),
    of::<schedule::FreezeEnd>(),
    of::<schedule::ScheduleEntryLoad>(),
    of::<schedule::ScheduleEntryRemove>(),
    of::<schedule::ScheduleEntrySave>(),
    of::<schedule::ScheduleLoad>(),
    of::<session::SessionLoad>(),
    of::<session::SignIn>(),
    of::<session::SignOut>(),
    of::<session::SignOutEverywhere>(),
    of::<webhooks::DeliveryResend>(),
    of::<webhooks::PatienceSet>(),
    of::<webhooks::WebhookAdd>(),
    of::<webhooks::WebhookRemove>(),
    of::<webhooks::WebhookTest>(),
    of::<webhooks::WebhooksLoad>(),
    of::<what_if::WhatIfLoad>(),
];

const fn of<T: ServerFn + DeserializeOwned>() -> Function
where
    T::Protocol: Encoded,
{
    Function { path: T::PATH, sent: <T::Protocol as Encoded>::SENT, fault: <T::Protocol as Encoded>::fault::<T> }
}

/// What the library's ways of sending arguments are here.
trait Encoded {
    const SENT: Sent;

    fn fault<T: DeserializeOwned>(arguments: &[u8]) -> Option<Fault>;
}

impl<Output> Encoded for Http<GetUrl, Output> {
    const SENT: Sent = Sent::Query;

    fn fault<T: DeserializeOwned>(arguments: &[u8]) -> Option<Fault> {
        in_form::<T>(arguments)
    }
}

impl<Output> Encoded for Http<PostUrl, Output> {
    const SENT: Sent = Sent::Form;

    fn fault<T: DeserializeOwned>(arguments: &[u8]) -> Option<Fault> {
        in_form::<T>(arguments)
    }
}

impl<Output> Encoded for Http<Json, Output> {
    const SENT: Sent = Sent::Json;

    fn fault<T: DeserializeOwned>(arguments: &[u8]) -> Option<Fault> {
        let mut reader = serde_json::Deserializer::from_slice(arguments);
        let read = serde_path_to_error::deserialize::<_, T>(&mut reader);
        read.err().map(|error| Fault::at(&error.path().to_string(), &error.inner().to_string()))
    }
}

/// As the library reads it: five levels deep, and not strict about how brackets are written.
fn in_form<T: DeserializeOwned>(arguments: &[u8]) -> Option<Fault> {
    let config = serde_qs::Config::new(5, false);
    match serde_qs::Deserializer::with_config(&config, arguments) {
        Err(error) => Some(Fault::at(".", &error.to_string())),
        Ok(reader) => {
            let read = serde_path_to_error::deserialize::<_, T>(reader);
            read.err().map(|error| Fault::at(&error.path().to_string(), &error.inner().to_string()))
        }
    }
}

impl Fault {
    /// Where nothing more can be said.
    pub fn of_all() -> Self {
        Self { field: "arguments".to_owned(), message: "The arguments cannot be read.".to_owned() }
    }

    fn at(path: &str, reason: &str) -> Self {
        let parent = if path == "." { "" } else { path };
        if let Some(missing) = reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            let field = if parent.is_empty() { missing.to_owned() } else { format!("{parent}.{missing}") };
            return Self { message: format!("“{field}” is missing."), field };
        }
        let field = if parent.is_empty() { "arguments" } else { parent };
        Self { field: field.to_owned(), message: format!("“{field}” cannot be read: {reason}.") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(path: &str, arguments: &str) -> Option<(String, String)> {
        function(path).unwrap().fault(arguments.as_bytes()).map(|fault| (fault.field, fault.message))
    }

    #[test]
    fn the_argument_is_named() {
        assert_eq!(fault("/api/change_submit", "id=1&version=2"), None);
        assert_eq!(fault("/api/change_submit", "id=1").unwrap().0, "version");
        assert_eq!(fault("/api/change_submit", "id=x&version=2").unwrap().0, "id");
        assert_eq!(fault("/api/change_edit", "id=1&version=1&form[kind][of]=nonsense").unwrap().0, "form.kind");
        let batch = r#"{"id":1,"after":0,"batch":{"key":"k","label":"l","edits":[{"kind":"add-group"}]}}"#;
        let (field, message) = fault("/api/draft_append", batch).unwrap();
        assert!(field.starts_with("batch.edits[0]"), "{field}: {message}");
        assert_eq!(fault("/api/draft_append", "no JSON").unwrap().0, "arguments");
    }
}
