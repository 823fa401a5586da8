//! What was not taken outlives the page: it is kept in the tab's own storage until it is done or dropped.

use leptos::prelude::*;
use strata_domain::draft::Returned;
use web_sys::Storage;

/// Why an act is found there that was on its way.
pub const UNSENT: &str = "It was not saved yet when the page was left.";

/// Where the acts of one person on one draft are kept in this tab.
#[derive(Clone, Debug)]
pub struct Shelf(String);

impl Shelf {
    /// That of the change, for that account.
    pub fn of(change: i64, me: Option<&str>) -> Self {
        Self(format!("strata-returned-{change}-{}", me.unwrap_or_default()))
    }

    /// What lies there; nothing where it cannot be read, as after another version of Strata wrote it.
    pub fn read(&self) -> Vec<Returned> {
        let text = storage().and_then(|storage| storage.get_item(&self.0).ok().flatten());
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Keeps these and nothing else. What does not fit into the storage is not kept: the page warned whoever left it.
    pub fn put(&self, returned: &[Returned]) {
        let Some(storage) = storage() else { return };
        let text = (!returned.is_empty()).then(|| serde_json::to_string(returned).ok()).flatten();
        let _ = match text {
            Some(text) => storage.set_item(&self.0, &text),
            None => storage.remove_item(&self.0),
        };
    }
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}
