//! The rooms of the backend have an order: each uses those before it alone, so that one can be read without what comes after.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom to the top.
const ORDER: &[&str] = &[
    // What stands for itself.
    "ids",
    "outage",
    "error",
    "shares",
    "turns",
    "networks",
    "kept",
    // Who asks, and how the database and the cores are asked.
    "actor",
    "connections",
    "stored",
    "roles",
    "listener",
    "hashing",
    "heavy",
    "loops",
    "trouble",
    "sessions",
    // What an act leaves: its pace, what is told of it, and to whom at once.
    "paces",
    "outbox",
    "news",
    "work",
    "ctx",
    "audit",
    // What there is, and what becomes of it.
    "accounts",
    "catalogues",
    "environments",
    "changes",
    "policies",
    "schedule",
    "approvals",
    "proposals",
    "runs",
    "worker",
    "history",
    // Fed by acts alone.
    "deliveries",
    "webhooks",
    "notices",
    // What is at the head of every page.
    "header",
];

/// Uses that go up. None is added; one that is gone is taken off here, too.
const BACK: &[(&str, &str)] = &[
    ("accounts", "changes"),
    ("approvals", "proposals"),
    ("approvals", "runs"),
    ("catalogues", "changes"),
    ("catalogues", "environments"),
    ("catalogues", "proposals"),
    ("changes", "approvals"),
    ("changes", "runs"),
    ("changes", "schedule"),
    ("environments", "changes"),
    ("policies", "approvals"),
    ("policies", "proposals"),
    ("schedule", "approvals"),
    ("schedule", "proposals"),
    ("webhooks", "notices"),
];

#[test]
fn each_room_uses_those_below_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut up = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    for file in files(&folder) {
        let room = room_of(&folder, &file);
        if room == "lib" {
            continue;
        }
        let Some(place) = place_of(&room) else {
            unknown.insert(room);
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        // Tests may use what they like.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for used in text.split("crate::").skip(1) {
            let name: String =
                used.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect();
            if place_of(&name).is_some_and(|other| other > place) {
                up.insert((room.clone(), name));
            }
        }
    }
    assert!(unknown.is_empty(), "Give these rooms a place in ORDER of {}: {unknown:?}", file!());
    let known: BTreeSet<_> = BACK.iter().map(|(room, used)| ((*room).to_owned(), (*used).to_owned())).collect();
    let new: Vec<_> = up.difference(&known).collect();
    assert!(
        new.is_empty(),
        "These use a room above them: {new:?}. What both need belongs into a room below both; what an act causes elsewhere \
         belongs to the room above, which uses this one."
    );
    let gone: Vec<_> = known.difference(&up).collect();
    assert!(gone.is_empty(), "These go up no more; take them off BACK: {gone:?}");
}

fn place_of(room: &str) -> Option<usize> {
    ORDER.iter().position(|one| *one == room)
}

fn room_of(folder: &Path, file: &Path) -> String {
    let first = file.strip_prefix(folder).unwrap().components().next().unwrap();
    first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}
