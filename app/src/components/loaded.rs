//! A panel that waits for its resource, and what it shows when that fails.

use std::time::Duration;

use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::AppError;
use crate::paths;

/// Shows `view` of what the resource brings; while it is read again the old content stays.
pub fn loaded<Data, View>(
    resource: Resource<Result<Data, AppError>>,
    view: impl Fn(Data) -> View + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    Data: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    View: IntoView + 'static,
{
    let page = StoredValue::new(());
    view! {
        <Transition fallback=|| view! { <p class="loading" role="status">"Loading…"</p> }>
            {move || {
                let view = view.clone();
                Suspend::new(async move {
                    let outcome = resource.await;
                    // Whoever leaves the page while it is read again takes its signals along: nothing may be built of them.
                    if page.is_disposed() {
                        return None;
                    }
                    Some(match outcome {
                        Ok(data) => Either::Left(view(data)),
                        Err(error) => {
                            if error.is_passing() {
                                try_again(resource);
                            }
                            Either::Right(view! { <ErrorPanel error /> })
                        }
                    })
                })
            }}
        </Transition>
    }
}

/// How long a page waits before it asks again for what could not be had for now.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reads the resource again in a while; in the browser alone.
fn try_again<Data>(resource: Resource<Result<Data, AppError>>)
where
    Data: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    if cfg!(feature = "hydrate") {
        set_timeout(move || resource.refetch(), PATIENCE);
    }
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
        AppError::Unavailable => "The database does not answer",
        AppError::Refused { .. } => "Not allowed",
        AppError::TooMuch { .. } => "Too much at once",
        AppError::Conflict { .. }
        | AppError::Invalid { .. }
        | AppError::Unexpected { .. }
        | AppError::Request { .. } => "That did not work",
    };
    let way_on = match &error {
        AppError::NotSignedIn => {
            let next = format!("{}{}", location.pathname.get_untracked(), location.search.get_untracked());
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
