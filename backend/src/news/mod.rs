//! What changed, carried by PostgreSQL's LISTEN and NOTIFY to every process, and on to open pages.

mod recent;
mod streams;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnection, PgNotification};
use strata_domain::news::News;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tower_sessions::session::Id;
use uuid::Uuid;

use crate::actor::Actor;
use crate::error::Error;
use crate::listener::{self, Listener};
use crate::loops::{Loops, Over};
use crate::trouble::Trouble;

use recent::Recent;
pub use recent::Told;
use streams::Streams;
pub use streams::{Heard, NewsStream, STREAMS_MAX};

/// The channel that news goes through.
pub(crate) const CHANNEL: &str = "strata_news";
/// The channel that says, by its id, that an account may see something else than before, or that a session of it ended.
const STANDING: &str = "strata_standing";
/// News kept for a slow receiver; past it the receiver is told that it lagged, and reads the state again.
const KEPT: usize = 1024;
/// Pause before the next attempt to listen.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
/// Longest that it may take to read what can have moved.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// What streams may hear is looked at again this often, whatever was told: sessions end by time, too.
const JUDGED_EVERY: Duration = Duration::from_secs(60);

/// Told to everybody at once, in the transaction of the thing that is news: nobody hears of what was undone.
pub(crate) async fn tell(connection: &mut PgConnection, news: &News) -> Result<(), Error> {
    sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, written(news)?).fetch_one(connection).await?;
    Ok(())
}

/// The news as the channel carries it.
pub(crate) fn written(news: &News) -> Result<String, Error> {
    serde_json::to_string(news).map_err(Error::unexpected)
}

/// One connection that listens for the whole process, begun with the first subscriber.
#[derive(Clone, Debug)]
pub struct NewsHub {
    pool: PgPool,
    loops: Loops,
    sender: broadcast::Sender<Told>,
    recent: Arc<Recent>,
    streams: Streams,
    hears: watch::Sender<bool>,
    begun: Arc<OnceLock<()>>,
}

impl NewsHub {
    pub(crate) fn new(pool: PgPool, loops: Loops) -> Self {
        Self {
            pool,
            loops,
            sender: broadcast::Sender::new(KEPT),
            recent: Arc::default(),
            streams: Streams::default(),
            hears: watch::Sender::new(false),
            begun: Arc::new(OnceLock::new()),
        }
    }

    /// Everything that becomes news from now on, of all environments, for the process itself; people get [`Self::join`].
    ///
    /// A `Lagged` error means that some was missed: read the state again. After a lost connection to the database,
    /// news of everything that can have moved meanwhile is sent, with the same meaning. Must be called in a tokio runtime.
    pub fn subscribe(&self) -> broadcast::Receiver<Told> {
        let receiver = self.sender.subscribe();
        self.begun.get_or_init(|| {
            let (hub, over) = (self.clone(), Over::Closed(self.pool.clone()));
            tokio::spawn(self.loops.clone().keep("news", over, move || listen(hub.clone())));
        });
        receiver
    }

    /// A mark of now, for [`NewsStream::catch_up`]: what becomes news after it is told after it. None while the database is
    /// not heard.
    pub fn mark(&self) -> Option<String> {
        self.hears.borrow().then(|| self.recent.mark())
    }

    /// Passes a piece on to whoever listens.
    fn pass_on(&self, news: News) {
        let _nobody_listens = self.sender.send(self.recent.add(news));
    }

    /// A stream of what the actor may hear, for as long as the session of that id lasts. What one piece of news costs does
    /// not grow with the number of streams: each knows what its account may see, and is told when that changes.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] for all but accounts, and where the session is over; [`Error::TooMuch`] where the account has
    /// [`STREAMS_MAX`] streams in this process already.
    pub async fn join(&self, actor: &Actor, session: &Id) -> Result<NewsStream, Error> {
        let account = actor.account_id()?.ok_or(Error::NotSignedIn)?;
        let stream =
            self.streams.enter(account, session, self.subscribe(), self.hears.subscribe(), Arc::clone(&self.recent))?;
        self.streams.judge(&mut *self.pool.acquire().await?, Some(account)).await?;
        if stream.is_over() { Err(Error::NotSignedIn) } else { Ok(stream) }
    }
}

/// Listens until the pool closes.
async fn listen(hub: NewsHub) {
    // What broke the loop, if anything did, may have lost news as well.
    let mut was_lost = hub.hears.send_replace(false);
    let mut trouble = Trouble::of(&hub.loops, "news");
    let listening = async {
        loop {
            let lost = listen_once(&hub, &mut was_lost, &mut trouble).await;
            hub.hears.send_replace(false);
            was_lost = true;
            let why = lost.map_or_else(|error| error.to_string(), |()| "the connection is gone".to_owned());
            trouble.failed(&why);
            tokio::time::sleep(RECONNECT_AFTER).await;
        }
    };
    tokio::select! {
        () = listening => {}
        () = hub.pool.close_event() => {}
    }
}

/// Listens on one connection until it is lost.
async fn listen_once(hub: &NewsHub, was_lost: &mut bool, trouble: &mut Trouble) -> Result<(), sqlx::Error> {
    let mut listener = Listener::on(&hub.pool, &[STANDING, CHANNEL]).await?;
    // What was told of standings before the connection stood is looked up.
    in_time(hub.streams.judge(listener.connection(), None)).await?;
    // Pages may have read before the connection stood: whatever can have moved is told once more.
    if std::mem::take(was_lost) {
        for news in in_time(everything_open(&hub.pool)).await? {
            hub.pass_on(news);
        }
    }
    trouble.passed();
    hub.hears.send_replace(true);
    let mut judged_at = Instant::now();
    loop {
        match listener.hear().await? {
            listener::Heard::Told(notification) => hear(hub, &mut listener, &notification).await?,
            listener::Heard::Quiet => {}
            listener::Heard::Lost => return Ok(()),
        }
        if judged_at.elapsed() >= JUDGED_EVERY {
            in_time(hub.streams.judge(listener.connection(), None)).await?;
            judged_at = Instant::now();
        }
    }
}

/// Passes on what a channel says. A standing is looked up before anything that was told after it is passed on, so that
/// nobody hears what they might not hear any more.
async fn hear(hub: &NewsHub, listener: &mut Listener, notification: &PgNotification) -> Result<(), sqlx::Error> {
    let payload = notification.payload();
    if notification.channel() == STANDING {
        let account = Uuid::parse_str(payload).ok();
        if account.is_none() {
            tracing::warn!("a standing that cannot be read: {payload:?}");
        }
        return in_time(hub.streams.judge(listener.connection(), account)).await;
    }
    match serde_json::from_str(payload) {
        Ok(news) => hub.pass_on(news),
        Err(error) => tracing::warn!("news that cannot be read: {error}"),
    }
    Ok(())
}

/// A database that does not answer in time is away.
async fn in_time<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(READ_WITHIN, asked)
        .await
        .unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
}

/// Every environment, the changes and runs that are not over or ended within the hour, and the notices of that hour.
async fn everything_open(pool: &PgPool) -> Result<Vec<News>, sqlx::Error> {
    let environments = sqlx::query_scalar!("SELECT slug FROM environments").fetch_all(pool).await?;
    let changes = sqlx::query!(
        "SELECT e.slug, c.id FROM changes c JOIN environments e ON e.id = c.environment_id
         WHERE c.state IN ('draft', 'in-review', 'approved', 'provisioning')
            OR c.touched_at > now() - interval '1 hour'
         ORDER BY c.id DESC LIMIT 200"
    )
    .fetch_all(pool)
    .await?;
    let runs = sqlx::query!(
        "SELECT e.slug, r.id FROM runs r JOIN environments e ON e.id = r.environment_id
         WHERE r.state IN ('queued', 'running') OR r.finished_at > now() - interval '1 hour'
         ORDER BY r.id DESC LIMIT 200"
    )
    .fetch_all(pool)
    .await?;
    let environments = environments.into_iter().map(|environment| News::Environment { environment });
    let changes = changes.into_iter().map(|row| News::Change { environment: row.slug, id: row.id });
    let runs = runs.into_iter().map(|row| News::Run { environment: row.slug, id: row.id });
    let notices = sqlx::query!(
        "SELECT DISTINCT e.slug, n.account_id FROM notices n JOIN environments e ON e.id = n.environment_id
         WHERE n.at > now() - interval '1 hour' OR n.read_at > now() - interval '1 hour'"
    )
    .fetch_all(pool)
    .await?;
    let notices =
        notices.into_iter().map(|row| News::Notice { environment: row.slug, account: row.account_id.to_string() });
    Ok(environments.chain(changes).chain(runs).chain(notices).collect())
}
