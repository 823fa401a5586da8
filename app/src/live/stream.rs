//! The event stream itself, opened again with a growing pause for as long as it is wanted.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use web_sys::js_sys::{Date, Math};
use web_sys::{Event, EventSource, MessageEvent};

use super::Heard;

/// The pause before a stream that broke off is opened again; doubles up to [`LONGEST_PAUSE`], until one has lived for longer
/// than that.
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
    /// The mark up to which everything was read or heard.
    mark: RefCell<Option<String>>,
    /// When the one that is open opened, by the browser's clock.
    opened_at: Cell<Option<f64>>,
    timer: Cell<Option<TimeoutHandle>>,
}

impl Stream {
    /// Opens it; `hear` is told whatever comes after the mark.
    pub(super) fn open(mark: Option<String>, hear: impl Fn(&Heard) + 'static) -> Self {
        let inner = Rc::new(Inner {
            hear: Box::new(hear),
            source: RefCell::new(None),
            listener: RefCell::new(None),
            pause: Cell::new(FIRST_PAUSE),
            mark: RefCell::new(mark),
            opened_at: Cell::new(None),
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

    /// The mark up to which everything was read or heard.
    pub(super) fn mark(&self) -> Option<String> {
        self.0.mark.borrow().clone()
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
        let address = match &*self.mark.borrow() {
            Some(mark) => format!("/events?after={mark}"),
            None => "/events".to_owned(),
        };
        let Ok(source) = EventSource::new(&address) else { return self.break_off() };
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
        let mark = event.dyn_ref::<MessageEvent>().map(MessageEvent::last_event_id).filter(|mark| !mark.is_empty());
        if let Some(mark) = mark {
            *self.mark.borrow_mut() = Some(mark);
        }
        let heard = match event.type_().as_str() {
            // The browser's own next try comes always after the same pause, and after a refusal never.
            "error" => return self.break_off(),
            // What passed by since the page was rendered, or since it broke off, the server tells now, or that it cannot.
            "open" => {
                self.opened_at.set(Some(Date::now()));
                Heard::Beat
            }
            "reload" => Heard::Again,
            "message" => {
                let data = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
                match data.and_then(|data| serde_json::from_str(&data).ok()) {
                    Some(news) => Heard::News(news),
                    None => Heard::Beat,
                }
            }
            _ => Heard::Beat,
        };
        (self.hear)(&heard);
    }

    fn break_off(self: &Rc<Self>) {
        self.close();
        // One that is cut off each time, soon after it opened and said something, is no reason to ask again soon: a proxy may
        // do that for ever, and whoever hears it reads everything anew.
        let lived = self.opened_at.take().map_or(0.0, |opened_at| Date::now() - opened_at);
        if lived > LONGEST_PAUSE.as_secs_f64() * 1000.0 {
            self.pause.set(FIRST_PAUSE);
        }
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
