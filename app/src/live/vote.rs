//! How the tabs of a browser without locks agree on who leads: each has a number, and of those that stand at the same time
//! the one with the smallest is it.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use web_sys::js_sys::Math;

/// Whoever stands waits so long for one that comes before, or for a leader; tabs in the background hear late.
const WAITED_FOR: Duration = Duration::from_millis(500);

/// One tab's part in it.
pub(super) struct Vote {
    number: f64,
    /// Whether it stands.
    stands: Cell<bool>,
    timer: RefCell<Option<TimeoutHandle>>,
}

impl Vote {
    pub(super) fn new() -> Self {
        Self { number: Math::random(), stands: Cell::new(false), timer: RefCell::new(None) }
    }

    /// The tab's number.
    pub(super) fn number(&self) -> f64 {
        self.number
    }

    /// Whether this tab comes before that of the other number.
    pub(super) fn is_before(&self, other: f64) -> bool {
        self.number < other
    }

    /// Stands; `elected` is called where nobody comes before it in time.
    pub(super) fn stand(&self, elected: impl FnOnce() + 'static) {
        self.settle();
        self.stands.set(true);
        *self.timer.borrow_mut() = set_timeout_with_handle(elected, WAITED_FOR).ok();
    }

    /// Another stands.
    pub(super) fn heard(&self, other: f64) {
        if self.stands.get() && !self.is_before(other) {
            self.settle();
        }
    }

    /// There is a leader, or one that comes before: this tab stands no more.
    pub(super) fn settle(&self) {
        self.stands.set(false);
        if let Some(timer) = self.timer.borrow_mut().take() {
            timer.clear();
        }
    }
}

impl Drop for Vote {
    fn drop(&mut self) {
        self.settle();
    }
}
