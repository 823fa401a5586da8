//! What is told, in words: the one place for page, mail and webhook.

use serde::{Deserialize, Serialize};

use super::{Audience, ChangeFacts, Happening, Kind, Sooner, Subject};
use crate::review::missing_text;
use crate::sign_in::GUESSES_TOLD;

/// Most characters of a reason or a comment that a sentence quotes.
const QUOTED_MAX: usize = 200;

/// A notice in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// One line, without a full stop: a link in the page, the subject of a mail.
    pub title: String,
    /// A sentence or two.
    pub text: String,
}

/// What is said of it to that audience.
pub fn words(happening: &Happening, audience: Audience) -> Words {
    let Happening { kind, environment, actor, reason, subject, at: _, unattended: _ } = happening;
    let who = &actor.name;
    // Ends a sentence, with the reason where there is one.
    let because =
        reason.as_deref().map(|reason| format!(": “{}”.", shortened(reason))).unwrap_or_else(|| ".".to_owned());
    let (title, text) = match subject {
        Subject::Change(change) => {
            let name = format!("{environment} #{} “{}”", change.id, change.title);
            let (rest, text) = of_change(happening, change, audience, &because);
            (format!("{name} {rest}"), text)
        }
        Subject::Proposal { about, .. } => of_proposal(*kind, environment, who, about, &because),
        Subject::Schedule { name, how } => of_freeze(*how, environment, who, name, &because),
        Subject::Account { .. } => (
            "Somebody fails to sign in as you".to_owned(),
            format!(
                "{GUESSES_TOLD} attempts or more with your e-mail address and a wrong password were made within an hour. If \
                 that was not you, nobody got in by it, and you can sign in from where you did before."
            ),
        ),
        Subject::Nothing => (
            format!("{environment}: a test"),
            format!("{who} tries whether this webhook arrives. Nothing has happened."),
        ),
    };
    Words { title, text: ended(text) }
}

/// The page that says more, from the root of the site.
pub fn path(happening: &Happening) -> String {
    match &happening.subject {
        Subject::Change(change) => match (happening.kind, change.run) {
            (Kind::RunStarted | Kind::RunSucceeded | Kind::RunFailed, Some(run)) => format!("/runs/{run}"),
            (Kind::Commented, _) => format!("/changes/{}#discussion", change.id),
            _ => format!("/changes/{}", change.id),
        },
        Subject::Proposal { .. } => format!("/settings/policy?env={}", happening.environment),
        Subject::Schedule { .. } => format!("/settings/schedule?env={}", happening.environment),
        Subject::Account { .. } | Subject::Nothing => "/settings/notifications".to_owned(),
    }
}

/// What follows the change's name in the title, and the sentence.
fn of_change(happening: &Happening, change: &ChangeFacts, audience: Audience, because: &str) -> (String, String) {
    let Happening { kind, reason, .. } = happening;
    let who = &happening.actor.name;
    let risk = change.risk;
    let missing = missing_text(&change.review.missing(change.now));
    let so_far =
        if missing.is_empty() { "Nothing is missing any more.".to_owned() } else { format!("It has {missing}.") };
    // Strata's own sentences are no quotations.
    let why_lapsed = || reason.clone().unwrap_or_else(|| format!("Its approval does not hold any more. {so_far}"));
    match (*kind, audience) {
        (Kind::Submitted, _) => {
            (format!("waits for your approval ({risk})"), format!("{who} sent it to review. {so_far}"))
        }
        (Kind::Moved, _) => (
            format!("moved after your vote ({risk})"),
            format!("{who} changed it, and your vote is for another plan. {so_far}"),
        ),
        (Kind::Reminder, _) => {
            (format!("still waits for your approval ({risk})"), format!("It still needs votes. {so_far}"))
        }
        (Kind::Escalated, _) => (
            format!("has waited long for votes ({risk})"),
            format!("Those who were asked have not voted. {so_far} Find somebody who can, or look at it yourself."),
        ),
        (Kind::Approved, _) => {
            ("is approved".to_owned(), "It has every vote that it needs, and can be applied.".to_owned())
        }
        (Kind::Lapsed, Audience::Asked) => (format!("waits for your approval again ({risk})"), why_lapsed()),
        (Kind::Lapsed, _) => ("is in review again".to_owned(), why_lapsed()),
        (Kind::CalledOff, _) => (
            "will not start by itself".to_owned(),
            match reason {
                // Strata's own, told by its worker.
                Some(why) => format!("It was to start by itself, and did not. {why}"),
                None => format!("{who} called it off; it stays approved."),
            },
        ),
        (Kind::SentBack, _) => ("was sent back".to_owned(), format!("{who} asks for changes{because}")),
        (Kind::Rejected, _) => ("was rejected".to_owned(), format!("{who} said no{because}")),
        (Kind::Withdrawn, _) => ("was withdrawn".to_owned(), format!("{who} gave it up{because}")),
        (Kind::Commented, _) => {
            let said = change.comment.as_deref().map(|text| format!(": “{}”", shortened(text))).unwrap_or_default();
            ("has a new comment".to_owned(), format!("{who} commented{said}"))
        }
        (Kind::RunStarted, _) => ("is being applied".to_owned(), format!("{who} started its run.")),
        (Kind::RunSucceeded, _) => {
            ("is applied".to_owned(), format!("The run that {who} started has ended; its topology is live."))
        }
        (Kind::RunFailed, _) => {
            let why = reason.as_deref().map(|reason| format!(" {}", shortened(reason))).unwrap_or_default();
            ("failed".to_owned(), format!("The run that {who} started failed; no new topology is live.{why}"))
        }
        (Kind::GlassBroken, _) => (
            format!("was applied without approval ({risk})"),
            format!("{who} did so{because} A lead has to review it before anybody can do that again."),
        ),
        (Kind::GlassReviewed, _) => {
            ("was applied without approval, and is reviewed".to_owned(), format!("{who} reviewed it{because}"))
        }
        (
            Kind::PolicyProposed
            | Kind::PolicyApproved
            | Kind::PolicyRejected
            | Kind::PolicyWithdrawn
            | Kind::ProposalMade
            | Kind::ProposalInForce
            | Kind::ProposalRejected
            | Kind::ProposalWithdrawn
            | Kind::FreezeEnded
            | Kind::AccountGuessed
            | Kind::Test,
            _,
        ) => ("moved".to_owned(), format!("{who} did something about it.")),
    }
}

fn of_proposal(kind: Kind, environment: &str, who: &str, about: &str, because: &str) -> (String, String) {
    match kind {
        Kind::PolicyProposed => (
            format!("{environment}: another approval policy is proposed"),
            format!("{who} proposed it{because} Leads have to approve it or turn it down."),
        ),
        Kind::PolicyApproved => (
            format!("{environment}: another approval policy is in force"),
            format!("{who} gave the last approval that it needed{because}"),
        ),
        Kind::PolicyRejected => {
            (format!("{environment}: the proposed approval policy was turned down"), format!("{who} said no{because}"))
        }
        Kind::PolicyWithdrawn => {
            (format!("{environment}: the proposed approval policy was withdrawn"), format!("{who} gave it up{because}"))
        }
        Kind::ProposalInForce => (
            format!("{environment}: what was proposed is in force"),
            format!("{about}. {who} gave the last approval that it needed{because}"),
        ),
        Kind::ProposalRejected => {
            (format!("{environment}: a proposal was turned down"), format!("{about}. {who} said no{because}"))
        }
        Kind::ProposalWithdrawn => {
            (format!("{environment}: a proposal was withdrawn"), format!("{about}. {who} gave it up{because}"))
        }
        _ => (
            format!("{environment}: something less strict is proposed"),
            format!("{about}. {who} proposed it{because} Leads have to approve it or turn it down."),
        ),
    }
}

fn of_freeze(how: Sooner, environment: &str, who: &str, name: &str, because: &str) -> (String, String) {
    let (title, did) = match how {
        Sooner::Ended => ("was ended early", "ended it"),
        Sooner::Removed => ("was removed", "removed it"),
        Sooner::Moved => ("ends sooner than it did", "gave it other times"),
    };
    let from = if how == Sooner::Moved { "sooner" } else { "now" };
    (
        format!("{environment}: the freeze “{name}” {title}"),
        format!("{who} {did}{because} Approved changes may start {from}."),
    )
}

/// A quotation in a line of a bearable length.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTED_MAX {
        return line;
    }
    let kept: String = line.chars().take(QUOTED_MAX).collect();
    format!("{}…", kept.trim_end())
}

/// With a full stop at its end, also behind a quotation.
fn ended(text: String) -> String {
    if text.ends_with('.') { text } else { text + "." }
}
