//! The tabs of one person in one browser have one stream: the tab that holds a lock of the browser's has it, and tells
//! the others what it hears. When it closes, the browser gives the lock to the next.
//!
//! Locks come with TLS or `localhost`. Without them the tabs agree among themselves (`vote`). A tab that knows no channel
//! to the others has a stream of its own.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use leptos::prelude::*;
use leptos::wasm_bindgen::closure::Closure;
use leptos::wasm_bindgen::{JsCast, JsValue};
use serde::{Deserialize, Serialize};
use web_sys::js_sys::{Array, Date, Function, Object, Promise, Reflect};
use web_sys::{AbortController, BroadcastChannel, MessageEvent, VisibilityState};

use super::stream::Stream;
use super::vote::Vote;
use super::{Heard, Live, MARK};

/// The server sends a beat every 15 seconds; without three of them the page is not live.
const SILENT_FOR: f64 = 45_000.0;

/// A leader of which nothing is heard for so long, not even that it hears nothing, has been put to sleep.
const ASLEEP_FOR: f64 = 120_000.0;

/// How often a tab looks how long it is that something was heard.
const LOOKED_EVERY: Duration = Duration::from_secs(5);

/// What tabs say to each other.
#[derive(Serialize, Deserialize)]
enum Said {
    /// A new one asks whether the server is heard.
    Hello,
    /// The leader hears the server, and heard everything up to that mark.
    Here(Option<String>),
    /// The leader heard this.
    Heard(Heard),
    /// Without locks: the tab of that number would lead.
    Stands(f64),
    /// Without locks: the tab of that number leads.
    Leads(f64),
    /// Without locks: the leader closes.
    Leaves,
}

/// What is called with what other tabs say.
type OnMessage = Closure<dyn FnMut(MessageEvent)>;

/// This tab among the others.
struct Tab {
    live: Live,
    /// Of the lock and of the channel.
    name: String,
    /// The way to the others, with what it calls.
    channel: RefCell<Option<(BroadcastChannel, OnMessage)>>,
    /// The leader's.
    stream: RefCell<Option<Stream>>,
    /// Lets go of the lock.
    release: RefCell<Option<Function>>,
    /// Takes back the request for it.
    abort: RefCell<Option<AbortController>>,
    /// How the tabs agree where there are no locks.
    vote: Vote,
    /// When something was last heard, by this tab's clock.
    heard_at: Cell<f64>,
    /// Whether anything was heard from a leader since the page was opened.
    in_touch: Cell<bool>,
    /// Whether the page that listens is gone.
    gone: Cell<bool>,
}

/// Listens for as long as the calling component lives. Tabs of different people do not mix.
pub(super) fn join(live: Live, account: &str) {
    let tab = Rc::new(Tab {
        live,
        name: format!("strata-news-{account}"),
        channel: RefCell::new(None),
        stream: RefCell::new(None),
        release: RefCell::new(None),
        abort: RefCell::new(None),
        vote: Vote::new(),
        heard_at: Cell::new(Date::now()),
        in_touch: Cell::new(false),
        gone: Cell::new(false),
    });
    if tab.open_channel() {
        tab.say(&Said::Hello);
        tab.ask_for_lead(false);
    } else {
        tab.lead();
    }
    let weak = Rc::downgrade(&tab);
    let looking = set_interval_with_handle(move || with(&weak, Tab::look), LOOKED_EVERY).ok();
    let awake = ["online", "focus", "pageshow"].map(|event| {
        let weak = Rc::downgrade(&tab);
        window_event_listener_untyped(event, move |_| with(&weak, Tab::wake))
    });
    // The browser gives the lock of a page that is left to the next; a vote needs a word.
    let left = {
        let weak = Rc::downgrade(&tab);
        window_event_listener_untyped("pagehide", move |_| with(&weak, |tab| tab.resign()))
    };
    let tab = StoredValue::new_local(tab);
    on_cleanup(move || {
        if let Some(looking) = looking {
            looking.clear();
        }
        for handle in awake {
            handle.remove();
        }
        left.remove();
        if let Some(tab) = tab.try_get_value() {
            tab.leave();
        }
    });
}

fn with(tab: &Weak<Tab>, act: impl FnOnce(&Rc<Tab>)) {
    if let Some(tab) = tab.upgrade().filter(|tab| !tab.gone.get()) {
        act(&tab);
    }
}

impl Tab {
    /// Opens the stream, and tells the others what comes.
    fn lead(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        // Whoever followed another leader does not know up to where it heard.
        let mark = if self.in_touch.get() { None } else { page_mark() };
        let stream = Stream::open(mark, move |heard| {
            with(&weak, |tab| {
                tab.heard_at.set(Date::now());
                tab.live.hear(heard);
                tab.say(&Said::Heard(heard.clone()));
            });
        });
        *self.stream.borrow_mut() = Some(stream);
    }

    fn is_leader(&self) -> bool {
        self.stream.borrow().is_some()
    }

    fn open_channel(self: &Rc<Self>) -> bool {
        let Ok(channel) = BroadcastChannel::new(&self.name) else { return false };
        let weak = Rc::downgrade(self);
        let told = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let said = message.data().as_string().and_then(|text| serde_json::from_str(&text).ok());
            if let Some(said) = said {
                with(&weak, |tab| tab.told(said));
            }
        });
        channel.set_onmessage(Some(told.as_ref().unchecked_ref()));
        *self.channel.borrow_mut() = Some((channel, told));
        true
    }

    fn say(&self, said: &Said) {
        if let (Some((channel, _)), Ok(text)) = (&*self.channel.borrow(), serde_json::to_string(said)) {
            let _ = channel.post_message(&JsValue::from_str(&text));
        }
    }

    fn told(self: &Rc<Self>, said: Said) {
        match said {
            Said::Hello if self.is_leader() => {
                let mark = self.stream.borrow().as_ref().and_then(Stream::mark);
                let is_live = self.live.is_live.get_untracked();
                self.say(&if is_live { Said::Here(mark) } else { Said::Heard(Heard::Nothing) });
            }
            Said::Here(mark) if !self.is_leader() => {
                self.heard_at.set(Date::now());
                self.vote.settle();
                let is_first = !self.in_touch.replace(true);
                let is_known = mark.is_some() && mark == page_mark();
                self.live.hear(if is_first && !is_known { &Heard::Again } else { &Heard::Beat });
            }
            Said::Heard(heard) if !self.is_leader() => {
                self.heard_at.set(Date::now());
                self.vote.settle();
                // Between the moment at which the page was rendered and this one, news may have passed by.
                let is_first = heard != Heard::Nothing && !self.in_touch.replace(true);
                self.live.hear(if is_first { &Heard::Again } else { &heard });
            }
            Said::Stands(_) if self.is_leader() => self.say(&Said::Leads(self.vote.number())),
            Said::Stands(other) => self.vote.heard(other),
            // One of the two was asleep while the other was made leader.
            Said::Leads(other) if self.is_leader() => {
                if self.vote.is_before(other) {
                    self.say(&Said::Leads(self.vote.number()));
                } else {
                    *self.stream.borrow_mut() = None;
                    self.heard_at.set(Date::now());
                }
            }
            Said::Leads(_) => {
                self.heard_at.set(Date::now());
                self.vote.settle();
            }
            Said::Leaves if !self.is_leader() => self.ask_for_lead(false),
            Said::Hello | Said::Here(_) | Said::Heard(_) | Said::Leaves => {}
        }
    }

    /// Without locks: has the tabs agree on who leads.
    fn stand(self: &Rc<Self>) {
        if self.is_leader() {
            return;
        }
        self.say(&Said::Stands(self.vote.number()));
        let weak = Rc::downgrade(self);
        self.vote.stand(move || {
            with(&weak, |tab| {
                if !tab.is_leader() {
                    tab.say(&Said::Leads(tab.vote.number()));
                    tab.lead();
                }
            });
        });
    }

    /// The page is left, and may be come back to: a leader by vote lets another lead.
    fn resign(&self) {
        if locks().is_none() && self.is_leader() {
            *self.stream.borrow_mut() = None;
            self.say(&Said::Leaves);
        }
    }

    /// Looks how long it is that something was heard.
    fn look(self: &Rc<Self>) {
        let silence = Date::now() - self.heard_at.get();
        if silence < SILENT_FOR {
            return;
        }
        if let Some(stream) = &*self.stream.borrow() {
            // One that pauses has said so already, and tries again by itself.
            if stream.is_open() {
                stream.break_off();
            }
            return;
        }
        self.live.hear(&Heard::Nothing);
        let is_seen = document().visibility_state() == VisibilityState::Visible;
        if silence > ASLEEP_FOR && is_seen {
            self.heard_at.set(Date::now());
            self.ask_for_lead(true);
        }
    }

    /// Somebody looks at the page again, or the network is back.
    fn wake(self: &Rc<Self>) {
        if let Some(stream) = &*self.stream.borrow() {
            stream.try_now();
            return;
        }
        // Whoever resigned and is come back to may be the only one.
        if locks().is_none() && Date::now() - self.heard_at.get() > SILENT_FOR {
            self.ask_for_lead(false);
        }
    }

    /// Asks for the lock: in turn, or at once from a leader that is asleep.
    fn ask_for_lead(self: &Rc<Self>, at_once: bool) {
        let Some((manager, request)) = locks() else { return self.stand() };
        let options = Object::new();
        if at_once {
            let _ = Reflect::set(&options, &"steal".into(), &JsValue::TRUE);
        } else if let Ok(abort) = AbortController::new() {
            let _ = Reflect::set(&options, &"signal".into(), &abort.signal());
            *self.abort.borrow_mut() = Some(abort);
        }
        let weak = Rc::downgrade(self);
        let granted = Closure::<dyn FnMut(JsValue) -> JsValue>::new(move |_lock| {
            let mut promise = JsValue::UNDEFINED;
            with(&weak, |tab| {
                // Held until it is resolved, or until the browser closes the tab.
                let held = Promise::new(&mut |resolve, _| *tab.release.borrow_mut() = Some(resolve));
                promise = held.into();
                tab.lead();
            });
            promise
        });
        let weak = Rc::downgrade(self);
        let lost = Closure::<dyn FnMut(JsValue)>::new(move |_why| {
            // Another tab took the lead while this one was asleep: it waits for its next turn.
            with(&weak, |tab| {
                if tab.release.borrow_mut().take().is_some() {
                    *tab.stream.borrow_mut() = None;
                    tab.ask_for_lead(false);
                }
            });
        });
        let arguments = Array::of3(&self.name.as_str().into(), &options, &granted.into_js_value());
        let asked = Reflect::apply(&request, &manager, &arguments).ok().and_then(|asked| asked.dyn_into().ok());
        if let Some(asked) = asked {
            let asked: Promise = asked;
            let _ = asked.catch(&lost);
            // The browser calls it at most once, at a time that nobody knows.
            lost.forget();
        }
    }

    /// The page is gone: another tab may lead.
    fn leave(&self) {
        self.resign();
        self.gone.set(true);
        *self.stream.borrow_mut() = None;
        if let Some(release) = self.release.borrow_mut().take() {
            let _ = Reflect::apply(&release, &JsValue::UNDEFINED, &Array::new());
        }
        if let Some(abort) = self.abort.borrow_mut().take() {
            abort.abort();
        }
        if let Some((channel, _)) = self.channel.borrow_mut().take() {
            channel.close();
        }
    }
}

/// Up to which news the page was read when it was rendered.
fn page_mark() -> Option<String> {
    let said = document().query_selector(&format!("meta[name={MARK}]")).ok().flatten()?;
    said.get_attribute("content")
}

/// The browser's locks and how they are asked for, where it has them. By name, since `web-sys` has them only behind a
/// flag for the whole build.
fn locks() -> Option<(JsValue, Function)> {
    let manager = Reflect::get(&window().navigator(), &"locks".into()).ok().filter(JsValue::is_object)?;
    let request = Reflect::get(&manager, &"request".into()).ok()?.dyn_into().ok()?;
    Some((manager, request))
}
