//! Transactions that were authorised.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, Transaction};
use strata_domain::account::Person;
use strata_domain::audit::AuditAction;
use strata_domain::authz::{self, Permission};
use strata_domain::change::ChangeState;
use strata_domain::news::News;
use strata_domain::notice::Kind;
use strata_domain::pace::Paced;
use uuid::Uuid;

use super::{Actor, Place, Scope, account_uuid};
use crate::error::Error;
use crate::kept::Kept;
use crate::news;
use crate::notices::outbox;
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

/// What a write leaves in the audit log.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// What was done.
    pub action: AuditAction,
    /// On what: `change`, `run`, `account`, `environment`, `revision`.
    pub subject_kind: &'static str,
    /// Which one of them.
    pub subject: String,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// What was true before.
    pub before: Option<serde_json::Value>,
    /// What is true after.
    pub after: Option<serde_json::Value>,
}

impl AuditRow {
    /// A row with nothing but what and on what.
    pub(crate) fn new(action: AuditAction, subject_kind: &'static str, subject: &impl ToString) -> Self {
        Self { action, subject_kind, subject: subject.to_string(), reason: None, before: None, after: None }
    }

    /// With a reason.
    pub(crate) fn reason(self, reason: Option<&str>) -> Self {
        Self { reason: reason.map(str::to_owned), ..self }
    }

    /// With what was true before.
    pub(crate) fn before(self, before: serde_json::Value) -> Self {
        Self { before: Some(before), ..self }
    }

    /// With the state that the act moved a change from and to, beside what else is true after; nothing where it stayed.
    pub(crate) fn moved(mut self, from: ChangeState, to: ChangeState) -> Self {
        if from != to {
            self.before.get_or_insert_with(|| json!({}))["state"] = json!(from);
            self.after.get_or_insert_with(|| json!({}))["state"] = json!(to);
        }
        self
    }

    /// With what is true after.
    pub(crate) fn after(self, after: serde_json::Value) -> Self {
        Self { after: Some(after), ..self }
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
        Self { transaction, place, person, at, is_paced: false, told: Vec::new(), kept }
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

    /// Writes down that the act moved something else beside its subject, in the history of that. Whom it tells follows from
    /// the row that ends the write.
    pub(crate) async fn also(&mut self, row: &AuditRow) -> Result<(), Error> {
        self.log(row).await.map(drop)
    }

    /// As [`Self::also`], of an act in several environments: this one tells its people what it moved here.
    pub(crate) async fn also_told(&mut self, row: &AuditRow) -> Result<(), Error> {
        let (environment_id, at) = (self.place()?.id, self.at);
        let sequence = self.log(row).await?;
        let told = outbox::told_by(row);
        self.told.extend(told.iter().map(|(kind, _)| *kind));
        outbox::leave(&mut self.transaction, &told, sequence, environment_id, at).await
    }

    /// Adds an audit row; gives its sequence.
    async fn log(&mut self, row: &AuditRow) -> Result<i64, Error> {
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

    /// Ends the write: audit row, what people are told of it, news, commit. There is no other way.
    ///
    /// # Errors
    /// [`Error::TooMuch`] where the person did too much lately of what tells others; what the database says. Nothing is
    /// written then.
    pub async fn commit(mut self, row: AuditRow, news: Vec<News>) -> Result<(), Error> {
        let told = outbox::told_by(&row);
        let told_in_all: Vec<Kind> = self.told.iter().copied().chain(told.iter().map(|(kind, _)| *kind)).collect();
        let paced = Paced::of(row.action, &told_in_all);
        if let (true, Some(paced), Some(account)) = (self.is_paced, paced, self.account_id()?) {
            paces::take(&mut self.transaction, account, paced).await?;
        }
        let sequence = self.log(&row).await?;
        if let Some(environment_id) = self.place.as_ref().map(|place| place.id) {
            outbox::leave(&mut self.transaction, &told, sequence, environment_id, self.at).await?;
        }
        for piece in &news {
            news::tell(&mut self.transaction, piece).await?;
        }
        self.transaction.commit().await?;
        Ok(())
    }
}
