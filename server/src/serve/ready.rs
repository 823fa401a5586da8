//! `GET /healthz`: the process lives. `GET /readyz`: it can serve, or what is missing, in words.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use strata_backend::{Backend, Error, Outage};

use super::AppState;

/// What was found holds for so long: whoever asks all the time makes no work.
const HOLDS: Duration = Duration::from_secs(2);

/// What the database was found to miss, and when.
type Found = (Instant, Vec<String>);

/// What has to be well beside the database. Whoever looks after a part of the process says here how it is; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    parts: Arc<Mutex<BTreeMap<String, String>>>,
    found: Arc<tokio::sync::Mutex<Option<Found>>>,
}

impl Readiness {
    /// A part of that name, well until it says otherwise.
    pub fn part(&self, name: impl Into<String>) -> Part {
        Part { name: name.into(), parts: Arc::clone(&self.parts) }
    }

    /// The parts that do not work, each with why.
    pub(crate) fn parts_missing(&self) -> Vec<String> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.iter().map(|(name, why)| format!("{name}: {why}")).collect()
    }

    /// What is missing now; nothing where all is well.
    async fn missing(&self, backend: &Backend) -> Vec<String> {
        let mut found = self.found.lock().await;
        let database = match found.take().filter(|(at, _)| at.elapsed() < HOLDS) {
            Some(found) => found,
            None => (Instant::now(), database(backend).await),
        };
        let mut missing = database.1.clone();
        *found = Some(database);
        missing.extend(self.parts_missing());
        missing.extend(backend.loops().missing());
        missing
    }
}

/// Says how one part of the process is.
#[derive(Clone, Debug)]
pub struct Part {
    name: String,
    parts: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Part {
    /// It works.
    pub fn is_well(&self) {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }

    /// It does not; the sentence says why, and goes to whoever asks.
    pub fn is_missing(&self, why: impl Into<String>) {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name.clone(), why.into());
    }
}

/// For whoever starts processes again: 200 as long as this one answers at all.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// For a balancer: 200 while pages can be served and acts be taken.
pub(super) async fn ready(State(state): State<AppState>) -> Response {
    let missing = state.settings.ready.missing(&state.backend).await;
    if missing.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, missing.join("\n") + "\n").into_response()
}

/// Whether the database is there, at this version, and can be written to.
async fn database(backend: &Backend) -> Vec<String> {
    let asked = async {
        if let Some(wrong) = backend.wrong_version().await? {
            return Ok(Some(wrong));
        }
        backend.probe().await?;
        Ok::<_, Error>(Outage::lately().map(|outage| outage.to_string()))
    };
    let wrong = asked.await.unwrap_or_else(|error| Some(error.to_string()));
    wrong.map(|wrong| format!("database: {wrong}")).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_how_it_is() {
        let readiness = Readiness::default();
        let (worker, mailer) = (readiness.part("worker"), readiness.part("mailer"));
        worker.is_missing("It broke, and begins again in 5 seconds.");
        mailer.is_missing("It broke.");
        mailer.is_well();
        let parts = readiness.parts.lock().unwrap();
        assert_eq!(parts.keys().map(String::as_str).collect::<Vec<_>>(), ["worker"]);
    }
}
