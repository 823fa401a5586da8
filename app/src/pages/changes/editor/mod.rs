//! `/changes/:id/edit`: the topology editor. The server renders a draft as plain forms; where wasm arrives, board, table
//! and text of the same draft take their place.

mod board;
mod connection;
mod findings;
mod focus;
mod forms;
mod kept;
mod leaving;
mod plain;
mod returned;
mod selection;
mod session;
mod shelf;
mod shortcuts;
mod shown;
mod side;
mod table;
mod text;
mod toolbar;
mod wanted;
mod workbench;

use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use strata_domain::catalogue::{Catalogue, Role};

use crate::api::draft_page::draft_page_load;
use crate::api::editing::{ChangeEdit, DraftView, draft_load};
use crate::components::{PageTitle, loaded};
use crate::error::AppError;
use crate::pages::{number, query};
use plain::PlainEditor;
use session::Session;
use workbench::Workbench;

/// One draft to edit.
#[component]
pub fn ChangeEditPage() -> impl IntoView {
    let id = number("id");
    let (node, search) = (query("node"), query("q"));
    let action = ServerAction::<ChangeEdit>::new();
    // Not on news: the editor takes in what others do by itself, edit by edit.
    let asked = move || (id.get(), action.version().get());
    let page = Resource::new(asked, move |(id, _)| draft_page_load(id, node.get_untracked(), search.get_untracked()));
    let in_browser = RwSignal::new(false);
    Effect::new(move |_| in_browser.set(true));
    view! {
        <PageTitle text=move || format!("Edit #{}", id.get()) />
        {loaded(page, move |page| {
            move || {
                let mut page = page.clone();
                if !in_browser.get() {
                    let (node, search) = (node.get_untracked(), search.get_untracked().unwrap_or_default());
                    return EitherOf3::A(view! { <PlainEditor page node search action /> });
                }
                match page.whole.take() {
                    Some(view) => EitherOf3::B(view! { <BrowserEditor view /> }),
                    None => EitherOf3::C(view! { <LargeDraft id=page.change.id /> }),
                }
            }
        })}
    }
}

/// A draft that is too large to come along with its page: the browser asks for it.
#[component]
fn LargeDraft(id: i64) -> impl IntoView {
    loaded(Resource::new(move || id, draft_load), |view| view! { <BrowserEditor view /> })
}

/// The editor where wasm arrived.
#[component]
fn BrowserEditor(view: DraftView) -> impl IntoView {
    let me = view.me.clone();
    match Session::open(view) {
        Ok(session) => Either::Left(view! { <Workbench session me /> }),
        Err(fault) => Either::Right(view! { <p class="notice" data-tone="danger" role="alert">{fault}</p> }),
    }
}

/// What the forms about nodes, groups and services share: the draft as of when, and where they go.
#[derive(Clone, Copy)]
pub struct Forms {
    /// The change.
    pub id: i64,
    /// As of when the person saw it.
    pub version: i64,
    /// Why it cannot be edited, if it cannot.
    pub refused: StoredValue<Option<String>>,
    /// Where the forms go.
    pub to: To,
    /// Names of the availability groups, sorted, where they are few enough to choose from.
    pub groups: StoredValue<Option<Vec<String>>>,
    /// Its roles.
    pub catalogue: StoredValue<Catalogue>,
}

/// Where a form goes.
#[derive(Clone, Copy)]
pub enum To {
    /// To the server, which answers with the page anew.
    Server(ServerAction<ChangeEdit>),
    /// To the editor of this tab.
    Session(Session),
}

impl Forms {
    /// The role of that id, where the catalogue has it.
    pub fn role(self, id: &str) -> Option<Role> {
        self.catalogue.with_value(|catalogue| catalogue.role(id).cloned())
    }

    /// True while an answer is awaited.
    pub fn pending(self) -> Signal<bool> {
        match self.to {
            To::Server(action) => action.pending().into(),
            To::Session(_) => Signal::stored(false),
        }
    }

    /// What the last form could not be taken for.
    pub fn error(self) -> Signal<Option<AppError>> {
        match self.to {
            To::Server(action) => Signal::derive(move || action.value().get().and_then(Result::err)),
            To::Session(session) => session.form_error.into(),
        }
    }

    /// The message of the last answer, if it belongs to that field.
    pub fn error_of(self, field: &'static str) -> Signal<Option<String>> {
        let error = self.error();
        Signal::derive(move || error.get().and_then(|error| error.for_field(field).map(ToOwned::to_owned)))
    }
}

/// An error, where it belongs to no field that shows its own.
fn elsewhere(error: Signal<Option<AppError>>) -> Signal<Option<AppError>> {
    Signal::derive(move || {
        error.get().filter(|error| match error {
            AppError::Invalid { field, .. } => !forms::SHOWN_FIELDS.contains(&field.as_str()),
            _ => true,
        })
    })
}

/// "1 node", "2 nodes".
fn counted(nodes: usize) -> String {
    if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") }
}
