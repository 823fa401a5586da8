//! Ids of our own making.

use uuid::Uuid;

/// A new id that sorts by time: also for what a log tells of.
#[expect(clippy::disallowed_methods, reason = "the one place where the backend makes ids")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
