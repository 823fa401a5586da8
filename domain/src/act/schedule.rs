//! Acts on the schedule.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{About, Row, Said, Telling};
use crate::audit::AuditAction;
use crate::notice::{Kind, Sooner};
use crate::schedule::{self, Entry};

/// Something that was done to the windows and freezes of an environment.
#[derive(Clone, Debug, PartialEq)]
pub enum ScheduleAct {
    /// One was added.
    Added {
        /// The entry.
        entry: Box<Entry>,
    },
    /// One was changed.
    Changed {
        /// The entry as it was.
        before: Box<Entry>,
        /// The entry as it is.
        after: Box<Entry>,
    },
    /// One was removed.
    Removed {
        /// The entry as it was.
        entry: Box<Entry>,
        /// Why, where leads put it in force.
        reason: Option<String>,
    },
    /// A freeze that is on, or soon would be, ends sooner.
    FreezeEnded {
        /// Its id.
        freeze: i64,
        /// What people call it.
        name: String,
        /// Why.
        reason: String,
        /// What made it end sooner.
        how: Sooner,
        /// When what was ended of it began, where nothing else of it moved.
        occurrences: Vec<DateTime<Utc>>,
    },
}

impl ScheduleAct {
    pub(super) fn row(&self) -> Row {
        match self {
            Self::Added { entry } => Row::new(AuditAction::ScheduleEntryAdded, entry.kind.as_str(), &entry.name)
                .reason(Some(&entry.reason))
                .after(shown(entry)),
            Self::Changed { before, after } => {
                Row::new(AuditAction::ScheduleEntryChanged, after.kind.as_str(), &after.name)
                    .reason(Some(&after.reason))
                    .before(shown(before))
                    .after(shown(after))
            }
            Self::Removed { entry, reason } => {
                Row::new(AuditAction::ScheduleEntryRemoved, entry.kind.as_str(), &entry.name)
                    .reason(reason.as_deref())
                    .before(shown(entry))
            }
            Self::FreezeEnded { freeze, name, reason, how, occurrences } => {
                let mut after = json!({ "id": freeze, "name": name, "how": how });
                if !occurrences.is_empty() {
                    after["occurrences"] = json!(occurrences);
                }
                Row::new(AuditAction::FreezeEnded, schedule::Kind::Freeze.as_str(), name)
                    .reason(Some(reason))
                    .after(after)
            }
        }
    }

    pub(super) fn told(&self) -> Vec<Telling> {
        match self {
            Self::FreezeEnded { name, how, .. } => {
                let about = Some(About::Freeze { name: name.clone(), how: *how });
                vec![Telling { kind: Kind::FreezeEnded, change: None, said: Said { about, ..Said::default() } }]
            }
            Self::Added { .. } | Self::Changed { .. } | Self::Removed { .. } => Vec::new(),
        }
    }
}

/// An entry in the audit log.
pub(super) fn shown(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "kind": entry.kind,
        "name": entry.name,
        "when": schedule::describe(entry),
        "zone": entry.zone,
        "recurrence": entry.recurrence,
    })
}
