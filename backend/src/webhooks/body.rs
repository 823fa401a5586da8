//! What a webhook is sent.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use strata_domain::change::ChangeState;
use strata_domain::notice::{Audience, Happening, Kind, Subject, path, words};
use strata_domain::plan::Risk;

/// The body, one shape for all types: what does not apply is left out.
#[derive(Debug, Serialize)]
struct Body<'a> {
    /// The kind of thing that happened: `change.submitted`, `run.failed`, …
    #[serde(rename = "type")]
    kind: Kind,
    /// When it happened, in UTC.
    timestamp: String,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    /// The environment's name.
    environment: &'a str,
    /// The change's number, title, state and risk as they are when it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<ChangeState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<Risk>,
    /// The run's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<i64>,
    /// The name of who did it; `Strata` where only time passed.
    actor: &'a str,
    /// Why, in their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    /// The same in a sentence, to be shown as it is.
    summary: String,
    /// The page that says more, from the root of the site.
    url: String,
}

/// The body of a call. Its `url` is a path: who sends it knows the address of the site, and who writes it need not.
pub(crate) fn body(happening: &Happening) -> Value {
    let Happening { kind, environment, actor, at, reason, unattended: _, subject } = happening;
    let change = match subject {
        Subject::Change(change) => Some(change),
        Subject::Proposal { .. } | Subject::Schedule { .. } | Subject::Account { .. } | Subject::Nothing => None,
    };
    json!(Body {
        kind: *kind,
        timestamp: written(*at),
        data: Data {
            environment,
            change: change.map(|change| change.id),
            title: change.map(|change| change.title.as_str()),
            state: change.map(|change| change.state()),
            risk: change.map(|change| change.risk),
            run: change.and_then(|change| change.run),
            actor: &actor.name,
            reason: reason.as_deref(),
            comment: change.and_then(|change| change.comment.as_deref()),
            summary: words(happening, Audience::Concerned).title,
            url: path(happening),
        },
    })
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
