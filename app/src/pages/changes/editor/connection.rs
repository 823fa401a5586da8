//! Sends what the person does, and takes in what others do.

use std::time::Duration;

use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use strata_domain::draft::{Batch, Draft, Missed};

use super::session::{Saving, Session};
use crate::api::drafting::{Appended, Tail, draft_append, draft_tail};
use crate::api::editing::{DraftView, draft_load};
use crate::error::AppError;
use crate::live::{Live, Topic};

/// First wait before a batch that did not get through is sent again; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// The connection of one session with the server.
#[derive(Clone, Copy)]
pub struct Connection {
    session: Session,
    /// True while a batch is on its way: one at a time, so that the order stays.
    sending: StoredValue<bool>,
    /// True while the whole draft is read again: nothing is sent before it is there.
    reading: StoredValue<bool>,
    wait: StoredValue<Duration>,
    /// What wakes the next try; one at a time.
    timer: StoredValue<Option<TimeoutHandle>>,
    /// The account of who works here, to tell their edits from others'.
    me: StoredValue<Option<String>>,
}

impl Connection {
    /// Connects the session for as long as the calling component lives.
    pub fn start(session: Session, me: Option<String>) -> Self {
        let connection = Self {
            session,
            sending: StoredValue::new(false),
            reading: StoredValue::new(false),
            wait: StoredValue::new(FIRST_WAIT),
            timer: StoredValue::new(None),
            me: StoredValue::new(me),
        };
        let id = session.id;
        Effect::new(move |_| {
            if session.with(Draft::unsent) > 0 {
                connection.send();
            }
        });
        let news = Live::version(move || Topic::Change(id));
        let environment = session.change.with_untracked(|change| change.environment.clone());
        let live = Live::version(move || Topic::Environment(Some(environment.clone())));
        Effect::new(move |before: Option<(u64, u64)>| {
            let now = (news.get(), live.get());
            if before.is_some_and(|before| before != now) {
                connection.catch_up();
            }
            now
        });
        for event in ["online", "focus"] {
            let handle = window_event_listener_untyped(event, move |_| {
                connection.wait.set_value(FIRST_WAIT);
                connection.send();
            });
            on_cleanup(move || handle.remove());
        }
        let handle = window_event_listener_untyped("offline", move |_| session.saving.set(Saving::Offline));
        on_cleanup(move || handle.remove());
        let handle = window_event_listener(leptos::ev::beforeunload, move |event| {
            if session.with_now(Draft::unsent) > 0 || session.typed.with_value(Option::is_some) {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
        on_cleanup(move || connection.stop_timer());
        // Whoever goes to another page leaves what is unsent to a task that outlives this one.
        on_cleanup(move || {
            if let Some(draft) = session.unsent_draft() {
                send_rest(id, draft);
            }
        });
        connection
    }

    /// Sends the next batch, if there is one and none is on its way.
    pub fn send(self) {
        let Some(session) = self.idle() else { return };
        let Some((after, batch)) =
            session.with_now(|draft| draft.next_batch().cloned().map(|batch| (draft.sequence(), batch)))
        else {
            if session.saving.get_untracked() != Saving::Saved {
                session.saving.set(Saving::Saved);
            }
            return;
        };
        self.sending.set_value(true);
        if session.saving.get_untracked() != Saving::Offline {
            session.saving.set(Saving::UnderWay);
        }
        leptos::task::spawn_local(async move {
            let outcome = draft_append(session.id, after, batch.clone()).await;
            // Whoever left the page took the session along.
            if self.sending.try_set_value(false).is_some() {
                return;
            }
            self.answered(&batch, outcome);
        });
    }

    fn idle(self) -> Option<Session> {
        let is_idle = self.sending.try_get_value() == Some(false) && self.reading.try_get_value() == Some(false);
        is_idle.then_some(self.session)
    }

    fn answered(self, batch: &Batch, outcome: Result<Appended, AppError>) {
        let session = self.session;
        match outcome {
            Ok(Appended::Taken(tail)) => {
                self.wait.set_value(FIRST_WAIT);
                self.take_in(tail, Some(&batch.key));
                self.send();
            }
            Ok(Appended::Returned { reason, can_be_forced, tail }) => {
                self.wait.set_value(FIRST_WAIT);
                session.alter(|draft| draft.give_back(&batch.key, &reason, can_be_forced));
                self.take_in(tail, None);
                // After what others did was said, which is why.
                session.say(format!("{} was returned to you. {reason}", batch.label), "attention");
                self.send();
            }
            Ok(Appended::Moved) => self.read_again(),
            Err(error) if error.is_passing() => self.try_later(Saving::Offline, Self::send),
            Err(AppError::NotSignedIn) => {
                let said = "You are signed out. Sign in in another tab; what you did here is sent then.";
                self.try_later(Saving::Stopped(said.to_owned()), Self::send);
            }
            // A fault of the server says nothing about the batch: it stays, and is tried again.
            Err(error @ AppError::Unexpected { .. }) => {
                self.try_later(Saving::Stopped(error.to_string()), Self::send);
            }
            Err(error) => {
                let reason = error.to_string();
                session.alter(|draft| draft.give_back(&batch.key, &reason, false));
                session.say(format!("{} was returned to you. {reason}", batch.label), "danger");
                session.saving.set(Saving::Stopped(reason));
                self.catch_up();
            }
        }
    }

    fn try_later(self, saving: Saving, again: fn(Self)) {
        self.session.saving.set(saving);
        let wait = self.wait.get_value();
        self.wait.set_value((wait * 2).min(LONGEST_WAIT));
        self.stop_timer();
        self.timer.set_value(set_timeout_with_handle(move || again(self), wait).ok());
    }

    fn stop_timer(self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }

    /// Asks for what others did since.
    fn catch_up(self) {
        let session = self.session;
        let after = session.with_now(Draft::sequence);
        leptos::task::spawn_local(async move {
            let outcome = draft_tail(session.id, after).await;
            if self.sending.is_disposed() {
                return;
            }
            match outcome {
                Ok(Some(tail)) => {
                    self.take_in(tail, None);
                    self.send();
                }
                Ok(None) => self.read_again(),
                // The next news, or the next batch, asks again.
                Err(_) => {}
            }
        });
    }

    /// Takes a tail of the log in, and says who did what.
    fn take_in(self, tail: Tail, taken: Option<&str>) {
        let session = self.session;
        let Tail { change, live, edits, refused } = tail;
        let moved =
            session.change.with_untracked(|known| (known.base, known.log_start) != (change.base, change.log_start));
        if moved {
            return self.read_again();
        }
        let known = session.with_now(Draft::sequence);
        let fresh: Vec<_> = edits.iter().filter(|logged| logged.sequence > known).cloned().collect();
        let brings_something = taken.is_some() || !fresh.is_empty();
        if brings_something && session.alter(|draft| draft.settle(&edits, taken)) == Err(Missed) {
            return self.read_again();
        }
        let mine = self.me.get_value();
        let others: Vec<_> = fresh.iter().filter(|logged| logged.author.id != mine).collect();
        if let [first, rest @ ..] = &others[..] {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            session.say(format!("{}: {}{more}.", first.author.name, first.edit.describe()), "info");
        }
        if !fresh.is_empty() {
            session.log.update(|log| log.extend(fresh));
        }
        session.forget_gone();
        set_if_other(session.live, live);
        set_if_other(session.refused, refused);
        set_if_other(session.change, change);
    }

    /// Reads the whole draft again: it moved to another base, or news were missed.
    pub fn read_again(self) {
        let session = self.session;
        if self.reading.try_get_value() != Some(false) {
            return;
        }
        self.reading.set_value(true);
        leptos::task::spawn_local(async move {
            let outcome = draft_load(session.id).await;
            // Whoever left the page took the session along.
            if self.reading.try_set_value(false).is_some() {
                return;
            }
            let view = match outcome {
                Ok(view) => view,
                Err(error) if error.is_passing() => return self.try_later(Saving::Offline, Self::read_again),
                Err(error) => return self.try_later(Saving::Stopped(error.to_string()), Self::read_again),
            };
            let DraftView { change, live, base, edits, refused, own, me: _ } = view;
            let last = edits.last().map_or(change.log_start - 1, |logged| logged.sequence);
            if last < session.with_now(Draft::sequence) {
                // A batch was taken while this was on its way: what was read is older than what is known.
                return self.read_again();
            }
            if let Err(error) = session.reopen(base, change.log_start - 1, &edits, own.catalogue()) {
                session.saving.set(Saving::Stopped(super::session::misfit(&error)));
                return;
            }
            session.log.set(edits);
            session.live.set(live);
            session.refused.set(refused);
            session.change.set(change);
            session.forget_gone();
            self.send();
        });
    }
}

/// Sends all batches of a draft that nobody looks at any more, for as long as the tab is there. One that is not taken is
/// lost with its editor; the way out that the editor itself offers waits until all are sent.
fn send_rest(id: i64, mut draft: Draft) {
    leptos::task::spawn_local(async move {
        while let Some(batch) = draft.next_batch().cloned() {
            match draft_append(id, draft.sequence(), batch.clone()).await {
                Ok(Appended::Taken(tail)) if draft.settle(&tail.edits, Some(&batch.key)).is_ok() => {}
                Ok(Appended::Returned { reason, can_be_forced, .. }) => {
                    draft.give_back(&batch.key, &reason, can_be_forced);
                }
                Err(error) if error.is_passing() => return set_timeout(move || send_rest(id, draft), LONGEST_WAIT),
                Ok(_) | Err(_) => return,
            }
        }
    });
}

fn set_if_other<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|known| *known != value) {
        signal.set(value);
    }
}
