//! Streams of news for people: what each account may hear is known for all its streams at once, and looked up again only
//! when the database tells that it changed.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::postgres::Postgres;
use strata_domain::account::{Capability, Standing};
use strata_domain::authz::{Permission, allow};
use strata_domain::news::News;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tower_sessions::session::Id;
use uuid::Uuid;

use super::recent::{Recent, Told};
use crate::error::Error;
use crate::sessions;

/// Streams of one account in one process at most. Each holds a connection and a little memory; a browser needs one of
/// them, and nobody has a hundred browsers.
pub const STREAMS_MAX: usize = 100;
/// When it is worth asking again.
const AGAIN_AFTER_SECONDS: u32 = 30;

/// The hash of a session's id, as the database has it.
type SessionHash = [u8; 32];

/// What comes through a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A piece of news.
    News(News),
    /// Some was missed: read the state again.
    Missed,
}

/// What an account may hear.
#[derive(Clone, Debug, Default)]
struct Views {
    /// Its sessions that last, of those that have a stream.
    sessions: BTreeSet<SessionHash>,
    /// The environments that it may view, by slug.
    environments: BTreeSet<String>,
}

/// An account that has streams.
#[derive(Debug)]
struct Listener {
    /// The session of each stream.
    streams: BTreeMap<u64, SessionHash>,
    views: watch::Sender<Arc<Views>>,
    /// The ticket of the look-up that the views are from: of two at once, the one begun later stands.
    ticket: u64,
}

/// All streams of the process, by account.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    accounts: HashMap<Uuid, Listener>,
    /// Counts streams and look-ups.
    counter: u64,
}

impl Inner {
    fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }
}

impl Streams {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stream that hears nothing before [`Self::judge`] has looked at its account.
    pub(super) fn enter(
        &self,
        account: Uuid,
        session: &Id,
        news: broadcast::Receiver<Told>,
        hears: watch::Receiver<bool>,
        recent: Arc<Recent>,
    ) -> Result<NewsStream, Error> {
        let session = sessions::hashed(session);
        let mut inner = self.inner();
        let number = inner.count();
        let listener = inner.accounts.entry(account).or_insert_with(|| Listener {
            streams: BTreeMap::new(),
            views: watch::Sender::default(),
            ticket: 0,
        });
        if listener.streams.len() >= STREAMS_MAX {
            return Err(Error::TooMuch {
                what: format!("This account has {STREAMS_MAX} pages open already; close some of them."),
                seconds: AGAIN_AFTER_SECONDS,
            });
        }
        listener.streams.insert(number, session);
        let views = listener.views.subscribe();
        let streams = self.clone();
        let (missed, heard) = (VecDeque::new(), recent.last());
        Ok(NewsStream { account, number, session, news, views, hears, recent, missed, heard, streams })
    }

    /// Looks up what the account may hear, or each one that has streams; ends the streams of sessions that are over.
    pub(super) async fn judge<'c>(
        &self,
        database: impl sqlx::Executor<'c, Database = Postgres>,
        account: Option<Uuid>,
    ) -> Result<(), sqlx::Error> {
        let (ticket, accounts, sessions) = {
            let mut inner = self.inner();
            let ticket = inner.count();
            let asked = inner.accounts.iter().filter(|(id, _)| account.is_none_or(|one| one == **id));
            let (mut accounts, mut sessions) = (Vec::new(), Vec::new());
            for (id, listener) in asked {
                accounts.push(*id);
                sessions.extend(listener.streams.values().map(|hash| hash.to_vec()));
            }
            (ticket, accounts, sessions)
        };
        if accounts.is_empty() {
            return Ok(());
        }
        // `epoch` is what sign-in put into the session (`sessions::EPOCH_KEY`). The two lists of grants have one order.
        let rows = sqlx::query!(
            r#"SELECT a.id,
                      ARRAY(SELECT s.id_hash FROM sessions s
                            WHERE s.account_id = a.id AND s.id_hash = ANY($2) AND s.expires_at > now()
                              AND s.data -> 'epoch' = to_jsonb(a.session_epoch)) AS "sessions!",
                      ARRAY(SELECT e.slug FROM grants g JOIN environments e ON e.id = g.environment_id
                            WHERE g.account_id = a.id ORDER BY e.slug, g.capability) AS "environments!",
                      ARRAY(SELECT g.capability FROM grants g JOIN environments e ON e.id = g.environment_id
                            WHERE g.account_id = a.id ORDER BY e.slug, g.capability) AS "capabilities!"
               FROM accounts a WHERE a.id = ANY($1) AND a.disabled_at IS NULL"#,
            &accounts,
            &sessions,
        )
        .fetch_all(database)
        .await?;
        let mut found: HashMap<Uuid, Views> = HashMap::new();
        for row in rows {
            let sessions = row.sessions.into_iter().filter_map(|hash| hash.try_into().ok()).collect();
            let environments = viewed(row.environments.into_iter().zip(row.capabilities));
            found.insert(row.id, Views { sessions, environments });
        }
        let mut inner = self.inner();
        for account in accounts {
            // Who is not found is unknown or disabled, and hears nothing.
            let views = Arc::new(found.remove(&account).unwrap_or_default());
            if let Some(listener) = inner.accounts.get_mut(&account).filter(|listener| listener.ticket < ticket) {
                listener.ticket = ticket;
                listener.views.send_replace(views);
            }
        }
        Ok(())
    }
}

/// The environments that somebody with these grants may view.
fn viewed(grants: impl Iterator<Item = (String, String)>) -> BTreeSet<String> {
    let mut standings: BTreeMap<String, Standing> = BTreeMap::new();
    for (environment, capability) in grants {
        standings.entry(environment).or_default().capabilities.extend(capability.parse::<Capability>());
    }
    standings.retain(|_, standing| allow(standing, Permission::ViewEnvironment).is_ok());
    standings.into_keys().collect()
}

/// The news of one person, as long as their session lasts. Dropping it makes room for another.
#[derive(Debug)]
pub struct NewsStream {
    account: Uuid,
    number: u64,
    session: SessionHash,
    news: broadcast::Receiver<Told>,
    views: watch::Receiver<Arc<Views>>,
    hears: watch::Receiver<bool>,
    recent: Arc<Recent>,
    /// What was told before it began, and is to be told of.
    missed: VecDeque<Told>,
    /// The number of the last that it told, or passed over.
    heard: u64,
    streams: Streams,
}

impl NewsStream {
    /// The next piece of news; none when the session is over, or nothing will come any more.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if self.is_over() {
                return None;
            }
            if let Some(told) = self.missed.pop_front() {
                self.heard = self.heard.max(told.number);
                if self.may_hear(&told.news) {
                    return Some(Heard::News(told.news));
                }
                continue;
            }
            let heard = tokio::select! {
                heard = self.news.recv() => heard,
                // Another standing: the session may be over.
                changed = self.views.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return None,
                },
            };
            match heard {
                Ok(_) | Err(RecvError::Lagged(_)) if self.is_over() => return None,
                // Of what was caught up with.
                Ok(told) if told.number <= self.heard => {}
                Ok(told) => {
                    self.heard = told.number;
                    if self.may_hear(&told.news) {
                        return Some(Heard::News(told.news));
                    }
                }
                Err(RecvError::Lagged(_)) => return Some(Heard::Missed),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Has what was told since a mark be told here as well; false where that is not known any more, and everything is to be
    /// read again.
    pub fn catch_up(&mut self, mark: &str) -> bool {
        match self.recent.since(mark) {
            Some(missed) => {
                self.heard = missed.back().map_or(self.heard, |last| last.number.max(self.heard));
                self.missed = missed;
                true
            }
            None => false,
        }
    }

    /// The mark of the last that was heard here.
    pub fn mark(&self) -> String {
        let next = self.missed.front().map(|told| told.number - 1);
        self.recent.mark_of(next.unwrap_or(self.heard))
    }

    /// Whether the session has ended.
    pub fn is_over(&self) -> bool {
        !self.views.borrow().sessions.contains(&self.session)
    }

    /// Whether what becomes news arrives here at present: the database is heard.
    pub fn is_live(&self) -> bool {
        *self.hears.borrow()
    }

    fn may_hear(&self, news: &News) -> bool {
        let is_theirs = match news {
            News::Notice { account, .. } => Uuid::parse_str(account).is_ok_and(|account| account == self.account),
            News::Environment { .. } | News::Change { .. } | News::Run { .. } | News::Delivery { .. } => true,
        };
        is_theirs && self.views.borrow().environments.contains(news.environment())
    }
}

impl Drop for NewsStream {
    fn drop(&mut self) {
        let mut inner = self.streams.inner();
        let Some(listener) = inner.accounts.get_mut(&self.account) else { return };
        listener.streams.remove(&self.number);
        if listener.streams.is_empty() {
            inner.accounts.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_nothing_views_nothing() {
        let grants = [("lab", "viewer"), ("lab", "lead"), ("production", "of another version")];
        let grants = grants.into_iter().map(|(slug, word)| (slug.to_owned(), word.to_owned()));
        assert_eq!(viewed(grants), BTreeSet::from(["lab".to_owned()]));
    }
}
