//! What approval means, said a second time and in another way: from the plain list of what happened.
//!
//! Nothing of [`Review`](super::Review) is used here. Each question walks the whole list again.

use super::Who;

/// How long approvals hold at first, in hours.
pub(super) const HOLDS: i32 = 7 * 24;

/// Set in the digest of a plan whose outcome breaks a rule that is a blocker by default.
pub(super) const BROKEN: u8 = 4;

/// The digests of all plans that a walk comes by.
pub(super) const DIGESTS: [u8; 5] = [0, 1, 2, 3, BROKEN];

/// Something that happened, and that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Somebody shaped it: wrote an edit, decided about one, or submitted.
    Shaped(Who),
    /// It was sent to review.
    Submitted,
    /// Somebody approved the plan of that digest, at that hour; now is hour 0. Whether they were an expert then.
    Approved { who: Who, digest: u8, at: i32, as_expert: bool },
    /// Took back what they approved of that digest last.
    TookBack(Who, u8),
    /// Ended the round.
    SentBack,
    /// It is a copy from here on.
    Copied,
    /// From here on two leads and an expert are asked for, or one lead.
    PolicySet { is_strict: bool },
    /// From here on approvals hold for so many hours.
    LifeSet(i32),
    /// From here on the rule is looked for, or not.
    RuleSet { is_on: bool },
    /// The account is disabled, or enabled again.
    Enabled(Who, bool),
    /// Eve is one of the experts, or no longer.
    Expert(bool),
}

/// Everything that happened, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct History(pub(super) Vec<Deed>);

/// By what a change is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Terms {
    is_strict: bool,
    life: i32,
    is_rule_on: bool,
}

impl History {
    pub(super) fn is_author(&self, who: Who) -> bool {
        self.0.contains(&Deed::Shaped(who))
    }

    pub(super) fn is_enabled(&self, who: Who) -> bool {
        let last = self.0.iter().rev().find_map(|deed| match *deed {
            Deed::Enabled(one, is) if one == who => Some(is),
            _ => None,
        });
        last.unwrap_or(true)
    }

    pub(super) fn is_expert(&self) -> bool {
        let last = self.0.iter().rev().find_map(|deed| match *deed {
            Deed::Expert(is) => Some(is),
            _ => None,
        });
        last.unwrap_or(true)
    }

    /// What was set last, up to that place of the list.
    fn terms_at(&self, end: usize) -> Terms {
        let mut terms = Terms { is_strict: true, life: HOLDS, is_rule_on: true };
        for deed in &self.0[..end] {
            match *deed {
                Deed::PolicySet { is_strict } => terms.is_strict = is_strict,
                Deed::LifeSet(life) => terms.life = life,
                Deed::RuleSet { is_on } => terms.is_rule_on = is_on,
                _ => {}
            }
        }
        terms
    }

    /// The strictest of each that was in force at any moment since the last submission; of all of them those of now, where
    /// it was never submitted.
    fn terms(&self) -> Terms {
        let end = self.0.len();
        let submitted = self.0.iter().rposition(|deed| *deed == Deed::Submitted).unwrap_or(end);
        let moments = (submitted..=end).map(|place| self.terms_at(place));
        let strictest = |one: Terms, other: Terms| Terms {
            is_strict: one.is_strict || other.is_strict,
            life: one.life.min(other.life),
            is_rule_on: one.is_rule_on || other.is_rule_on,
        };
        moments.reduce(strictest).unwrap_or_else(|| self.terms_at(end))
    }

    /// Where the round began: what was approved before says nothing any more.
    fn round(&self) -> usize {
        let ends = |deed: &Deed| matches!(deed, Deed::SentBack | Deed::Copied);
        self.0.iter().rposition(ends).map_or(0, |place| place + 1)
    }

    /// The approvals of that plan in this round by people who had no part in it and are there now, if that is the last that
    /// they said of it: who, when, and whether as an expert.
    pub(super) fn approvals(&self, digest: u8) -> Vec<(Who, i32, bool)> {
        let last_word = |who: Who| {
            self.0[self.round()..].iter().rev().find_map(|deed| match *deed {
                Deed::Approved { who: voter, digest: of, at, as_expert } if voter == who && of == digest => {
                    Some(Some((at, as_expert)))
                }
                Deed::TookBack(voter, of) if voter == who && of == digest => Some(None),
                _ => None,
            })
        };
        let may = |who: &Who| !self.is_author(*who) && self.is_enabled(*who);
        let approval = |who: Who| {
            let (at, as_expert) = last_word(who)??;
            Some((who, at, as_expert && self.is_expert()))
        };
        Who::ALL.into_iter().filter(may).filter_map(approval).collect()
    }

    /// Whether that plan is approved now: at some moment within the last hours that approvals hold, every rule was met by
    /// people whose approval was younger than that then.
    pub(super) fn is_approved(&self, digest: u8) -> bool {
        let (terms, approvals) = (self.terms(), self.approvals(digest));
        approvals.iter().any(|&(_, moment, _)| -terms.life < moment && meets(&approvals, moment, terms))
    }

    /// Whether its outcome breaks a rule that stops it.
    pub(super) fn is_blocked(&self, digest: u8) -> bool {
        digest & BROKEN != 0 && self.terms().is_rule_on
    }

    /// Whether that plan may run now.
    pub(super) fn may_run(&self, digest: u8) -> bool {
        self.is_approved(digest) && !self.is_blocked(digest)
    }

    /// Whether every rule is met by approvals that are young enough now.
    pub(super) fn is_fresh(&self, digest: u8) -> bool {
        meets(&self.approvals(digest), 0, self.terms())
    }

    /// The same list without the deeds that no question can find any more, whatever happens later: of earlier rounds, of
    /// authors, those that a later word of the same person on the same plan hides, and all but the strictest and the last
    /// of what was set.
    pub(super) fn essence(&self) -> Self {
        let set = |Terms { is_strict, life, is_rule_on }| {
            [Deed::PolicySet { is_strict }, Deed::LifeSet(life), Deed::RuleSet { is_on: is_rule_on }]
        };
        let mut deeds: Vec<Deed> = Who::ALL.into_iter().filter(|&who| self.is_author(who)).map(Deed::Shaped).collect();
        deeds.extend(set(self.terms()));
        deeds.push(Deed::Submitted);
        deeds.extend(set(self.terms_at(self.0.len())));
        deeds.extend(Who::ALL.into_iter().filter(|&who| !self.is_enabled(who)).map(|who| Deed::Enabled(who, false)));
        if !self.is_expert() {
            deeds.push(Deed::Expert(false));
        }
        for digest in DIGESTS {
            // Of those who are not there now, too: they can come back.
            let everybody = Self(self.0.iter().copied().filter(|deed| !is_about_people(deed)).collect());
            let kept = everybody.approvals(digest);
            deeds.extend(self.0[self.round()..].iter().filter(|deed| match **deed {
                Deed::Approved { who, digest: of, at, as_expert } => {
                    of == digest && kept.contains(&(who, at, as_expert))
                }
                _ => false,
            }));
        }
        deeds.dedup();
        Self(deeds)
    }

    /// Some hours later.
    pub(super) fn pass(&mut self, hours: i32) {
        for deed in &mut self.0 {
            if let Deed::Approved { at, .. } = deed {
                *at -= hours;
            }
        }
    }
}

fn is_about_people(deed: &Deed) -> bool {
    matches!(deed, Deed::Enabled(..) | Deed::Expert(_))
}

/// Two people and an expert among them, or one person, who approved within the hours that approvals hold, up to that moment.
fn meets(approvals: &[(Who, i32, bool)], moment: i32, terms: Terms) -> bool {
    let young = approvals.iter().filter(|(_, at, _)| (moment - terms.life + 1..=moment).contains(at));
    let experts: Vec<bool> = young.map(|&(_, _, as_expert)| as_expert).collect();
    if terms.is_strict { experts.len() >= 2 && experts.contains(&true) } else { !experts.is_empty() }
}
