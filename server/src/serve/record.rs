//! A change as one JSON document to keep.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderValue, StatusCode, header};
use strata_backend::Actor;
use strata_backend::changes;

use super::AppState;

/// `GET /changes/{id}/record.json`.
pub(super) async fn change_record(
    State(state): State<AppState>,
    Extension(actor): Extension<Actor>,
    Path(id): Path<i64>,
) -> Response {
    match changes::change_record(&state.backend, &actor, id).await {
        Ok(record) => {
            let name = HeaderValue::from_str(&format!("attachment; filename=\"change-{id}.json\""));
            let headers = [(header::CONTENT_DISPOSITION, name.unwrap_or(HeaderValue::from_static("attachment")))];
            (headers, Json(record)).into_response()
        }
        Err(error) => {
            let error = strata_app::error::AppError::from(error);
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, format!("{error}\n")).into_response()
        }
    }
}
