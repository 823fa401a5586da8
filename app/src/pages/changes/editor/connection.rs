//! Sends what the person does, and takes in what others do.

use std::time::Duration;

use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use strata_domain::change::LoggedEdit;
use strata_domain::draft::{Batch, Draft, Known, Missed};

use super::session::{Saving, Session};
use super::shelf::{Shelf, UNSENT};
use crate::api::drafting::{Appended, Tail, draft_append, draft_tail};
use crate::api::editing::{DraftView, draft_load};
use crate::error::AppError;
use crate::live::{Live, Topic};

/// First wait before a batch that did not get through is sent again; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// So often the server may fail on one batch before it goes back to its author: what comes after it waits no longer.
const MOST_FAULTS: u32 = 3;

/// Why acts come back from a server that was set back.
const SET_BACK: &str = "The server was set back to an earlier state, which does not have it.";

/// The connection of one session with the server.
#[derive(Clone, Copy)]
pub struct Connection {
    session: Session,
    /// True while a batch is on its way: one at a time, so that the order stays.
    sending: StoredValue<bool>,
    /// True while the whole draft is read again: nothing is sent before it is there.
    reading: StoredValue<bool>,
    wait: StoredValue<Duration>,
    /// True once the whole draft was read, until the log is followed again: a second time in a row waits.
    read: StoredValue<bool>,
    /// How often the server failed on the batch that is next.
    faults: StoredValue<u32>,
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
            read: StoredValue::new(false),
            faults: StoredValue::new(0),
            timer: StoredValue::new(None),
            me: StoredValue::new(me.clone()),
        };
        let id = session.id;
        let shelf = Shelf::of(id, me.as_deref());
        connection.keep(&shelf);
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
            if let Some((draft, known)) = session.unsent_draft() {
                send_rest(id, draft, known, shelf, FIRST_WAIT);
            }
        });
        connection
    }

    /// Takes up what an earlier page left on the shelf, and keeps there what is not taken.
    fn keep(self, shelf: &Shelf) {
        let session = self.session;
        let kept = shelf.read();
        if !kept.is_empty() {
            let log = session.log.get_untracked();
            session.alter(|draft| draft.hold(kept, &log));
        }
        let returned = Memo::new(move |_| session.with(|draft| draft.returned().to_vec()));
        Effect::new({
            let shelf = shelf.clone();
            move |_| returned.with(|returned| shelf.put(returned))
        });
        // What is on its way goes along; when the page comes back as it was, it is on its way again.
        for (event, leaves) in [("pagehide", true), ("pageshow", false)] {
            let shelf = shelf.clone();
            let handle = window_event_listener_untyped(event, move |_| {
                session.with_now(|draft| match leaves {
                    true => shelf.put(&draft.to_keep(UNSENT)),
                    false => shelf.put(draft.returned()),
                });
            });
            on_cleanup(move || handle.remove());
        }
    }

    /// Sends the next batch, if there is one and none is on its way.
    pub fn send(self) {
        let Some(session) = self.idle() else { return };
        let Some(batch) = session.with_now(|draft| draft.next_batch().cloned()) else {
            if session.saving.get_untracked() != Saving::Saved {
                session.saving.set(Saving::Saved);
            }
            return;
        };
        self.sending.set_value(true);
        if session.saving.get_untracked() != Saving::Offline {
            session.saving.set(Saving::UnderWay);
        }
        let known = session.known();
        leptos::task::spawn_local(async move {
            let outcome = draft_append(session.id, known.sequence(), Some(known.mark()), batch.clone()).await;
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
        let faults = self.faults.get_value();
        self.faults.set_value(0);
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
            Err(error) if error.is_passing() => {
                self.faults.set_value(faults);
                self.try_later(Saving::Offline, Self::send);
            }
            Err(AppError::NotSignedIn) => {
                let said = "You are signed out. Sign in in another tab; what you did here is sent then.";
                self.try_later(Saving::Stopped(said.to_owned()), Self::send);
            }
            Err(error @ AppError::TooMuch { .. }) => self.try_later(Saving::Stopped(error.to_string()), Self::send),
            // A fault of the server may pass; one that does not is about this batch, and no reason to hold up the rest.
            Err(error @ AppError::Unexpected { .. }) if faults + 1 < MOST_FAULTS => {
                self.faults.set_value(faults + 1);
                self.try_later(Saving::Stopped(error.to_string()), Self::send);
            }
            Err(error) => {
                let can_be_forced = matches!(error, AppError::Unexpected { .. });
                let reason = error.to_string();
                session.alter(|draft| draft.give_back(&batch.key, &reason, can_be_forced));
                session.say(format!("{} was returned to you. {reason}", batch.label), "danger");
                session.saving.set(Saving::Stopped(reason));
                self.catch_up();
                self.send();
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
        let known = session.known();
        leptos::task::spawn_local(async move {
            let outcome = draft_tail(session.id, known.sequence(), Some(known.mark())).await;
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
        self.read.set_value(false);
        session.forget_gone();
        set_if_other(session.live, live);
        set_if_other(session.refused, refused);
        set_if_other(session.change, change);
    }

    /// Reads the whole draft again: it moved to another base, news were missed, or the server was set back.
    pub fn read_again(self) {
        // A server that says so each time is asked with a growing pause.
        if self.read.try_get_value() == Some(true) {
            let saving = self.session.saving.get_untracked();
            return self.try_later(saving, Self::read_now);
        }
        self.read_now();
    }

    fn read_now(self) {
        let session = self.session;
        if self.reading.try_get_value() != Some(false) {
            return;
        }
        self.reading.set_value(true);
        let known = session.known();
        leptos::task::spawn_local(async move {
            let outcome = draft_load(session.id).await;
            // Whoever left the page took the session along.
            if self.reading.try_set_value(false).is_some() {
                return;
            }
            self.read.set_value(true);
            match outcome {
                Ok(view) if !known.is_of(&view.change, &view.edits) => self.take_up(view, true),
                // A batch was taken while this was on its way: what was read is older than what is known.
                Ok(view) if !session.known().is_of(&view.change, &view.edits) => self.read_again(),
                Ok(view) => self.take_up(view, false),
                Err(error) if error.is_passing() => self.try_later(Saving::Offline, Self::read_now),
                Err(error) => self.try_later(Saving::Stopped(error.to_string()), Self::read_now),
            }
        });
    }

    /// Goes on from the draft as it was read. Where its log is another one than this session knew, what was done here
    /// stays with the person, who is told.
    fn take_up(self, view: DraftView, is_other: bool) {
        let session = self.session;
        let DraftView { change, live, base, edits, refused, own, me: _ } = view;
        let (after, catalogue) = (change.log_start - 1, own.catalogue());
        let outcome = if is_other {
            let (mine, known) = (self.me.get_value(), session.log.get_untracked());
            let is_mine = |logged: &LoggedEdit| logged.author.id == mine;
            session.reopen(|draft| draft.reopen_other(base, after, &edits, catalogue, &known, is_mine, SET_BACK))
        } else {
            session.reopen(|draft| draft.reopen(base, after, &edits, catalogue))
        };
        if let Err(error) = outcome {
            session.saving.set(Saving::Stopped(super::session::misfit(&error)));
            return;
        }
        session.log.set(edits);
        session.live.set(live);
        session.refused.set(refused);
        session.change.set(change);
        session.forget_gone();
        if is_other {
            let kept = match session.with_now(|draft| draft.returned().len()) {
                0 => "Nothing of yours is missing in it.".to_owned(),
                _ => "What it does not have of yours is listed above: do it again, or drop it.".to_owned(),
            };
            session.say(format!("The server was set back: this draft is not the one you worked on. {kept}"), "danger");
        }
        self.send();
    }
}

/// Sends all batches of a draft that nobody looks at any more, for as long as the tab is there. What is not taken stays
/// on the shelf, and is shown when the draft is opened again.
fn send_rest(id: i64, mut draft: Draft, mut known: Known, shelf: Shelf, wait: Duration) {
    leptos::task::spawn_local(async move {
        while let Some(batch) = draft.next_batch().cloned() {
            shelf.put(&draft.to_keep(UNSENT));
            match draft_append(id, known.sequence(), Some(known.mark()), batch.clone()).await {
                Ok(Appended::Taken(tail)) if draft.settle(&tail.edits, Some(&batch.key)).is_ok() => {
                    if !tail.edits.is_empty() {
                        known = Known::of(&tail.change, &tail.edits);
                    }
                }
                Ok(Appended::Returned { reason, can_be_forced, .. }) => {
                    draft.give_back(&batch.key, &reason, can_be_forced);
                }
                Err(error) if error.is_passing() || matches!(error, AppError::TooMuch { .. }) => {
                    let longer = (wait * 2).min(LONGEST_WAIT);
                    return set_timeout(move || send_rest(id, draft, known, shelf, longer), wait);
                }
                Ok(_) | Err(AppError::NotSignedIn) => return,
                Err(error) => draft.give_back(&batch.key, &error.to_string(), true),
            }
        }
        shelf.put(&draft.to_keep(UNSENT));
    });
}

fn set_if_other<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|known| *known != value) {
        signal.set(value);
    }
}
