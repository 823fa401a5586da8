//! The only door to the pool: authorise, read or write, and end every write with its audit row.

mod listed;
mod place;
mod transaction;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{PgPool, Postgres, Transaction};
use strata_domain::account::Person;
use strata_domain::authz::Permission;
use tracing::Instrument;
use uuid::Uuid;

use crate::error::Error;
use crate::hashing::Hashing;
use crate::heavy;
use crate::kept::Kept;
use crate::loops::Loops;
use crate::news::NewsHub;
use crate::outage::Outage;
use crate::roles::{self, VersionError};
use crate::sessions::PgSessionStore;

pub use crate::actor::{Account, Actor};
pub use crate::connections::{Limits, pool_options};
pub(crate) use crate::connections::{statement, within};
pub use listed::Listed;
pub(crate) use listed::next_after;
pub use place::Scope;
pub(crate) use place::{Place, standing};
pub(crate) use transaction::Source;
pub use transaction::{Read, Write};

/// Begins what sees everything as of one moment.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Everything that use cases need of the outside world. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Backend {
    pool: PgPool,
    news: NewsHub,
    loops: Loops,
    hashing: Hashing,
    kept: Kept,
}

impl Backend {
    /// A backend over that pool (made with [`pool_options`]), whose database has been migrated.
    pub fn new(pool: PgPool) -> Self {
        let loops = Loops::default();
        let news = NewsHub::new(pool.clone(), loops.clone());
        Self { pool, news, loops, hashing: Hashing::default(), kept: Kept::default() }
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it is not.
    pub async fn ping(&self) -> Result<(), Error> {
        statement(async { Ok(sqlx::query("SELECT 1").execute(&self.pool).await.map(drop)?) }).await
    }

    /// Asks the database whether it can be written to, by writing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with what is in the way.
    pub async fn probe(&self) -> Result<(), Error> {
        statement(async { Ok(sqlx::query("UPDATE write_probe SET at = now()").execute(&self.pool).await.map(drop)?) })
            .await
    }

    /// Asks whether the database is at this version; says what is to be done where it is not.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be asked.
    pub async fn wrong_version(&self) -> Result<Option<String>, Error> {
        statement(async {
            let mut connection = self.pool.acquire().await?;
            match roles::at_this_version(&mut connection).await {
                Ok(()) => Ok(None),
                Err(VersionError::Database(error)) => Err(error.into()),
                Err(wrong) => Ok(Some(wrong.to_string())),
            }
        })
        .await
    }

    /// Begins a transaction: the one place where one is begun.
    ///
    /// In a task of its own, because a request that is dropped while BEGIN is under way would leave its connection in a
    /// transaction that sqlx 0.9.0 knows nothing of (launchbadge/sqlx#4393), and whoever got it next would fail.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.begin_with("BEGIN").await
    }

    /// Whether all connections are in use; those that are dead are in use by nobody.
    fn is_exhausted(&self) -> bool {
        self.pool.size() >= self.pool.options().get_max_connections() && self.pool.num_idle() == 0
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where a transaction is begun")]
    async fn begin_with(&self, statement: &'static str) -> Result<Transaction<'static, Postgres>, Error> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(statement).await }.in_current_span());
        match begun.await {
            Ok(Err(sqlx::Error::PoolTimedOut)) if self.is_exhausted() => {
                tracing::warn!(
                    "all {} connections to the database are in use (STRATA_DATABASE_CONNECTIONS)",
                    self.pool.size()
                );
                Err(Outage::Exhausted.into())
            }
            Ok(begun) => Ok(begun?),
            // The runtime ends.
            Err(cancelled) if cancelled.is_cancelled() => Err(Outage::Away.into()),
            Err(broken) => Err(Error::unexpected(broken)),
        }
    }

    /// What changed, as it happens.
    pub fn news(&self) -> &NewsHub {
        &self.news
    }

    /// The sessions of browsers.
    pub fn sessions(&self) -> PgSessionStore {
        PgSessionStore::of(self.pool.clone())
    }

    /// The loops of this process, watched.
    pub fn loops(&self) -> &Loops {
        &self.loops
    }

    /// With so much memory for what is kept of revisions and changes, in bytes.
    pub fn keeping(self, bytes: u64) -> Self {
        Self { kept: Kept::of(bytes), ..self }
    }

    /// What is kept of revisions and changes.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// What a page makes of a value that never changes, which `made_of` names with all that it is made of: worked out once, where
    /// there is room for it, and kept for whoever looks next. `parts` say how much work it is ([`heavy`]), and about how much
    /// memory it takes.
    ///
    /// # Errors
    /// [`Error::Busy`] where too much waits already.
    pub async fn once<T: Clone + Send + Sync + 'static>(
        &self,
        actor: &Actor,
        made_of: String,
        parts: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        if let Some(known) = self.kept.get::<T>(&made_of) {
            return Ok(T::clone(&known));
        }
        let made = heavy::run(actor, parts, work).await?;
        self.kept.keep(made_of, Arc::new(made.clone()), parts * heavy::MEMORY_OF_A_PART);
        Ok(made)
    }

    /// The places to hash passwords.
    pub(crate) fn hashing(&self) -> &Hashing {
        &self.hashing
    }

    /// The pool, for what no person does: sessions, the worker's queue, listening for news.
    pub(crate) fn machinery(&self) -> &PgPool {
        &self.pool
    }

    /// Opens what the actor may read; all of it is seen as of one moment.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] for nobody; [`Error::NotFound`] where the actor may not view the environment;
    /// [`Error::Refused`] where they may view it but do not hold the permission.
    pub async fn authorise_read(&self, actor: &Actor, permission: Permission, scope: Scope<'_>) -> Result<Read, Error> {
        actor.signed_in()?;
        let mut transaction = self.begin_with(SNAPSHOT).await?;
        let place = Place::find(&mut transaction, actor, scope).await?;
        place.allow(actor, permission, scope)?;
        Ok(Read::new(transaction, place, self.kept.clone()))
    }

    /// Opens what somebody may read of their own, whatever they may view; all of it is seen as of one moment.
    pub(crate) async fn read_own(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.begin_with(SNAPSHOT).await
    }

    /// Opens what the actor may read in every environment that they may view, by name; all of it is seen as of one moment.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`] for nobody; [`Error::NotFound`] where they may view none.
    pub(crate) async fn read_everywhere(
        &self,
        actor: &Actor,
    ) -> Result<(Transaction<'static, Postgres>, Vec<Place>), Error> {
        actor.signed_in()?;
        let mut transaction = self.read_own().await?;
        let places = Place::all(&mut transaction, actor).await?;
        if places.is_empty() {
            return Err(Error::NotFound { what: Scope::First.what() });
        }
        Ok((transaction, places))
    }

    /// Opens a write; it ends with [`Write::commit`] or is undone.
    ///
    /// # Errors
    /// As [`Self::authorise_read`].
    pub async fn authorise_write(
        &self,
        actor: &Actor,
        permission: Permission,
        scope: Scope<'_>,
    ) -> Result<Write, Error> {
        let person = actor.signed_in()?;
        let mut transaction = self.begin().await?;
        let place = Place::find(&mut transaction, actor, scope).await?;
        place.allow(actor, permission, scope)?;
        let at = place.now;
        Ok(Write::new(transaction, Some(place), person, at, self.kept.clone()).paced(actor))
    }

    /// Opens a write outside of any environment that only the operator may do.
    ///
    /// # Errors
    /// [`Error::Refused`] for everybody else.
    pub(crate) async fn authorise_operator(&self, actor: &Actor) -> Result<Write, Error> {
        let person = actor.signed_in()?;
        match actor {
            Actor::Operator => {}
            Actor::Account(_) | Actor::Nobody => {
                return Err(Error::not_you("Only the operator does this, with the command line on the server."));
            }
        }
        let mut transaction = self.begin().await?;
        let at = now(&mut transaction).await?;
        Ok(Write::new(transaction, None, person, at, self.kept.clone()))
    }

    /// Opens a write of somebody about their own account.
    pub(crate) async fn write_own(&self, person: Person) -> Result<Write, Error> {
        let mut transaction = self.begin().await?;
        let at = now(&mut transaction).await?;
        Ok(Write::new(transaction, None, person, at, self.kept.clone()))
    }

    /// Opens the write with which a worker ends what a person began; it is audited by that person's name. It waits a
    /// second at most for what others hold: the worker has other work, and comes again.
    pub(crate) async fn write_for(&self, person: Person, scope: Scope<'_>) -> Result<Write, Error> {
        let mut transaction = self.begin().await?;
        sqlx::query("SET LOCAL lock_timeout = '1s'").execute(&mut *transaction).await?;
        let place = Place::find(&mut transaction, &Actor::Operator, scope).await?;
        let at = place.now;
        Ok(Write::new(transaction, Some(place), person, at, self.kept.clone()))
    }
}

/// The person as shown beside what they did.
pub(crate) fn person(id: Option<Uuid>, name: String) -> Person {
    Person { id: id.map(|id| id.to_string()), name }
}

/// The account's id as the database has it.
pub(crate) fn account_uuid(person: &Person) -> Result<Option<Uuid>, Error> {
    person
        .id
        .as_deref()
        .map(|id| Uuid::parse_str(id).map_err(|_| Error::unexpected(format!("{id:?} is no account id"))))
        .transpose()
}

/// The time, by the one clock that everybody shares: the database's. Inside of a transaction it is the time of its begin.
/// No process asks its own clock for what is stored or compared: those of two machines differ.
pub(crate) async fn now(connection: &mut PgConnection) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar!(r#"SELECT now() AS "now!""#).fetch_one(connection).await?)
}
