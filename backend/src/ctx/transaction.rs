//! Transactions that were authorised.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, Transaction};
use strata_domain::account::Person;
use strata_domain::act::{Act, Row, Telling};
use strata_domain::authz::{self, Permission};
use strata_domain::news::News;
use strata_domain::notice::Kind;
use strata_domain::pace::Paced;
use uuid::Uuid;

use super::{Actor, Place, Scope, account_uuid};
use crate::error::Error;
use crate::kept::Kept;
use crate::news;
use crate::outbox;
use crate::paces;

/// A connection to read from, and what is kept of what was read before.
pub(crate) struct Source<'a> {
    pub(crate) connection: &'a mut PgConnection,
    pub(crate) kept: &'a Kept,
}

/// A read transaction that was authorised; dropping it ends it.
#[derive(Debug)]
pub struct Read {
    transaction: Transaction<'static, Postgres>,
    place: Place,
    kept: Kept,
}

impl Read {
    pub(super) fn new(transaction: Transaction<'static, Postgres>, place: Place, kept: Kept) -> Self {
        Self { transaction, place, kept }
    }

    /// The connection, with what is kept beside it.
    pub(crate) fn source(&mut self) -> Source<'_> {
        Source { connection: &mut self.transaction, kept: &self.kept }
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Asks for a permission beside the one that the read was opened with.
    pub(crate) fn allow(&self, permission: Permission) -> Result<(), Error> {
        Ok(authz::allow(&self.place.standing, permission)?)
    }

    /// The one time of this read.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        self.place.now
    }
}

/// A write transaction that was authorised; undone unless it is committed.
#[derive(Debug)]
pub struct Write {
    transaction: Transaction<'static, Postgres>,
    place: Option<Place>,
    person: Person,
    at: DateTime<Utc>,
    /// Whether a person does it now, who can be asked to wait.
    is_paced: bool,
    /// What it told already, before the row that ends it.
    told: Vec<Kind>,
    /// What pages read anew when it is committed.
    news: Vec<News>,
    kept: Kept,
}

impl Write {
    pub(super) fn new(
        transaction: Transaction<'static, Postgres>,
        place: Option<Place>,
        person: Person,
        at: DateTime<Utc>,
        kept: Kept,
    ) -> Self {
        Self { transaction, place, person, at, is_paced: false, told: Vec::new(), news: Vec::new(), kept }
    }

    /// The connection, with what is kept beside it.
    pub(crate) fn source(&mut self) -> Source<'_> {
        Source { connection: &mut self.transaction, kept: &self.kept }
    }

    /// Of a person who acts now, and not too fast.
    pub(super) fn paced(self, actor: &Actor) -> Self {
        Self { is_paced: matches!(actor, Actor::Account(_)), ..self }
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// The environment; every write but those of accounts has one.
    pub(crate) fn place(&self) -> Result<&Place, Error> {
        self.place.as_ref().ok_or_else(|| Error::unexpected("a write outside of any environment asks for its place"))
    }

    /// Puts the audit row of an account's affair into an environment: a grant belongs to its history.
    pub(crate) async fn enter(&mut self, slug: &str) -> Result<i64, Error> {
        let place = Place::find(&mut self.transaction, &Actor::Operator, Scope::Environment(slug)).await?;
        let id = place.id;
        self.place = Some(place);
        Ok(id)
    }

    /// Out of the environment again: what ends the write belongs to none.
    pub(crate) fn leave(&mut self) {
        self.place = None;
    }

    /// Takes the lock on the environment, and gives its id: one at a time moves its policy, its schedule, its catalogue or
    /// its live revision. Environment before change is the order in which everybody locks them.
    pub(crate) async fn lock_environment(&mut self) -> Result<i64, Error> {
        let id = self.place()?.id;
        sqlx::query!("SELECT id FROM environments WHERE id = $1 FOR NO KEY UPDATE", id)
            .fetch_one(&mut *self.transaction)
            .await?;
        self.past_lock().await?;
        Ok(id)
    }

    /// Takes the time anew, once a lock is held: what others did while it was waited for is before it, and what began
    /// meanwhile (a freeze, the end of an approval) has begun.
    pub(crate) async fn past_lock(&mut self) -> Result<(), Error> {
        let at = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "at!""#).fetch_one(&mut *self.transaction).await?;
        self.at = self.at.max(at);
        Ok(())
    }

    /// Who writes.
    pub(crate) fn person(&self) -> &Person {
        &self.person
    }

    /// The account that writes; none for the operator.
    pub(crate) fn account_id(&self) -> Result<Option<Uuid>, Error> {
        account_uuid(&self.person)
    }

    /// The time of this write: of its begin, or of the last lock that it took.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Writes down something that is done on the way, beside the act that ends the write.
    pub(crate) async fn also(&mut self, act: &Act) -> Result<(), Error> {
        let told = act.told();
        self.told.extend(told.iter().map(|telling| telling.kind));
        let sequence = self.log(&act.row()).await?;
        self.tell(act, &told, sequence).await
    }

    /// Has the pages of these changes of the environment read them anew.
    pub(crate) fn reach(&mut self, changes: impl IntoIterator<Item = i64>) -> Result<(), Error> {
        let environment = self.place()?.slug.clone();
        self.news.extend(changes.into_iter().map(|id| News::Change { environment: environment.clone(), id }));
        Ok(())
    }

    /// Adds an audit row; gives its sequence.
    async fn log(&mut self, row: &Row) -> Result<i64, Error> {
        let environment_id = self.place.as_ref().map(|place| place.id);
        Ok(sqlx::query_scalar!(
            "INSERT INTO audit_log (at, actor_id, actor_name, action, subject_kind, subject, environment_id, reason, before, after)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING sequence",
            self.at,
            account_uuid(&self.person)?,
            self.person.name,
            row.action.as_str(),
            row.subject_kind,
            row.subject,
            environment_id,
            row.reason.as_deref(),
            row.before.as_ref(),
            row.after.as_ref(),
        )
        .fetch_one(&mut *self.transaction)
        .await?)
    }

    /// Leaves what the act tells people, and what it tells pages, to go out with the commit.
    async fn tell(&mut self, act: &Act, told: &[Telling], sequence: i64) -> Result<(), Error> {
        let Some(place) = &self.place else { return Ok(()) };
        self.news.extend(act.news(&place.slug));
        outbox::leave(&mut self.transaction, told, sequence, place.id, self.at).await
    }

    /// Ends the write: audit row, what people are told of it, news, commit. There is no other way.
    ///
    /// # Errors
    /// [`Error::TooMuch`] where the person did too much lately of what tells others; what the database says. Nothing is
    /// written then.
    pub async fn commit(mut self, act: Act) -> Result<(), Error> {
        let (row, told) = (act.row(), act.told());
        let told_in_all: Vec<Kind> = self.told.iter().copied().chain(told.iter().map(|telling| telling.kind)).collect();
        let paced = Paced::of(row.action, &told_in_all);
        if let (true, Some(paced), Some(account)) = (self.is_paced, paced, self.account_id()?) {
            paces::take(&mut self.transaction, account, paced).await?;
        }
        let sequence = self.log(&row).await?;
        self.tell(&act, &told, sequence).await?;
        for (place, piece) in self.news.iter().enumerate() {
            if !self.news[..place].contains(piece) {
                news::tell(&mut self.transaction, piece).await?;
            }
        }
        self.transaction.commit().await?;
        Ok(())
    }
}
