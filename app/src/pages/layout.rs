//! The frame: where one is, where one can go, and who one is.

use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{A, Outlet};
use leptos_router::hooks::use_location;

use crate::api::notices::notice_unread;
use crate::api::session::{SessionView, SignOut, SignOutEverywhere, session_load};
use crate::live::{Live, LiveStatus, Topic};
use crate::pages::query;
use crate::paths;

/// Header, main part and the page in it.
#[component]
pub fn Layout() -> impl IntoView {
    let session = Resource::new_blocking(|| (), |()| session_load());
    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to the content"</a>
        <header class="site-header">
            <a class="brand" href="/"><Mark /> "Strata"</a>
            <Transition>
                {move || Suspend::new(async move {
                    match session.await {
                        Ok(Some(session)) => Either::Left(view! { <SignedIn session /> }),
                        _ => Either::Right(view! { <a class="button" href="/sign-in">"Sign in"</a> }),
                    }
                })}
            </Transition>
        </header>
        <LiveStatus />
        <main id="main" tabindex="-1">
            <Outlet />
        </main>
    }
}

/// The sign of Strata: three layers.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            <path d="M12 2 22 7 12 12 2 7z" class="mark-top" />
            <path d="M2 12 12 17 22 12" class="mark-line" />
            <path d="M2 17 12 22 22 17" class="mark-line" />
        </svg>
    }
}

#[component]
fn SignedIn(session: SessionView) -> impl IntoView {
    Live::listen(&session.account);
    let env = query("env");
    let location = use_location();
    let first = session.environments.first().map(|environment| environment.slug.clone()).unwrap_or_default();
    let environment = Memo::new(move |_| env.get().unwrap_or_else(|| first.clone()));
    let link = move |path: fn(&str) -> String, label: &'static str| {
        view! { <li><A href=move || path(&environment.get()) exact=label == "Role map">{label}</A></li> }
    };
    let switch = (session.environments.len() > 1).then(|| {
        let others: Vec<_> = session
            .environments
            .iter()
            .map(|other| {
                let slug = other.slug.clone();
                let href = {
                    let slug = slug.clone();
                    move || {
                        let path = location.pathname.get();
                        // A change or a run belongs to its environment; from one of them the switch leads to the map.
                        let list = [
                            "/changes",
                            "/approvals",
                            "/runs",
                            "/history",
                            "/catalogue",
                            "/settings/policy",
                            "/settings/schedule",
                            "/settings/notifications",
                            "/settings/webhooks",
                            "/what-if",
                            "/audit",
                        ]
                        .into_iter()
                        .find(|list| path == *list)
                        .unwrap_or("/");
                        format!("{list}?env={slug}")
                    }
                };
                let current = {
                    let slug = slug.clone();
                    move || (environment.get() == slug).then_some("true")
                };
                view! { <li><a href=href aria-current=current>{slug}</a></li> }
            })
            .collect();
        view! {
            <details class="menu" name="header-menu">
                <summary><span class="menu-label">"Environment"</span> " " {environment}</summary>
                <ul>{others}</ul>
            </details>
        }
    });
    view! {
        <nav class="site-nav" aria-label="Pages">
            <ul>
                {link(paths::role_map, "Role map")} {link(paths::changes, "Changes")} {link(paths::approvals, "Approvals")} {link(paths::runs, "Runs")}
                {link(paths::history, "History")} {link(paths::catalogue, "Catalogue")} {link(paths::policy, "Settings")} {link(paths::audit, "Audit")}
            </ul>
        </nav>
        {switch}
        <Bell unread=session.unread />
        <Account name=session.name email=session.email />
    }
}

/// How much the one who is signed in has not read yet; moves by itself.
///
/// No resource of its own: one that is made once the session is known would have another place in the order of all
/// resources on the server than in the browser, and so another's value.
#[component]
fn Bell(
    /// How much it was when the session was read.
    unread: i64,
) -> impl IntoView {
    let count = RwSignal::new(unread);
    let news = Live::version(|| Topic::Notices);
    Effect::new(move |before: Option<u64>| {
        let now = news.get();
        if before.is_some_and(|before| before != now) {
            spawn_local(async move {
                if let Ok(unread) = notice_unread().await {
                    // Whoever signed out meanwhile has no bell any more.
                    let _gone = count.try_set(unread);
                }
            });
        }
        now
    });
    let said = move || match count.get() {
        0 => "Notifications, nothing unread".to_owned(),
        count => format!("Notifications, {count} unread"),
    };
    let shown = move || match count.get() {
        0 => String::new(),
        count if count > 99 => "99+".to_owned(),
        count => count.to_string(),
    };
    view! {
        <a class="bell" href=paths::notices() aria-label=said data-unread=move || (count.get() > 0).then_some("true")>
            <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
                <path d="M12 3a6 6 0 0 0-6 6v4l-2 3h16l-2-3V9a6 6 0 0 0-6-6zM10 19a2 2 0 0 0 4 0" />
            </svg>
            <span class="bell-count">{shown}</span>
        </a>
    }
}

#[component]
fn Account(name: String, email: String) -> impl IntoView {
    let sign_out = ServerAction::<SignOut>::new();
    let sign_out_everywhere = ServerAction::<SignOutEverywhere>::new();
    view! {
        <details class="menu menu-end" name="header-menu">
            <summary>{name}</summary>
            <div class="menu-body">
                <p class="hint">{email}</p>
                <ActionForm action=sign_out><button type="submit" class="button">"Sign out"</button></ActionForm>
                <ActionForm action=sign_out_everywhere>
                    <button type="submit" class="button">"Sign out everywhere"</button>
                </ActionForm>
            </div>
        </details>
    }
}
