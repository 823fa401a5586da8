//! One person's work on one draft in this tab: every act goes through here, and every view draws from here.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;
use strata_domain::catalogue::Catalogue;
use strata_domain::change::{Change, LoggedEdit};
use strata_domain::draft::{Draft, Known};
use strata_domain::edit::bulk::Nodes;
use strata_domain::edit::{Edit, ReplayError};
use strata_domain::limits::BATCH_MAX;
use strata_domain::topology::{Node, Topology};

use super::focus::focus;
use super::kept::Typing;
use super::shown::Shown;
use super::table::Order;
use super::wanted::Wanted;
use crate::api::editing::{DraftView, EditForm};
use crate::error::AppError;

/// Where the edits of this tab are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saving {
    /// The server has all of them.
    Saved,
    /// Some are on their way.
    UnderWay,
    /// The server does not answer; they are sent when it does.
    Offline,
    /// They cannot be taken, and why.
    Stopped(String),
}

/// What was just said to the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The sentence.
    pub text: String,
    /// `good`, `info`, `attention` or `danger`.
    pub tone: &'static str,
}

/// The handle that all parts of the editor share.
#[derive(Clone, Copy)]
pub struct Session {
    /// The change.
    pub id: i64,
    /// The draft; altered through the functions below alone.
    draft: RwSignal<Draft>,
    /// What the views draw from; follows the draft.
    shown: RwSignal<Arc<Shown>>,
    /// The change as the server last told.
    pub change: RwSignal<Change>,
    /// Number of the live revision.
    pub live: RwSignal<i64>,
    /// The log as the server last told.
    pub log: RwSignal<Vec<LoggedEdit>>,
    /// Why the draft cannot be edited, if it cannot.
    pub refused: RwSignal<Option<String>>,
    /// Where the edits are.
    pub saving: RwSignal<Saving>,
    /// What was last said.
    pub said: RwSignal<Option<Said>>,
    /// What is wrong with the form that was last sent.
    pub form_error: RwSignal<Option<AppError>>,
    /// Hostnames that are selected.
    pub selection: RwSignal<BTreeSet<String>>,
    /// The node that the keyboard is on, which the panel shows.
    pub current: RwSignal<Option<String>>,
    /// What is searched for, as typed.
    pub search: RwSignal<String>,
    /// Columns of the board that are folded, by the band's title and the column's key.
    pub folded: RwSignal<BTreeSet<(String, String)>>,
    /// Tells the board to fold every column that it has.
    pub fold_all: Trigger,
    /// How the rows of the table are ordered and narrowed down.
    pub order: RwSignal<Order>,
    /// How far the table is scrolled, in pixels.
    pub table_scrolled: StoredValue<i32>,
    /// A node to bring into sight and put the keyboard on; the view that is shown takes it.
    pub sought: RwSignal<Option<String>>,
    /// What the form of a new node is filled with, where it is made like another.
    pub like: RwSignal<Option<Node>>,
    /// Whether a click on a card adds it to the selection: for fingers, which have no Control key.
    pub several: RwSignal<bool>,
    /// What is being typed into the forms of the panel.
    pub typing: StoredValue<Typing>,
    /// Where a link leads that was held back, since acts wait that cannot be sent for now.
    pub leaving: RwSignal<Option<String>>,
    /// Text that was typed and is not applied, with what it was made of: it stays while other views are looked at.
    pub typed: StoredValue<Option<(Topology, String)>>,
}

impl Session {
    /// Opens the draft.
    ///
    /// # Errors
    /// Where the log does not fit its base, in a sentence.
    pub fn open(view: DraftView) -> Result<Self, String> {
        let DraftView { change, live, base, edits, refused, own, me: _ } = view;
        let draft = Draft::open(base, change.log_start - 1, &edits, own.catalogue()).map_err(|error| misfit(&error))?;
        let shown = Shown::of(draft.base(), draft.desired(), draft.catalogue(), None);
        Ok(Self {
            id: change.id,
            draft: RwSignal::new(draft),
            shown: RwSignal::new(Arc::new(shown)),
            change: RwSignal::new(change),
            live: RwSignal::new(live),
            log: RwSignal::new(edits),
            refused: RwSignal::new(refused),
            saving: RwSignal::new(Saving::Saved),
            said: RwSignal::new(None),
            form_error: RwSignal::new(None),
            selection: RwSignal::new(BTreeSet::new()),
            current: RwSignal::new(None),
            search: RwSignal::new(String::new()),
            folded: RwSignal::new(BTreeSet::new()),
            fold_all: Trigger::new(),
            order: RwSignal::new(Order::default()),
            table_scrolled: StoredValue::new(0),
            sought: RwSignal::new(None),
            like: RwSignal::new(None),
            several: RwSignal::new(false),
            typing: StoredValue::new(Typing::new()),
            leaving: RwSignal::new(None),
            typed: StoredValue::new(None),
        })
    }

    /// What the views draw from.
    pub fn shown(self) -> Arc<Shown> {
        self.shown.get()
    }

    /// The same, without following it.
    pub fn shown_now(self) -> Arc<Shown> {
        self.shown.get_untracked()
    }

    /// Looks at the draft, and follows it.
    pub fn with<T>(self, look: impl FnOnce(&Draft) -> T) -> T {
        self.draft.with(look)
    }

    /// Looks at the draft once.
    pub fn with_now<T>(self, look: impl FnOnce(&Draft) -> T) -> T {
        self.draft.with_untracked(look)
    }

    /// The draft with what the server has not taken yet, and what is known of the log; none where there is nothing, or
    /// the editor is gone.
    pub fn unsent_draft(self) -> Option<(Draft, Known)> {
        let draft = self.draft.try_with_untracked(|draft| (draft.unsent() > 0).then(|| draft.clone())).flatten()?;
        Some((draft, self.known()))
    }

    /// Its catalogue; a draft that moves to another base may get another.
    pub fn catalogue(self) -> Catalogue {
        self.draft.with(|draft| draft.catalogue().clone())
    }

    /// Does edits that belong together, and says what was done; gives whether they were.
    pub fn act(self, label: impl Into<String>, edits: Vec<Edit>) -> bool {
        let label = in_short(label.into());
        if let Some(reason) = self.refused.get_untracked() {
            self.say(reason, "attention");
            return false;
        }
        if edits.is_empty() {
            self.say(format!("{label}: nothing to change."), "info");
            return false;
        }
        if edits.len() > BATCH_MAX {
            self.say(
                format!("These are {} edits; {BATCH_MAX} can be taken at once. Do it in parts.", edits.len()),
                "danger",
            );
            return false;
        }
        let renamed = renames(&edits);
        match self.alter(|draft| draft.act(key(), label.clone(), edits)) {
            Ok(()) => {
                self.follow(&renamed);
                self.say(format!("{label}."), "good");
                true
            }
            Err(error) => {
                self.say(error.to_string(), "danger");
                false
            }
        }
    }

    /// What a form sends; `called` is what the form is called. Gives whether it was taken.
    pub fn submit(self, form: EditForm, called: &str) -> bool {
        if let Some(reason) = self.refused.get_untracked() {
            self.form_error.set(Some(AppError::NotNow { reason }));
            return false;
        }
        let edit = match self.with_now(|draft| form.into_edit(draft.catalogue())) {
            Ok(edit) => edit,
            Err(error) => {
                self.form_error.set(Some(error));
                return false;
            }
        };
        let label = in_short(edit.describe());
        let (added, renamed) = (added(&edit), renames(std::slice::from_ref(&edit)));
        match self.alter(|draft| draft.act(key(), label.clone(), vec![edit])) {
            Ok(()) => {
                self.form_error.set(None);
                // What was taken is no longer being typed.
                self.typing.update_value(|typing| typing.retain(|(form, _), _| form != called));
                self.follow(&renamed);
                if let Some(hostname) = added {
                    self.like.set(None);
                    self.select_one(&hostname);
                    focus("node");
                }
                self.say(format!("{label}."), "good");
                true
            }
            Err(error) => {
                self.form_error.set(Some(AppError::Invalid { field: "edit".to_owned(), message: error.to_string() }));
                false
            }
        }
    }

    /// Takes the last act back.
    pub fn undo(self) {
        self.turn(Draft::undo, "Undone", "Nothing to undo.");
    }

    /// Does what was undone again.
    pub fn redo(self) {
        self.turn(Draft::redo, "Done again", "Nothing to do again.");
    }

    fn turn(
        self,
        way: fn(&mut Draft, String) -> Option<Result<String, strata_domain::edit::Conflict>>,
        done: &str,
        nothing: &str,
    ) {
        if let Some(reason) = self.refused.get_untracked() {
            return self.say(reason, "attention");
        }
        match self.alter(|draft| way(draft, key())) {
            Some(Ok(label)) => self.say(format!("{done}: {label}."), "good"),
            Some(Err(conflict)) => self.say(format!("That can no longer be done. {conflict}"), "attention"),
            None => self.say(nothing.to_owned(), "info"),
        }
        self.forget_gone();
    }

    /// Alters the draft, and everything that follows from it.
    pub fn alter<T>(self, change: impl FnOnce(&mut Draft) -> T) -> T {
        let moves = self.draft.with_untracked(Draft::moves);
        let outcome = self.draft.try_update(change);
        self.draft.with_untracked(|draft| {
            if draft.moves() != moves {
                let before = self.shown.get_untracked();
                let shown = Shown::of(draft.base(), draft.desired(), draft.catalogue(), Some(&before));
                self.shown.set(Arc::new(shown));
            }
            if draft.unsent() > 0 && self.saving.get_untracked() == Saving::Saved {
                self.saving.set(Saving::UnderWay);
            }
        });
        outcome.expect("the draft lives as long as its editor")
    }

    /// Takes up the draft anew, on another base or under another catalogue: everything may be shown otherwise.
    pub fn reopen(self, reopen: impl FnOnce(&mut Draft) -> Result<(), ReplayError>) -> Result<(), ReplayError> {
        let outcome = self.draft.try_update(reopen);
        self.draft.with_untracked(|draft| {
            let shown = Shown::of(draft.base(), draft.desired(), draft.catalogue(), None);
            self.shown.set(Arc::new(shown));
        });
        outcome.expect("the draft lives as long as its editor")
    }

    /// What is known of the log.
    pub fn known(self) -> Known {
        self.change.with_untracked(|change| self.log.with_untracked(|log| Known::of(change, log)))
    }

    /// What is searched for, read.
    pub fn wanted(self) -> Wanted {
        Wanted::of(&self.search.get())
    }

    /// Selects that node, and has the view go to it.
    pub fn seek(self, hostname: &str) {
        self.select_one(hostname);
        self.sought.set(Some(hostname.to_owned()));
    }

    /// Puts the form of a new node into the panel, filled like that one where one is given.
    pub fn begin_node(self, like: Option<Node>) {
        self.clear();
        self.form_error.set(None);
        self.like.set(like);
    }

    /// Says something, politely.
    pub fn say(self, text: String, tone: &'static str) {
        self.said.set(Some(Said { text, tone }));
    }

    /// Hostnames that are selected, or the one that the keyboard is on.
    pub fn chosen(self) -> Vec<String> {
        let selected: Vec<String> = self.selection.get_untracked().into_iter().collect();
        if selected.is_empty() { self.current.get_untracked().into_iter().collect() } else { selected }
    }

    /// Those, for bulk edits.
    pub fn chosen_nodes(self) -> Nodes {
        self.chosen().iter().map(String::as_str).collect()
    }

    /// Selects that node alone, and puts the panel on it.
    pub fn select_one(self, hostname: &str) {
        self.selection.set(BTreeSet::from([hostname.to_owned()]));
        self.look_at(hostname);
    }

    /// Adds that node to the selection, or takes it out.
    pub fn toggle(self, hostname: &str) {
        self.selection.update(|selection| {
            if !selection.remove(hostname) {
                selection.insert(hostname.to_owned());
            }
        });
        self.look_at(hostname);
    }

    /// Puts the panel on that node.
    pub fn look_at(self, hostname: &str) {
        self.form_error.set(None);
        if self.current.get_untracked().as_deref() != Some(hostname) {
            self.current.set(Some(hostname.to_owned()));
        }
    }

    /// Selects nothing.
    pub fn clear(self) {
        self.selection.set(BTreeSet::new());
        self.current.set(None);
    }

    /// Selection and panel go along with renamed nodes, and let go of those that are gone.
    fn follow(self, renamed: &[(String, String)]) {
        for (from, to) in renamed {
            if self.current.get_untracked().as_deref() == Some(from) {
                self.current.set(Some(to.clone()));
            }
            if self.selection.with_untracked(|selection| selection.contains(from)) {
                self.selection.update(|selection| {
                    selection.remove(from);
                    selection.insert(to.clone());
                });
            }
        }
        self.forget_gone();
    }

    /// Lets go of nodes that the draft has no more.
    pub fn forget_gone(self) {
        let shown = self.shown_now();
        let is_there = |hostname: &String| shown.row_of(hostname, false).is_some();
        if self.selection.with_untracked(|selection| !selection.iter().all(is_there)) {
            self.selection.update(|selection| selection.retain(is_there));
        }
    }
}

/// Labels of batches are a line of at most 200 characters, which "Undo: " goes before; names alone can be longer.
fn in_short(label: String) -> String {
    const MOST: usize = 180;
    if label.chars().count() <= MOST { label } else { format!("{}…", label.chars().take(MOST).collect::<String>()) }
}

/// The hostname of a node that an edit adds.
fn added(edit: &Edit) -> Option<String> {
    match edit {
        Edit::AddNode { node } => Some(node.hostname.clone()),
        _ => None,
    }
}

/// Old and new hostnames.
fn renames(edits: &[Edit]) -> Vec<(String, String)> {
    edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::RenameNode { from, to } => Some((from.clone(), to.clone())),
            _ => None,
        })
        .collect()
}

/// What is said of a log that does not fit its base, which no server lets happen.
pub fn misfit(error: &ReplayError) -> String {
    format!("The log of this draft does not fit its base: {error}.")
}

/// A key that no other batch has: 16 random bytes. Not `randomUUID`, which plain HTTP has not.
pub fn key() -> String {
    let mut bytes = [0_u8; 16];
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
