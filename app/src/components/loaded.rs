//! A panel that waits for its resource, and what it shows when that fails.

use std::future::poll_fn;
use std::time::Duration;

use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::kept::{Ground, fingerprint};
use crate::error::AppError;
use crate::paths;

/// Shows `view` of what the resource brings. It is built again only when that is another than before: what somebody types,
/// opens or chooses meanwhile stays as it is. While the resource is read again the old content stays, and so it does where
/// it cannot be had for now.
pub fn loaded<Data, View>(
    resource: Resource<Result<Data, AppError>>,
    view: impl Fn(Data) -> View + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    Data: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    View: IntoView + 'static,
{
    let patience = StoredValue::new(Patience { pause: FIRST_PAUSE, waits: false, came: false });
    let moves = RwSignal::new(0_u32);
    let ground = Ground::of_browser();
    let location = use_location();
    // Of another address, what was there would be shown for what it is not.
    let place = move || (location.pathname.get_untracked(), location.search.get_untracked());
    Effect::new(move |shown: Option<Option<(_, u64)>>| {
        let shown = shown.flatten();
        let outcome = resource.get()?;
        let here = place();
        let is_kept = shown.as_ref().is_some_and(|(of, _)| *of == here);
        match &outcome {
            Ok(_) => arrived(patience),
            Err(error) if error.is_passing() => {
                try_again(resource, patience);
                if is_kept {
                    return shown;
                }
            }
            Err(_) => {}
        }
        let now = (here, fingerprint(&outcome));
        if shown.is_some_and(|shown| shown != now) {
            moves.update(|moves| *moves += 1);
        }
        Some(now)
    });
    view! {
        <Transition fallback=|| view! { <p class="loading" role="status">"Loading…"</p> }>
            {move || {
                moves.track();
                let (view, ground) = (view.clone(), ground.clone());
                Suspend::new(async move {
                    // The effect above says when there is something else to show.
                    let mut coming = Box::pin(resource.into_future());
                    let outcome = poll_fn(|context| untrack(|| coming.as_mut().poll(context))).await;
                    // Whoever leaves the page while it is read again takes its signals along: nothing may be built of them.
                    if patience.is_disposed() {
                        return None;
                    }
                    Some(ground.build(move || match outcome {
                        Ok(data) => Either::Left(view(data)),
                        Err(error) => Either::Right(view! { <ErrorPanel error /> }),
                    }))
                })
            }}
        </Transition>
    }
}

/// How long a page waits before it asks again for what could not be had for now; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(3);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How a panel waits for its content.
struct Patience {
    /// Before the next try.
    pause: Duration,
    /// Whether a next try is on its way.
    waits: bool,
    /// Whether its content came once.
    came: bool,
}

/// The content is there; the first time, the page goes to the part of it that the address names, which was not there
/// when the browser looked for it.
fn arrived(patience: StoredValue<Patience>) {
    let first = patience.try_update_value(|patience| {
        patience.pause = FIRST_PAUSE;
        !std::mem::replace(&mut patience.came, true)
    });
    if cfg!(feature = "hydrate") && first == Some(true) {
        request_animation_frame(|| {
            let fragment = window().location().hash().unwrap_or_default();
            let part = document().get_element_by_id(fragment.trim_start_matches('#'));
            let moved = window().scroll_y().is_ok_and(|at| at > 0.0);
            if let (false, Some(part)) = (moved, part) {
                part.scroll_into_view();
            }
        });
    }
}

/// Reads the resource again in a while; in the browser alone.
fn try_again<Data>(resource: Resource<Result<Data, AppError>>, patience: StoredValue<Patience>)
where
    Data: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    if cfg!(not(feature = "hydrate")) || patience.with_value(|patience| patience.waits) {
        return;
    }
    let wait = patience.with_value(|patience| patience.pause);
    patience.update_value(|patience| {
        patience.pause = (wait * 2).min(LONGEST_PAUSE);
        patience.waits = true;
    });
    let again = move || {
        // Whoever left the page takes it along.
        if patience.try_update_value(|patience| patience.waits = false).is_some() {
            resource.refetch();
        }
    };
    set_timeout(again, wait);
}

/// An error in place of what could not be loaded, with the way on.
#[component]
pub fn ErrorPanel(
    /// What went wrong.
    error: AppError,
) -> impl IntoView {
    let location = use_location();
    let heading = match &error {
        AppError::NotSignedIn => "Signed out",
        AppError::NotFound { .. } => "Not found",
        AppError::Unavailable { title, .. } => title.as_str(),
        AppError::Busy { .. } | AppError::NotNow { .. } => "Not now",
        AppError::NotYou { .. } => "Not allowed",
        AppError::TooMuch { .. } => "Too much at once",
        AppError::Conflict { .. }
        | AppError::Invalid { .. }
        | AppError::Unexpected { .. }
        | AppError::Request { .. } => "That did not work",
    }
    .to_owned();
    let way_on = match &error {
        AppError::NotSignedIn => {
            // The server never sees the fragment.
            let fragment = if cfg!(feature = "hydrate") { location.hash.get_untracked() } else { String::new() };
            let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
            let question = if search.is_empty() { "" } else { "?" };
            let next = format!("{path}{question}{search}{fragment}");
            Either::Left(view! { <a class="button" href=paths::sign_in(&next)>"Sign in"</a> })
        }
        _ => Either::Right(view! { <a class="button" href="/" rel="external">"Go to the role map"</a> }),
    };
    view! {
        <section class="panel error-panel" aria-labelledby="error-heading">
            <h1 id="error-heading">{heading}</h1>
            <p>{error.to_string()}</p>
            <p>{way_on}</p>
        </section>
    }
}
