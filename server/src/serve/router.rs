//! All addresses, and the layers around them in their order.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use http::StatusCode;
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list, render_app_async_with_context};
use strata_app::server_context::PublicAddress;
use strata_app::{App, shell};
use tower_http::compression::CompressionLayer;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::Level;

use super::site::Site;
use super::{
    AppState, actor, answer, answers, body, contact, csrf, device, events, headers, hosts, limit, linger, panicked,
    plain_forms, proposal, ready, record, request_id, sessions, unavailable, ways, whole,
};

/// The whole application.
pub(super) fn router(state: AppState, site: &Site) -> Router {
    let context = {
        let (backend, address) = (state.backend.clone(), PublicAddress(state.settings.address.clone()));
        move || {
            provide_context(backend.clone());
            provide_context(address.clone());
        }
    };
    let options = state.leptos.clone();
    let rendered = Router::new()
        .leptos_routes_with_context(&state, generate_route_list(App), context, move || shell(options.clone()))
        .fallback(no_such_page)
        .layer(from_fn_with_state(whole::Turns::default(), whole::render));
    let pages = Router::new()
        .route("/events", get(events::events))
        .route("/advisor/topology.yaml", get(proposal::topology_file))
        .route("/changes/{id}/record.json", get(record::change_record))
        .route("/api/{*name}", any(no_such_function))
        .merge(rendered)
        .layer(from_fn_with_state(answers::Answers::default(), answers::in_turn))
        // From here on the last one is the outermost. The library's own limit of 2 MB is below some of ours.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(state.clone(), body::take_in))
        .layer(from_fn_with_state(state.clone(), actor::identify))
        .layer(sessions::layer(&state.backend, &state.settings))
        .layer(from_fn_with_state(state.clone(), device::know))
        .layer(from_fn_with_state(state.clone(), unavailable::explain))
        .layer(from_fn(limit::guard))
        .layer(from_fn_with_state(state.clone(), plain_forms::guard))
        .layer(from_fn(panicked::told));
    Router::new()
        .route("/healthz", get(ready::alive))
        .route("/readyz", get(ready::ready))
        .route("/.well-known/security.txt", get(contact::security_txt))
        .merge(site.routes())
        .merge(pages)
        // Leaves events alone, and what is compressed already.
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(state.clone(), ways::stay))
        .layer(from_fn_with_state(state.clone(), csrf::guard))
        .layer(from_fn_with_state(state.clone(), hosts::guard))
        .layer(from_fn_with_state(state.clone(), linger::linger))
        .layer(from_fn_with_state(state.clone(), headers::add))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(request_id::span)
                .on_response(DefaultOnResponse::new().level(Level::INFO))
                // The answer's line has the status already; what went wrong is logged where it did.
                .on_failure(()),
        )
        .layer(from_fn(request_id::name))
        .with_state(state)
}

async fn no_such_function(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let error = strata_app::error::AppError::NotFound { what: "function".to_owned() };
    answer::Asker::of_parts(&parts).answer(StatusCode::NOT_FOUND, "Not found", &error, None)
}

/// The application's own page for an address it does not have.
async fn no_such_page(State(state): State<AppState>, request: Request<Body>) -> Response {
    let options = state.leptos.clone();
    let backend = state.backend.clone();
    let render =
        render_app_async_with_context(move || provide_context(backend.clone()), move || shell(options.clone()));
    let mut response = render(request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}
