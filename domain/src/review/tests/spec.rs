//! What approval means, said a second time and in another way: from the plain list of what people did.
//!
//! Nothing of [`Review`](super::Review) is used here. Each question walks the whole list again.

use super::Who;

/// How long approvals hold, in hours.
pub(super) const HOLDS: i32 = 7 * 24;

/// Something that a person did, and that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Wrote an edit, or submitted.
    Wrote(Who),
    /// Approved the plan of that digest, at that hour; now is hour 0.
    Approved(Who, u8, i32),
    /// Took back what they approved of that digest last.
    TookBack(Who, u8),
    /// Ended the round.
    SentBack,
}

/// Everything that happened, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History(pub(super) Vec<Deed>);

impl History {
    pub(super) fn is_author(&self, who: Who) -> bool {
        self.0.contains(&Deed::Wrote(who))
    }

    /// When each person who is no author approved that plan in this round, if that is the last that they said of it.
    pub(super) fn approvals(&self, digest: u8) -> Vec<(Who, i32)> {
        let start = self.0.iter().rposition(|deed| *deed == Deed::SentBack).map_or(0, |place| place + 1);
        let last_word = |who: Who| {
            self.0[start..].iter().rev().find_map(|deed| match *deed {
                Deed::Approved(voter, of, at) if voter == who && of == digest => Some(Some(at)),
                Deed::TookBack(voter, of) if voter == who && of == digest => Some(None),
                Deed::Approved(..) | Deed::TookBack(..) | Deed::Wrote(_) | Deed::SentBack => None,
            })
        };
        Who::ALL
            .into_iter()
            .filter(|&who| !self.is_author(who))
            .filter_map(|who| Some((who, last_word(who)??)))
            .collect()
    }

    /// Whether that plan may run now: at some moment within the last [`HOLDS`] hours every rule was met by people whose
    /// approval was younger than [`HOLDS`] then.
    pub(super) fn may_run(&self, digest: u8, is_strict: bool) -> bool {
        let approvals = self.approvals(digest);
        approvals.iter().any(|&(_, moment)| -HOLDS < moment && meets(&approvals, moment, is_strict))
    }

    /// Whether every rule is met by approvals that are younger than [`HOLDS`] now.
    pub(super) fn is_fresh(&self, digest: u8, is_strict: bool) -> bool {
        meets(&self.approvals(digest), 0, is_strict)
    }

    /// The same list without the deeds that no question can find any more, whatever happens later: of earlier rounds, of
    /// authors, and those that a later word of the same person on the same plan hides.
    pub(super) fn essence(&self) -> Self {
        let start = self.0.iter().rposition(|deed| *deed == Deed::SentBack).map_or(0, |place| place + 1);
        let mut deeds: Vec<Deed> = Who::ALL.into_iter().filter(|&who| self.is_author(who)).map(Deed::Wrote).collect();
        for digest in 0..4 {
            deeds.extend(self.0[start..].iter().filter_map(|deed| match *deed {
                Deed::Approved(who, of, at) if of == digest && self.approvals(digest).contains(&(who, at)) => {
                    Some(Deed::Approved(who, of, at))
                }
                Deed::Approved(..) | Deed::TookBack(..) | Deed::Wrote(_) | Deed::SentBack => None,
            }));
        }
        deeds.dedup();
        Self(deeds)
    }

    /// Some hours later.
    pub(super) fn pass(&mut self, hours: i32) {
        for deed in &mut self.0 {
            if let Deed::Approved(_, _, at) = deed {
                *at -= hours;
            }
        }
    }
}

/// Two people and an expert among them, or one person, who approved within [`HOLDS`] hours up to that moment.
fn meets(approvals: &[(Who, i32)], moment: i32, is_strict: bool) -> bool {
    let people: Vec<Who> =
        approvals.iter().filter(|(_, at)| (moment - HOLDS + 1..=moment).contains(at)).map(|&(who, _)| who).collect();
    if is_strict { people.len() >= 2 && people.contains(&Who::Eve) } else { !people.is_empty() }
}
