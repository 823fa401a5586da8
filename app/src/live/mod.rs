//! News from the server: one event stream for a browser, which pages listen to by topic.
//!
//! The tabs of one person share it (`tabs`): a browser keeps six connections to a server over HTTP/1.1, and with a
//! stream for each tab the seventh would never load. A page says when nothing is heard ([`LiveStatus`]), and reads again
//! what it shows when something is.

mod status;
#[cfg(feature = "hydrate")]
mod stream;
#[cfg(feature = "hydrate")]
mod tabs;
#[cfg(feature = "hydrate")]
mod vote;

use std::collections::HashMap;

use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use strata_domain::news::News;

pub use status::LiveStatus;

/// The name under which a page says up to which news it was read.
pub const MARK: &str = "strata-news";

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

/// What is heard on the stream, and told from the tab that has it to the others.
#[cfg(feature = "hydrate")]
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Heard {
    /// A piece of news.
    News(News),
    /// News may have passed by: everything is to be read again.
    Again,
    /// Nothing new; the server is there.
    Beat,
    /// The server cannot be heard.
    Nothing,
}

/// Counts the news of each topic; a resource that has a count in its key reads the state again when it moves.
#[derive(Clone, Copy)]
pub struct Live {
    counts: RwSignal<HashMap<Topic, u64>>,
    /// Moves when news may have been missed: everything is read again.
    epoch: RwSignal<u64>,
    /// Whether the server is heard; taken to be so until it is known better.
    is_live: RwSignal<bool>,
}

impl Live {
    /// Provides the counts to all pages.
    pub fn provide() {
        provide_context(Self {
            counts: RwSignal::new(HashMap::new()),
            epoch: RwSignal::new(0),
            is_live: RwSignal::new(true),
        });
    }

    /// Hears the news of that account for as long as the calling component lives; nobody hears any who is not signed in.
    #[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "only a browser hears news"))]
    pub fn listen(account: &str) {
        #[cfg(feature = "hydrate")]
        tabs::join(expect_context::<Self>(), account);
    }

    /// How much news of the topic came so far.
    pub fn version(topic: impl Fn() -> Topic + Send + Sync + 'static) -> Memo<u64> {
        let live = expect_context::<Self>();
        Memo::new(move |_| {
            let topic = topic();
            live.epoch.get() + live.counts.with(|counts| counts.get(&topic).copied().unwrap_or_default())
        })
    }

    /// Takes in what was heard.
    #[cfg(feature = "hydrate")]
    fn hear(self, heard: &Heard) {
        let was_live = self.is_live.get_untracked();
        match heard {
            Heard::Nothing if was_live => self.is_live.set(false),
            Heard::Nothing => {}
            Heard::News(news) if was_live => self.publish(news),
            Heard::Beat if was_live => {}
            // Meanwhile news may have passed by, of which this piece is only the last.
            Heard::News(_) | Heard::Beat | Heard::Again => self.epoch.update(|epoch| *epoch += 1),
        }
        if !was_live && *heard != Heard::Nothing {
            self.is_live.set(true);
        }
    }

    #[cfg(feature = "hydrate")]
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
}
