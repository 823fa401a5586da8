//! The advisor's topology as a file to keep.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use strata_backend::Actor;
use strata_backend::catalogues::own_load;
use strata_backend::ctx::Scope;
use strata_domain::advisor::{Figures, propose};
use strata_domain::file::write_yaml;

use super::AppState;

/// `GET /advisor/topology.yaml?env=…&subscribers=…`: the figures as the page has them in its address.
pub(super) async fn topology_file(
    State(state): State<AppState>,
    Extension(actor): Extension<Actor>,
    Query(mut given): Query<BTreeMap<String, String>>,
) -> Response {
    let environment = given.remove("env").unwrap_or_default();
    let own = match own_load(&state.backend, &actor, Scope::Environment(&environment)).await {
        Ok(view) => view.own,
        Err(error) => {
            let error = strata_app::error::AppError::from(error);
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return (status, format!("{error}\n")).into_response();
        }
    };
    match Figures::read_for(&environment, &given).and_then(|figures| propose(&figures, &own.catalogue())) {
        Ok(proposal) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/yaml")),
                (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"topology.yaml\"")),
            ];
            (headers, write_yaml(&proposal.topology)).into_response()
        }
        Err(errors) => {
            let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, format!("{}\n", told.join("\n"))).into_response()
        }
    }
}
