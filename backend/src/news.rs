//! What changed, carried by PostgreSQL's LISTEN and NOTIFY to every process, and on to open pages.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgConnection;
use strata_domain::authz::Permission;
use strata_domain::news::News;
use tokio::sync::broadcast;

use crate::ctx::{Actor, Backend, Scope};
use crate::error::Error;
use crate::listener::Listener;
use crate::notices;

/// The channel that news goes through.
pub(crate) const CHANNEL: &str = "strata_news";
/// News kept for a slow receiver; past it the receiver is told that it lagged, and reads the state again.
const KEPT: usize = 1024;
/// Pause before the next attempt to listen.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
/// Longest that it may take to read what can have moved.
const READ_WITHIN: Duration = Duration::from_secs(30);

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
    sender: broadcast::Sender<News>,
    begun: Arc<OnceLock<()>>,
}

impl NewsHub {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, sender: broadcast::Sender::new(KEPT), begun: Arc::new(OnceLock::new()) }
    }

    /// Everything that becomes news from now on, of all environments: ask [`news_for`] before passing it on.
    ///
    /// A `Lagged` error means that some was missed: read the state again. After a lost connection to the database,
    /// news of everything that can have moved meanwhile is sent, with the same meaning. Must be called in a tokio runtime.
    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        let receiver = self.sender.subscribe();
        self.begun.get_or_init(|| {
            tokio::spawn(listen(self.pool.clone(), self.sender.clone()));
        });
        receiver
    }
}

/// Whether this actor may be told of it. An actor that cannot be judged now is not told.
pub async fn news_for(backend: &Backend, actor: &Actor, news: &News) -> bool {
    if let News::Notice { account, .. } = news
        && !matches!(actor, Actor::Account(known) if known.id == *account)
    {
        return false;
    }
    let scope = Scope::Environment(news.environment());
    backend.authorise_read(actor, Permission::ViewEnvironment, scope).await.is_ok()
}

/// Listens until the pool closes.
async fn listen(pool: PgPool, sender: broadcast::Sender<News>) {
    let listening = async {
        let mut was_lost = false;
        loop {
            let lost = listen_once(&pool, &sender, &mut was_lost).await;
            if !was_lost {
                let why = lost.map_or_else(|error| error.to_string(), |()| "the connection is gone".to_owned());
                tracing::warn!("news are lost until the database answers again: {why}");
            }
            was_lost = true;
            tokio::time::sleep(RECONNECT_AFTER).await;
        }
    };
    tokio::select! {
        () = listening => {}
        () = pool.close_event() => {}
    }
}

/// Listens on one connection until it is lost.
async fn listen_once(pool: &PgPool, sender: &broadcast::Sender<News>, was_lost: &mut bool) -> Result<(), sqlx::Error> {
    let mut listener = Listener::on(pool, CHANNEL).await?;
    // Pages may have read before the connection stood: whatever can have moved is told once more.
    if std::mem::take(was_lost) {
        let read = tokio::time::timeout(READ_WITHIN, everything_open(pool)).await;
        for news in read.map_err(|_| sqlx::Error::Io(io::ErrorKind::TimedOut.into()))?? {
            let _nobody_listens = sender.send(news);
        }
        tracing::info!("news arrive again");
    }
    while let Some(notification) = listener.next().await? {
        match serde_json::from_str(notification.payload()) {
            Ok(news) => {
                let _nobody_listens = sender.send(news);
            }
            Err(error) => tracing::warn!("news that cannot be read: {error}"),
        }
    }
    Ok(())
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
    let notices = notices::missed(pool).await?;
    Ok(environments.chain(changes).chain(runs).chain(notices).collect())
}
