//! The acts that the page of a change offers.

use leptos::prelude::*;

use crate::api::apply::{ApplyCallOff, ChangeApply, ChangeBreakGlass, GlassReview};
use crate::api::changes::{ChangeCopy, ChangeRebase, ChangeSubmit, ChangeWithdraw};
use crate::api::review::{ChangeVote, CommentAdd, VoteTakeBack};
use crate::error::AppError;

/// The acts that the page offers; made once, so that they outlive each new reading of the change.
#[derive(Clone, Copy)]
pub struct Actions {
    pub submit: ServerAction<ChangeSubmit>,
    pub withdraw: ServerAction<ChangeWithdraw>,
    pub rebase: ServerAction<ChangeRebase>,
    pub vote: ServerAction<ChangeVote>,
    pub apply: ServerAction<ChangeApply>,
    pub call_off: ServerAction<ApplyCallOff>,
    pub break_glass: ServerAction<ChangeBreakGlass>,
    pub review_glass: ServerAction<GlassReview>,
    pub copy: ServerAction<ChangeCopy>,
    pub take_back: ServerAction<VoteTakeBack>,
    pub comment: ServerAction<CommentAdd>,
}

impl Actions {
    pub fn new() -> Self {
        Self {
            submit: ServerAction::new(),
            withdraw: ServerAction::new(),
            rebase: ServerAction::new(),
            vote: ServerAction::new(),
            apply: ServerAction::new(),
            call_off: ServerAction::new(),
            break_glass: ServerAction::new(),
            review_glass: ServerAction::new(),
            copy: ServerAction::new(),
            take_back: ServerAction::new(),
            comment: ServerAction::new(),
        }
    }

    /// Moves when any of them was answered.
    pub fn version(self) -> usize {
        self.submit.version().get()
            + self.withdraw.version().get()
            + self.rebase.version().get()
            + self.vote.version().get()
            + self.apply.version().get()
            + self.call_off.version().get()
            + self.break_glass.version().get()
            + self.review_glass.version().get()
            + self.copy.version().get()
            + self.take_back.version().get()
            + self.comment.version().get()
    }

    /// What the last try of any of them answered, where it was an error.
    pub fn error(self) -> Option<AppError> {
        [
            self.submit.value().get(),
            self.withdraw.value().get(),
            self.rebase.value().get(),
            self.vote.value().get(),
            self.apply.value().get(),
            self.call_off.value().get(),
            self.break_glass.value().get(),
            self.review_glass.value().get(),
            self.copy.value().get(),
            self.take_back.value().get(),
            self.comment.value().get(),
        ]
        .into_iter()
        .flatten()
        .find_map(Result::err)
    }
}

/// The fields that every act on a change sends: which, and as of when.
#[component]
pub fn Target(
    /// Its id and version.
    change: (i64, i64),
) -> impl IntoView {
    let (id, version) = change;
    view! {
        <input type="hidden" name="id" value=id />
        <input type="hidden" name="version" value=version />
    }
}
