//! Signing in and out.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::account::AccountId;
use strata_domain::environment::Environment;

use crate::error::AppError;

/// Who is signed in, and where they may look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The account.
    pub account: AccountId,
    /// Name for people.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    /// Environments that they may view, by name.
    pub environments: Vec<Environment>,
    /// Notices that they have not read.
    pub unread: i64,
}

/// The session of the one who asks; none for somebody who is not signed in.
#[server(prefix = "/api", endpoint = "session_load", input = GetUrl)]
pub async fn session_load() -> Result<Option<SessionView>, AppError> {
    use strata_backend::ctx::Actor;
    use strata_backend::header::{HeaderView, header_load};

    use crate::server_context::{actor, answer, backend};

    let actor = actor();
    let Actor::Account(account) = &actor else { return Ok(None) };
    let HeaderView { environments, unread } = answer(header_load(&backend(), &actor).await)?;
    let strata_backend::ctx::Account { id, name, email } = account.clone();
    Ok(Some(SessionView { account: id, name, email, environments, unread }))
}

/// Starts a session and leads on to `next`.
#[server(prefix = "/api", endpoint = "sign_in")]
pub async fn sign_in(email: String, password: String, next: Option<String>) -> Result<(), AppError> {
    use strata_backend::accounts::{Origin, SignInError};

    use crate::server_context::{backend, client_address, device_keep, device_word, fail, session};

    let device = device_word();
    let origin = Origin { address: client_address(), device: device.as_deref() };
    let signed_in = match strata_backend::accounts::sign_in(&backend(), &email, &password, origin).await {
        Ok(signed_in) => signed_in,
        Err(SignInError::WrongCredentials) => {
            let message = "No account has this e-mail with this password.".to_owned();
            return Err(fail(AppError::Invalid { field: "password".to_owned(), message }));
        }
        Err(SignInError::Wait { seconds }) => {
            let unit = if seconds == 1 { "second" } else { "seconds" };
            let reason = format!("Too many attempts. Wait {seconds} {unit}, then try again.");
            return Err(fail(AppError::TooMuch { what: reason, seconds }));
        }
        Err(SignInError::Backend(error)) => return Err(fail(error.into())),
    };
    crate::server_context::session_begin(&session()?, &signed_in.account, signed_in.epoch).await?;
    device_keep(signed_in.device);
    leptos_axum::redirect(&crate::paths::safe_next(next.as_deref()));
    Ok(())
}

/// Ends this session.
#[server(prefix = "/api", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend, forget_here, session, session_end};

    session_end(&session()?).await?;
    answer(strata_backend::accounts::signed_out(&backend(), &actor()).await)?;
    forget_here();
    leptos_axum::redirect("/sign-in");
    Ok(())
}

/// Ends every session of this account, on all machines.
#[server(prefix = "/api", endpoint = "sign_out_everywhere")]
pub async fn sign_out_everywhere() -> Result<(), AppError> {
    use crate::server_context::{actor, answer, backend, forget_here, session, session_end};

    answer(strata_backend::accounts::sign_out_everywhere(&backend(), &actor()).await)?;
    session_end(&session()?).await?;
    forget_here();
    leptos_axum::redirect("/sign-in");
    Ok(())
}
