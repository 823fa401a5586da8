//! `/notifications`: what the one who looks was told. `/settings/notifications`: what they want to be told.

mod choices;

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use strata_domain::notice::Notice;

use crate::api::notices::{NoticeRead, NoticesView, notice_list};
use crate::components::{Act, ActError, Moment, NextLink, loaded};
use crate::live::{Live, Topic};
use crate::pages::before;

pub use choices::ChoicesPage;

/// Notices of all environments, newest first.
#[component]
pub fn NoticesPage() -> impl IntoView {
    let before = before();
    let read = ServerAction::<NoticeRead>::new();
    let news = Live::version(|| Topic::Notices);
    let view =
        Resource::new(move || (before.get(), news.get(), read.version().get()), |(before, ..)| notice_list(before));
    view! {
        <Title text="Notifications" />
        {loaded(view, move |view| view! { <Notices view read /> })}
    }
}

#[component]
fn Notices(view: NoticesView, read: ServerAction<NoticeRead>) -> impl IntoView {
    let NoticesView { notices, unread, next } = view;
    let empty = notices.is_empty().then(|| view! { <p class="empty">"Nobody has told you anything yet."</p> });
    let all = (unread > 0).then(|| {
        view! {
            <ActionForm action=read>
                <Act label="Mark all as read" pending=read.pending() />
            </ActionForm>
        }
    });
    let items: Vec<_> = notices.into_iter().map(|notice| view! { <Item notice read /> }).collect();
    let error = Signal::derive(move || read.value().get().and_then(Result::err));
    view! {
        <div class="page-head">
            <div>
                <h1>"Notifications"</h1>
                <p class="facts">{format!("{unread} unread. ")} <a href="/settings/notifications">"Choose what you are told"</a></p>
            </div>
            <div class="page-acts">{all}</div>
        </div>
        <ActError error />
        {empty}
        <ul class="plain-list notices">{items}</ul>
        <NextLink next />
    }
}

#[component]
fn Item(notice: Notice, read: ServerAction<NoticeRead>) -> impl IntoView {
    let Notice { id, title, text, path, at, read_at, .. } = notice;
    let is_unread = read_at.is_none();
    // Whoever follows it has read it; without wasm, the button says so.
    let follow = move |_| {
        if is_unread {
            read.dispatch(NoticeRead { id: Some(id) });
        }
    };
    let mark = is_unread.then(|| {
        view! {
            <ActionForm action=read>
                <input type="hidden" name="id" value=id />
                <Act label="Mark as read" pending=read.pending() />
            </ActionForm>
        }
    });
    let unread = is_unread
        .then(|| view! { <span class="badge" data-tone="active"><span aria-hidden="true">"●"</span> " new"</span> });
    view! {
        <li data-unread=is_unread.then_some("true")>
            <p>{unread} " " <a href=path on:click=follow><strong>{title}</strong></a></p>
            <p>{text}</p>
            <div class="row-acts"><span class="hint"><Moment at /></span> {mark}</div>
        </li>
    }
}
