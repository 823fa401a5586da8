//! How fast one person may do what others are told of, so that nobody's voice drowns the rest.

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::AuditAction;
use crate::notice::Kind;
use crate::words::words;

/// So many at once, and then one in each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How many follow each other without a pause, after a rest.
    pub at_once: u32,
    /// Seconds between two when that is used up.
    pub every_seconds: u32,
}

/// What has a pace of its own, counted for each person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paced {
    /// What people say: each comment is told to everyone who takes part.
    Talk,
    /// Calls and mails that somebody has made to try them, or sent again.
    Sending,
    /// Whatever else people or webhooks are told of.
    Telling,
}

words!(Paced, "kind of pace" {
    Talk => "talk",
    Sending => "sending",
    Telling => "telling",
});

/// What an act counts as, by itself.
enum Counted {
    /// As that, whomever it tells.
    As(Paced),
    /// As what it tells; as nothing where it tells nobody.
    AsTold,
    /// As nothing, whatever it tells.
    Never,
}

impl Paced {
    /// What an audited act counts as that tells people `told`; none for what has no pace.
    pub fn of(action: AuditAction, told: &[Kind]) -> Option<Self> {
        match Counted::of(action) {
            Counted::As(paced) => Some(paced),
            Counted::AsTold => told.iter().find_map(|kind| Self::telling(*kind)),
            Counted::Never => None,
        }
    }

    /// What one that tells people this counts as.
    pub const fn telling(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Commented => Some(Self::Talk),
            Kind::Test => Some(Self::Sending),
            Kind::Submitted
            | Kind::Approved
            | Kind::Lapsed
            | Kind::CalledOff
            | Kind::SentBack
            | Kind::Rejected
            | Kind::Withdrawn
            | Kind::PolicyProposed
            | Kind::PolicyApproved
            | Kind::PolicyRejected
            | Kind::PolicyWithdrawn
            | Kind::ProposalMade
            | Kind::ProposalInForce
            | Kind::ProposalRejected
            | Kind::ProposalWithdrawn
            | Kind::FreezeEnded
            | Kind::GlassReviewed => Some(Self::Telling),
            // Typing has no pace: that a plan moved is told once, however often it moves, until somebody looks again.
            Kind::Moved
            // A change runs once for each time that it was submitted, which has a pace.
            | Kind::RunStarted
            | Kind::RunSucceeded
            | Kind::RunFailed
            // There is no time then.
            | Kind::GlassBroken
            // Nobody does them: time does, and who fails to sign in has to wait for that.
            | Kind::Reminder
            | Kind::Escalated
            | Kind::AccountGuessed => None,
        }
    }

    /// How fast.
    pub const fn pace(self) -> Pace {
        match self {
            Self::Talk => Pace { at_once: 10, every_seconds: 6 },
            Self::Sending => Pace { at_once: 20, every_seconds: 15 },
            Self::Telling => Pace { at_once: 100, every_seconds: 3 },
        }
    }
}

impl Counted {
    const fn of(action: AuditAction) -> Self {
        match action {
            AuditAction::CommentAdded => Self::As(Paced::Talk),
            AuditAction::DeliveryResent => Self::As(Paced::Sending),
            // Also where they tell nobody yet: others come after them.
            AuditAction::ChangeApproved | AuditAction::VoteTakenBack | AuditAction::ApplyAsked => {
                Self::As(Paced::Telling)
            }
            // Breaking glass must never have a pace, nor what takes power away from somebody: there is no time then.
            AuditAction::GlassBroken | AuditAction::AccountRevoked | AuditAction::AccountDisabled => Self::Never,
            // No wildcard: whoever adds an audited act says here how fast it may be done.
            AuditAction::AccountAdded
            | AuditAction::AccountGranted
            | AuditAction::AccountEnabled
            | AuditAction::SignedIn
            | AuditAction::SignInFailed
            | AuditAction::SignedOut
            | AuditAction::SignedOutEverywhere
            | AuditAction::EnvironmentCreated
            | AuditAction::TopologyImported
            | AuditAction::ChangeStarted
            | AuditAction::ChangeEdited
            | AuditAction::ChangeRebased
            | AuditAction::ChangeSubmitted
            | AuditAction::ChangeSentBack
            | AuditAction::ChangeRejected
            | AuditAction::ChangeWithdrawn
            | AuditAction::RunStarted
            | AuditAction::StepConfirmed
            | AuditAction::RunSucceeded
            | AuditAction::RunFailed
            | AuditAction::RoleSaved
            | AuditAction::RoleRemoved
            | AuditAction::RuleLevelSet
            | AuditAction::ApprovalLapsed
            | AuditAction::PolicyProposed
            | AuditAction::PolicyApproved
            | AuditAction::PolicyRejected
            | AuditAction::PolicyWithdrawn
            | AuditAction::ProposalMade
            | AuditAction::ProposalBacked
            | AuditAction::ProposalInForce
            | AuditAction::ProposalRejected
            | AuditAction::ProposalWithdrawn
            | AuditAction::ScheduleEntryAdded
            | AuditAction::ScheduleEntryChanged
            | AuditAction::ScheduleEntryRemoved
            | AuditAction::FreezeEnded
            | AuditAction::ApprovalLifetimeSet
            | AuditAction::ApplyCalledOff
            | AuditAction::GlassReviewed
            | AuditAction::WebhookAdded
            | AuditAction::WebhookRemoved
            | AuditAction::PatienceSet => Self::AsTold,
        }
    }
}

/// Somebody was too fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFast {
    /// Until the next one is taken.
    pub seconds: u32,
}

impl std::fmt::Display for TooFast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seconds } = self;
        let unit = if *seconds == 1 { "second" } else { "seconds" };
        write!(f, "You were very fast, and others are told each time. Wait {seconds} {unit}, then try again.")
    }
}

impl std::error::Error for TooFast {}

impl Pace {
    /// Takes one more: `due` is when those so far would be through if they were spread out evenly, none for the first; gives
    /// the same with this one.
    ///
    /// # Errors
    /// [`TooFast`] where as many as may follow each other have done so.
    pub fn take(self, due: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<DateTime<Utc>, TooFast> {
        let seconds = |count: u32| TimeDelta::seconds(i64::from(count) * i64::from(self.every_seconds));
        // Nothing that was taken is due further ahead than that: it is of a clock that was set back since, and nobody waits
        // for the time of another clock.
        let due = due.filter(|due| *due - now <= seconds(self.at_once));
        let due = due.map_or(now, |due| due.max(now)) + seconds(1);
        let early = due - now - seconds(self.at_once);
        if early <= TimeDelta::zero() {
            return Ok(due);
        }
        let wait = early.num_milliseconds().unsigned_abs().div_ceil(1000).max(1);
        Err(TooFast { seconds: u32::try_from(wait).unwrap_or(u32::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::tests::acts;

    const PACE: Pace = Pace { at_once: 3, every_seconds: 6 };

    #[test]
    fn three_at_once_and_then_one_every_six_seconds() {
        let start = DateTime::UNIX_EPOCH;
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let mut due = None;
        for _ in 0..3 {
            due = Some(PACE.take(due, start).expect("three follow each other"));
        }
        assert_eq!(PACE.take(due, start), Err(TooFast { seconds: 6 }));
        assert_eq!(PACE.take(due, at(4)), Err(TooFast { seconds: 2 }));
        due = Some(PACE.take(due, at(6)).expect("one more"));
        assert_eq!(PACE.take(due, at(6)), Err(TooFast { seconds: 6 }));
        // After a rest, all three.
        for _ in 0..3 {
            due = Some(PACE.take(due, at(100)).expect("three follow each other again"));
        }
        assert!(PACE.take(due, at(100)).is_err());
    }

    #[test]
    fn nobody_waits_for_a_clock_that_was_set_back() {
        let now = DateTime::UNIX_EPOCH;
        let mut due = Some(now + TimeDelta::hours(2));
        for _ in 0..3 {
            due = Some(PACE.take(due, now).expect("it is taken as of now, and put right"));
        }
        assert_eq!(PACE.take(due, now), Err(TooFast { seconds: 6 }));
        assert_eq!(
            PACE.take(due, now + TimeDelta::seconds(6)),
            Ok(now + TimeDelta::seconds(24)),
            "and the told wait is all"
        );
    }

    /// What tells people and has no pace, with the reason.
    const UNPACED: [(Kind, &str); 5] = [
        (Kind::Moved, "told once until somebody looks again"),
        (Kind::RunStarted, "once for each submission"),
        (Kind::RunSucceeded, "once for each submission"),
        (Kind::RunFailed, "once for each submission"),
        (Kind::GlassBroken, "there is no time then"),
    ];

    #[test]
    fn whatever_tells_people_has_a_pace_or_a_reason() {
        for act in acts() {
            for told in act.told() {
                let is_paced = Paced::of(act.row().action, &[told.kind]).is_some();
                let is_exempt = UNPACED.iter().any(|(exempt, _)| *exempt == told.kind);
                let is_never = matches!(Counted::of(act.row().action), Counted::Never);
                assert!(is_paced != (is_exempt || is_never), "{act:?} tells {:?}", told.kind);
            }
        }
    }

    #[test]
    fn an_act_counts_by_what_it_tells_beside_its_subject() {
        for told in [Kind::Lapsed, Kind::Approved] {
            for action in [AuditAction::ChangeEdited, AuditAction::RuleLevelSet, AuditAction::ApprovalLifetimeSet] {
                assert_eq!(Paced::of(action, &[Kind::Moved, told]), Some(Paced::Telling), "{action:?}");
            }
            for action in [AuditAction::GlassBroken, AuditAction::AccountDisabled, AuditAction::AccountRevoked] {
                assert_eq!(Paced::of(action, &[told]), None, "{action:?}");
            }
        }
        assert_eq!(Paced::of(AuditAction::ChangeEdited, &[Kind::Moved]), None);
        assert_eq!(Paced::of(AuditAction::ChangeEdited, &[]), None);
    }

    #[test]
    fn the_refusal_says_how_long() {
        assert!(TooFast { seconds: 1 }.to_string().contains("Wait 1 second, "));
        assert!(TooFast { seconds: 6 }.to_string().contains("Wait 6 seconds, "));
    }
}
