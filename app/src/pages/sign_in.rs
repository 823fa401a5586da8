//! Signing in.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::session::SignIn;
use crate::components::{Act, ActError, TextField};
use crate::error::AppError;
use crate::pages::layout::Mark;
use crate::pages::query;

/// E-mail and password; leads on to `next`.
#[component]
pub fn SignInPage() -> impl IntoView {
    let action = ServerAction::<SignIn>::new();
    let next = query("next");
    // The server never sees it; a browser carries it along from the page that asked to sign in.
    let fragment = RwSignal::new(String::new());
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| fragment.set(window().location().hash().unwrap_or_default()));
    let next = move || {
        let (next, fragment) = (next.get(), fragment.get());
        (next.is_some() || !fragment.is_empty()).then(|| next.unwrap_or_else(|| "/".to_owned()) + &fragment)
    };
    let error = move || action.value().get().and_then(Result::err);
    let password_error =
        Signal::derive(move || error().and_then(|error| error.for_field("password").map(ToOwned::to_owned)));
    let other_error = Signal::derive(move || error().filter(|error| !matches!(error, AppError::Invalid { .. })));
    view! {
        <Title text="Sign in" />
        <main id="main" class="sign-in">
            <p class="brand"><Mark /> "Strata"</p>
            <h1>"Sign in"</h1>
            <ActionForm action=action>
                <ActError error=other_error />
                {move || next().map(|next| view! { <input type="hidden" name="next" value=next /> })}
                <TextField id="email" name="email" label="E-mail" kind="email" required=true autocomplete="username" />
                <TextField
                    id="password"
                    name="password"
                    label="Password"
                    kind="password"
                    required=true
                    autocomplete="current-password"
                    error=password_error
                />
                <Act label="Sign in" tone="primary" pending=action.pending() />
            </ActionForm>
        </main>
    }
}
