//! The event stream itself, opened again with a growing pause for as long as it is wanted.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use web_sys::js_sys::Math;
use web_sys::{Event, EventSource, MessageEvent};

use super::Heard;

/// The pause before a stream that broke off is opened again; doubles up to [`LONGEST_PAUSE`] while nothing is heard.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What the server sends; an answer that is none, or the end of one, comes as `error`.
const EVENTS: [&str; 5] = ["open", "message", "reload", "beat", "error"];

type Hear = Box<dyn Fn(&Heard)>;

/// An open stream; closed when it is dropped.
pub(super) struct Stream(Rc<Inner>);

/// What is called with each event.
type OnEvent = Closure<dyn FnMut(Event)>;

struct Inner {
    hear: Hear,
    source: RefCell<Option<EventSource>>,
    /// What the source calls, for as long as there is one.
    listener: RefCell<Option<OnEvent>>,
    pause: Cell<Duration>,
    timer: Cell<Option<TimeoutHandle>>,
}

impl Stream {
    /// Opens it; `hear` is told whatever comes.
    pub(super) fn open(hear: impl Fn(&Heard) + 'static) -> Self {
        let inner = Rc::new(Inner {
            hear: Box::new(hear),
            source: RefCell::new(None),
            listener: RefCell::new(None),
            pause: Cell::new(FIRST_PAUSE),
            timer: Cell::new(None),
        });
        let weak = Rc::downgrade(&inner);
        *inner.listener.borrow_mut() = Some(Closure::new(move |event: Event| {
            if let Some(inner) = weak.upgrade() {
                inner.take(&event);
            }
        }));
        inner.connect();
        Self(inner)
    }

    /// Whether it is open, or about to be; else it pauses before the next try.
    pub(super) fn is_open(&self) -> bool {
        self.0.source.borrow().is_some()
    }

    /// Gives up a stream that is open and silent, and opens it again after a pause.
    pub(super) fn break_off(&self) {
        self.0.break_off();
    }

    /// Ends the pause: somebody looks, or the network is back.
    pub(super) fn try_now(&self) {
        if !self.is_open() {
            self.0.pause.set(FIRST_PAUSE);
            self.0.connect();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Inner {
    fn connect(self: &Rc<Self>) {
        self.close();
        let Ok(source) = EventSource::new("/events") else { return self.break_off() };
        if let Some(listener) = self.listener.borrow().as_ref() {
            for event in EVENTS {
                let _ = source.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
            }
        }
        *self.source.borrow_mut() = Some(source);
    }

    fn close(&self) {
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
        if let Some(source) = self.source.borrow_mut().take() {
            source.close();
        }
    }

    fn take(self: &Rc<Self>, event: &Event) {
        let heard = match event.type_().as_str() {
            // The browser's own next try comes always after the same pause, and after a refusal never.
            "error" => return self.break_off(),
            // Before it opened, since the page was rendered or since it broke off, news may have passed by.
            "open" | "reload" => Heard::Again,
            "message" => {
                let data = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
                match data.and_then(|data| serde_json::from_str(&data).ok()) {
                    Some(news) => Heard::News(news),
                    None => Heard::Beat,
                }
            }
            _ => Heard::Beat,
        };
        // A stream that is opened and cut off at once is no reason to ask again soon.
        if event.type_() != "open" {
            self.pause.set(FIRST_PAUSE);
        }
        (self.hear)(&heard);
    }

    fn break_off(self: &Rc<Self>) {
        self.close();
        let pause = self.pause.get();
        self.pause.set((pause * 2).min(LONGEST_PAUSE));
        let weak = Rc::downgrade(self);
        let again = move || {
            if let Some(inner) = weak.upgrade() {
                inner.connect();
            }
        };
        // Not all browsers at one moment, when a server is back.
        let pause = pause.mul_f64(Math::random().mul_add(0.5, 0.75));
        self.timer.set(set_timeout_with_handle(again, pause).ok());
        (self.hear)(&Heard::Nothing);
    }
}
