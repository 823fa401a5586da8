//! Takes the body of a request in, once it is clear that whoever sends it may bring one.
//!
//! Who is not signed in is told so before anything is read; what is read comes within a deadline, and no more of the
//! large ones at once than there is room for. What handlers get is whole and lies in memory.

use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use futures::StreamExt;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use strata_app::error::AppError;
use strata_app::paths;
use strata_backend::shares::{Denied, Share};
use strata_backend::{Actor, Outage, accounts};
use strata_domain::authz::Permission;

use super::answer::Asker;
use super::{AppState, Limits, arguments, limit, unavailable};

/// What is brought by people who are not signed in yet.
const OPEN: [&str; 1] = ["/api/sign_in"];
/// Whoever finds no room for an upload tries again after so many seconds.
const AGAIN_AFTER: u8 = 5;

/// The layer.
pub(super) async fn take_in(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(error) = arguments::check_address(&parts.uri) {
        return arguments::refused(&parts, &error);
    }
    // Nothing but server functions reads bodies.
    if body.is_end_stream() || !parts.uri.path().starts_with("/api/") {
        return arguments::answer(parts, body, None, next).await;
    }
    let path = parts.uri.path();
    let actor = parts.extensions.get::<Actor>().cloned().unwrap_or(Actor::Nobody);
    if actor == Actor::Nobody && !OPEN.contains(&path) {
        return sign_in_first(&parts);
    }
    let _held_until_answered = if takes_room(&parts) {
        // Whoever may bring nothing anywhere takes no room from those who may.
        if let Err(refused) = may_bring(&state, &actor, path).await {
            return refused_before(&parts, refused);
        }
        match room(&state, &actor) {
            Ok(share) => Some(share),
            Err(denied) => return no_room(&parts, denied),
        }
    } else {
        None
    };
    let bytes = match read(body, limit::most(path), &state.settings.limits).await {
        Ok(bytes) => bytes,
        Err(Unread::TooLong) => return limit::too_large(&parts, None),
        Err(Unread::Late) => return too_slow(&parts),
        Err(Unread::Broken) => return StatusCode::BAD_REQUEST.into_response(),
    };
    if let Err(error) = arguments::check_body(&parts, &bytes) {
        return arguments::refused(&parts, &error);
    }
    arguments::answer(parts, Body::from(bytes.clone()), Some(bytes), next).await
}

/// Whether it is an upload; a form needs no room.
fn takes_room(parts: &Parts) -> bool {
    let is_small = limit::announced(&parts.headers).is_some_and(|length| length <= limit::FORM_BYTES);
    !is_small && limit::is_upload(parts.uri.path())
}

/// Asks whether what is brought there may be brought by them to any environment; which one it is for stands in the body.
async fn may_bring(state: &AppState, actor: &Actor, path: &str) -> Result<(), strata_backend::Error> {
    let permission = if path == limit::IMPORT { Permission::ImportTopology } else { Permission::EditChange };
    let asked = accounts::allowed_anywhere(&state.backend, actor, permission);
    tokio::time::timeout(unavailable::ANSWER_WITHIN, asked).await.unwrap_or(Err(Outage::Away.into()))
}

fn refused_before(parts: &Parts, refused: strata_backend::Error) -> Response {
    let error = AppError::from(refused);
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = if status == StatusCode::FORBIDDEN { "Not allowed" } else { "That did not work" };
    Asker::of_parts(parts).answer(status, title, &error, None)
}

/// Room for an upload.
fn room(state: &AppState, actor: &Actor) -> Result<Share<String>, Denied> {
    let account = match actor {
        Actor::Account(account) => Some(account.id.clone()),
        Actor::Nobody | Actor::Operator => None,
    };
    state.uploads.take(account)
}

/// Why a body was not read.
enum Unread {
    TooLong,
    Late,
    Broken,
}

async fn read(body: Body, most: u64, limits: &Limits) -> Result<Bytes, Unread> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let began = Instant::now();
    let mut body = body.into_data_stream();
    let mut read = Vec::new();
    loop {
        // At every moment as much has come as it had to by then: a trickle is not waited for to its end.
        let within = limits.body_within(u64::try_from(read.len()).unwrap_or(u64::MAX));
        let patience = within.saturating_sub(began.elapsed()).min(limits.between_chunks);
        match tokio::time::timeout(patience, body.next()).await {
            Err(_) => return Err(Unread::Late),
            Ok(None) => return Ok(read.into()),
            Ok(Some(Err(_))) => return Err(Unread::Broken),
            Ok(Some(Ok(piece))) if read.len() + piece.len() > most => return Err(Unread::TooLong),
            Ok(Some(Ok(piece))) => read.extend_from_slice(&piece),
        }
    }
}

/// A program is told; a page that sent a plain form leads to where one signs in, and from there back.
fn sign_in_first(parts: &Parts) -> Response {
    let asker = Asker::of_parts(parts);
    match asker.page_before() {
        Some(page) if asker.wants_page() => Redirect::to(&paths::sign_in(&page)).into_response(),
        _ => asker.answer(StatusCode::UNAUTHORIZED, "Signed out", &AppError::NotSignedIn, None),
    }
}

fn no_room(parts: &Parts, denied: Denied) -> Response {
    let (status, message) = match denied {
        Denied::Own => (
            StatusCode::TOO_MANY_REQUESTS,
            "You are sending as many files at once as one person may. Wait until one of them has arrived, and send it again.",
        ),
        Denied::All => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Others are sending as many files at once as there is room for. Send it again in a few seconds.",
        ),
    };
    let error = AppError::Request { message: message.to_owned() };
    Asker::of_parts(parts).answer(status, "Not now", &error, Some(AGAIN_AFTER))
}

fn too_slow(parts: &Parts) -> Response {
    let error = AppError::Request { message: "it took too long to arrive. Nothing was changed.".to_owned() };
    let mut response = Asker::of_parts(parts).answer(StatusCode::REQUEST_TIMEOUT, "Too slow", &error, None);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
