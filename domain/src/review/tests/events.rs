//! What can happen to a change, and what a broken product could forget.

use super::Who;

/// What can happen. Whatever is refused leaves the world as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An edit that moves the digest, to the other of two plans and back.
    EditMoves(Who),
    /// An edit that leaves the digest.
    EditStays(Who),
    /// An edit after which the outcome breaks a rule that is a blocker by default, or no longer.
    EditBreaks(Who),
    /// A rebase in which somebody decides what becomes of an edit; the plan is the same.
    Decide(Who),
    Submit(Who),
    Approve(Who),
    Reject(Who),
    SendBack(Who),
    /// Takes back the last vote that is not.
    TakeBack(Who),
    Apply,
    /// An admin applies it without approval.
    BreakGlass(Who),
    /// A lead reviews that it was applied so.
    ReviewGlass(Who),
    /// 4 of the 7 days that approvals hold.
    SomeDaysPass,
    /// Exactly as long as approvals hold at first.
    ApprovalsExpire,
    /// A new live revision on which the plan is the same: the change is carried over.
    LiveSame,
    /// A new live revision on which the plan is another; the change is not told until it is rebased or applied.
    LiveOther,
    Rebase,
    /// The policy asks for two leads and an expert, or for one lead, in turn.
    PolicyChanges,
    /// Approvals hold for a month, two days, or seven days, in turn.
    LifeChanges,
    /// The environment switches the rule off, or on again.
    RuleChanges,
    /// The account of somebody is disabled, or enabled again.
    Disable(Who),
    /// Eve is no expert any more, or one again.
    GroupChanges,
    /// A freeze begins.
    Freeze,
    /// Somebody ends the freeze before its time; what waits starts.
    EndFreeze(Who),
    /// The freeze is over; what waits starts.
    FreezePasses,
    Withdraw,
    /// A role of the catalogue asks for less: whatever is under review goes back to its authors.
    RoleLoosens,
    /// A change that came to nothing is copied into a new draft: the walk goes on with that.
    Copy,
    RunSucceeds,
    RunFails,
}

impl Event {
    /// Who does it, where a person of the model does.
    pub(super) const fn by(self) -> Option<Who> {
        use Event::*;
        match self {
            EditMoves(who) | EditStays(who) | EditBreaks(who) | Decide(who) | Submit(who) | Approve(who)
            | Reject(who) | SendBack(who) | TakeBack(who) | BreakGlass(who) | ReviewGlass(who) | EndFreeze(who) => {
                Some(who)
            }
            Apply | SomeDaysPass | ApprovalsExpire | LiveSame | LiveOther | Rebase | PolicyChanges | LifeChanges
            | RuleChanges | RoleLoosens | Disable(_) | GroupChanges | Freeze | FreezePasses | Withdraw | Copy
            | RunSucceeds | RunFails => None,
        }
    }

    /// Votes, plans and the live revision, by all three people.
    pub(super) fn of_reviews() -> Vec<Self> {
        use Event::*;
        let personal = [EditMoves, EditStays, Submit, Approve, Reject, SendBack, TakeBack];
        let mut all: Vec<Self> = personal.into_iter().flat_map(|event| Who::ALL.map(event)).collect();
        all.extend([Apply, SomeDaysPass, ApprovalsExpire, LiveSame, LiveOther, Rebase, PolicyChanges, Withdraw]);
        all.extend([RunSucceeds, RunFails]);
        all
    }

    /// Who shapes a change, through copies, and who is there to vote on it.
    pub(super) fn of_copies() -> Vec<Self> {
        use Event::*;
        let personal = [EditStays, Decide, Submit, Approve, Disable];
        let mut all: Vec<Self> = personal.into_iter().flat_map(|event| Who::ALL.map(event)).collect();
        all.extend([EditMoves(Who::Ann), SendBack(Who::Eve), Reject(Who::Eve), TakeBack(Who::Lea)]);
        all.extend([Apply, SomeDaysPass, PolicyChanges, GroupChanges, Withdraw, Copy, RunFails]);
        all
    }

    /// What waits for the end of a freeze, while its plan moves, people shape it and others go.
    pub(super) fn of_freezes() -> Vec<Self> {
        use Event::*;
        let mut all: Vec<Self> = [Submit, EditMoves, Decide, EndFreeze]
            .into_iter()
            .flat_map(|event| [Who::Ann, Who::Lea].map(event))
            .collect();
        all.extend([EndFreeze(Who::Eve), Approve(Who::Lea), Approve(Who::Eve), TakeBack(Who::Eve), SendBack(Who::Eve)]);
        all.extend([Disable(Who::Lea), Disable(Who::Eve), Freeze, FreezePasses, Apply, BreakGlass(Who::Ann)]);
        all.extend([ApprovalsExpire, LiveOther, Rebase, PolicyChanges, RoleLoosens, Withdraw, Copy]);
        all
    }

    /// What is set by others than who reviews: policy, lifetime, rules, freezes, groups; and the glass.
    pub(super) fn of_terms() -> Vec<Self> {
        use Event::*;
        let mut all =
            vec![Submit(Who::Ann), Submit(Who::Lea), Approve(Who::Lea), Approve(Who::Eve), SendBack(Who::Eve)];
        all.extend([EditBreaks(Who::Ann), BreakGlass(Who::Lea)]);
        all.extend(Who::ALL.map(ReviewGlass));
        all.extend([EndFreeze(Who::Ann), EndFreeze(Who::Eve), Freeze, FreezePasses]);
        all.extend([Apply, SomeDaysPass, ApprovalsExpire, PolicyChanges, LifeChanges, RuleChanges, GroupChanges]);
        all.extend([Disable(Who::Lea), RoleLoosens, Withdraw, Copy, RunFails]);
        all
    }
}

/// What a broken product could forget. The walk has to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgets {
    Nothing,
    Authors,
    Digests,
    Rounds,
    Time,
    TakenBack,
    /// That the plan has to be computed anew before it is applied.
    Live,
    /// Who shaped what a change is a copy of, where nothing that they wrote is left in it.
    Copies,
    /// Who decided about an edit of what a change is a copy of, and nothing else.
    Decisions,
    /// The policies that were in force since the submission, save the last.
    OlderPolicies,
    /// How long a vote was given for, and how long approvals held since the submission.
    Lives,
    /// The levels that a rule had since the submission, save the last.
    OlderLevels,
    /// That breaking the glass passes over no blocker by default, whatever the environment thinks of it.
    Defaults,
    /// That a vote counts only while its giver is there.
    Gone,
    /// That a vote counts for a group only while its giver is in it.
    Groups,
    /// Who shaped the change, where somebody reviews that it was applied without approval.
    GlassAuthors,
    /// Who shaped the change that waits, where somebody ends a freeze.
    FreezeAuthors,
    /// That a change in review is a vote, or an edit undone, away from waiting for the end of a freeze.
    FreezeReviews,
    /// That a looser role serves only what is submitted after it: that its votes are of another round then.
    Returns,
}
