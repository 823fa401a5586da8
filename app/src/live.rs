//! News from the server: one event stream for the tab, which pages listen to by topic.

use std::collections::HashMap;

use leptos::prelude::*;
use strata_domain::news::News;

/// What a page wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Anything in that environment; none where the address names none, and the page shows the first.
    Environment(Option<String>),
    /// That change.
    Change(i64),
    /// That run.
    Run(i64),
    /// What the one who looks is told.
    Notices,
    /// What is sent by mail and to webhooks.
    Deliveries,
}

/// Counts the news of each topic; a resource that has a count in its key reads the state again when it moves.
#[derive(Clone, Copy)]
pub struct Live {
    counts: RwSignal<HashMap<Topic, u64>>,
    /// Moves when news may have been missed: everything is read again.
    epoch: RwSignal<u64>,
}

impl Live {
    /// Provides the counts to all pages.
    pub fn provide() {
        provide_context(Self { counts: RwSignal::new(HashMap::new()), epoch: RwSignal::new(0) });
    }

    /// Opens the stream for as long as the calling component lives; nobody hears news who is not signed in.
    pub fn listen() {
        #[cfg(feature = "hydrate")]
        expect_context::<Self>().open_stream();
    }

    /// How much news of the topic came so far.
    pub fn version(topic: impl Fn() -> Topic + Send + Sync + 'static) -> Memo<u64> {
        let live = expect_context::<Self>();
        Memo::new(move |_| {
            let topic = topic();
            live.epoch.get() + live.counts.with(|counts| counts.get(&topic).copied().unwrap_or_default())
        })
    }

    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser hears news"))]
    fn publish(self, news: &News) {
        self.counts.update(|counts| {
            // These move nothing of the environment itself.
            let apart = match news {
                News::Notice { .. } => Some(Topic::Notices),
                News::Delivery { .. } => Some(Topic::Deliveries),
                News::Environment { .. } | News::Change { .. } | News::Run { .. } => None,
            };
            if let Some(topic) = apart {
                *counts.entry(topic).or_default() += 1;
                return;
            }
            *counts.entry(Topic::Environment(Some(news.environment().to_owned()))).or_default() += 1;
            *counts.entry(Topic::Environment(None)).or_default() += 1;
            match news {
                News::Environment { .. } | News::Notice { .. } | News::Delivery { .. } => {}
                News::Change { id, .. } => *counts.entry(Topic::Change(*id)).or_default() += 1,
                News::Run { id, .. } => *counts.entry(Topic::Run(*id)).or_default() += 1,
            }
        });
    }

    #[cfg(feature = "hydrate")]
    fn open_stream(self) {
        use codee::string::FromToStringCodec;
        use leptos::web_sys::wasm_bindgen::JsCast;
        use leptos_use_event_source::{
            ReconnectLimit, UseEventSourceOnEventReturn, UseEventSourceOptions, use_event_source_with_options,
        };

        // Every event is taken here and none through the message signal, which would keep only the last of several.
        let on_event = move |event: &web_sys::Event| {
            match event.type_().as_str() {
                // Before it opened, since the page was rendered or since it broke off, news may have passed by.
                "open" | "reload" => self.epoch.update(|epoch| *epoch += 1),
                "message" => {
                    let data = event.dyn_ref::<web_sys::MessageEvent>().and_then(|message| message.data().as_string());
                    if let Some(news) = data.and_then(|data| serde_json::from_str::<News>(&data).ok()) {
                        self.publish(&news);
                    }
                }
                _ => {}
            }
            UseEventSourceOnEventReturn::IgnoreProcessingMessage
        };
        let _ = use_event_source_with_options::<String, FromToStringCodec>(
            "/events",
            UseEventSourceOptions::default()
                .named_events(["reload".to_owned()])
                .reconnect_limit(ReconnectLimit::Infinite)
                .on_event(on_event),
        );
    }
}
