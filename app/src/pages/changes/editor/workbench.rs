//! The editor as the browser shows it: one of three views of the draft, and beside it what the draft means.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use strata_domain::catalogue::Catalogue;
use strata_domain::change::ChangeState;

use super::board::BoardView;
use super::board::layout::Grouping;
use super::connection::Connection;
use super::leaving::{LeaveDialog, ask_before_leaving};
use super::returned::{Returned, StaleNotice};
use super::selection::SelectionBar;
use super::session::Session;
use super::shortcuts::{ShortcutHelp, listen};
use super::side::Side;
use super::table::TableView;
use super::text::TextView;
use super::toolbar::Toolbar;
use crate::pages::query;
use crate::paths;

/// The three views of one draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Nodes as cards.
    #[default]
    Board,
    /// Nodes as rows.
    Table,
    /// The topology file.
    Text,
}

impl Mode {
    /// All of them, in the order that the page offers them.
    pub const ALL: [Self; 3] = [Self::Board, Self::Table, Self::Text];

    /// The word in the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Table => "table",
            Self::Text => "text",
        }
    }

    /// The word for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Board => "Board",
            Self::Table => "Table",
            Self::Text => "Text",
        }
    }
}

/// How much a card of the board says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// Name, roles and group.
    #[default]
    Full,
    /// The name alone: more of them fit.
    Small,
}

impl Size {
    /// All of them, in the order that the page offers them.
    pub const ALL: [Self; 2] = [Self::Full, Self::Small];

    /// The word in the address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Small => "small",
        }
    }

    /// The words for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Full => "With roles",
            Self::Small => "Names alone",
        }
    }
}

/// What is shown how; held in the address, so that a link shows the same.
#[derive(Clone, Copy)]
pub struct Stand {
    /// Which view.
    pub mode: Memo<Mode>,
    /// What the columns of the board are.
    pub grouping: Memo<Grouping>,
    /// How much its cards say.
    pub size: Memo<Size>,
    /// Puts a value into the address.
    go: Callback<(&'static str, &'static str)>,
}

impl Stand {
    fn of_address() -> Self {
        let (mode, grouping, size) = (query("view"), query("by"), query("cards"));
        let address = use_query_map();
        let navigate = use_navigate();
        let go = Callback::new(move |(name, value): (&'static str, &'static str)| {
            let mut query = address.get_untracked();
            query.replace(name, value.to_owned());
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&query.to_query_string(), options);
        });
        Self {
            mode: Memo::new(move |_| word(mode.get().as_deref(), &Mode::ALL, Mode::as_str)),
            grouping: Memo::new(move |_| word(grouping.get().as_deref(), &Grouping::ALL, Grouping::as_str)),
            size: Memo::new(move |_| word(size.get().as_deref(), &Size::ALL, Size::as_str)),
            go,
        }
    }

    /// Shows that view.
    pub fn show(self, mode: Mode) {
        self.go.run(("view", mode.as_str()));
    }

    /// Makes those the columns of the board.
    pub fn group_by(self, grouping: Grouping) {
        self.go.run(("by", grouping.as_str()));
    }

    /// Makes the cards of the board say that much.
    pub fn resize(self, size: Size) {
        self.go.run(("cards", size.as_str()));
    }
}

/// The value of that word, or the usual one.
fn word<T: Copy + Default>(wanted: Option<&str>, all: &[T], as_str: impl Fn(T) -> &'static str) -> T {
    all.iter().copied().find(|one| Some(as_str(*one)) == wanted).unwrap_or_default()
}

/// All of the editor.
#[component]
pub fn Workbench(
    /// The draft.
    session: Session,
    /// The account of who works here.
    me: Option<String>,
) -> impl IntoView {
    let connection = Connection::start(session, me);
    let stand = Stand::of_address();
    let catalogue = Memo::new(move |_| session.catalogue());
    provide_context(CatalogueNow(catalogue));
    if let Some(hostname) = query("node").get_untracked() {
        session.select_one(&hostname);
    }
    let help = RwSignal::new(false);
    listen(session, stand, help);
    ask_before_leaving(session);
    let change = move || session.change.get();
    let refused =
        move || session.refused.get().map(|reason| view! { <p class="notice" data-tone="attention">{reason}</p> });
    let reviewed = move || {
        let state = change().state;
        matches!(state, ChangeState::InReview | ChangeState::Approved).then(|| {
            view! {
                <p class="notice" data-tone="info">
                    "This change is under review. An edit that alters its plan leaves the votes so far without effect, and who edits has no vote on it."
                </p>
            }
        })
    };
    view! {
        <p class="crumbs">
            <a href=move || paths::changes(&change().environment)>{move || format!("Changes of {}", change().environment)}</a>
            " / "
            <a href=paths::change(session.id)>{move || format!("#{} {}", session.id, change().title)}</a>
        </p>
        <Toolbar session stand help />
        <StaleNotice session connection />
        {reviewed}
        {refused}
        <Returned session />
        <div class="workbench">
            <div class="workbench-view">
                {move || match stand.mode.get() {
                    Mode::Board => view! { <BoardView session stand /> }.into_any(),
                    Mode::Table => view! { <TableView session /> }.into_any(),
                    Mode::Text => view! { <TextView session /> }.into_any(),
                }}
                <SelectionBar session />
            </div>
            <Side session />
        </div>
        <LeaveDialog session />
        <ShortcutHelp open=help />
    }
}

/// The catalogue that the draft is read under.
#[derive(Clone, Copy)]
pub struct CatalogueNow(pub Memo<Catalogue>);
