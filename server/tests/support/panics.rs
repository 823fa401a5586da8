//! Panics of a server that runs in the test's own process: no answer may show them, and they fail the test all the same.

use std::panic::{set_hook, take_hook};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;

/// What panicked outside of the tests.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From here on a panic outside of the tests is kept; one in a test fails it anyway.
pub fn hear() {
    static HEARD: Once = Once::new();
    HEARD.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|location| location.file().contains("tests/")) {
                PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
            }
            usual(panic);
        }));
    });
}

/// Fails where anything was kept, at the end of a server.
pub fn none() {
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(panics.is_empty() || thread::panicking(), "the server panicked: {panics:#?}");
}
