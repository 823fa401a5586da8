//! Browser sessions in PostgreSQL.
//!
//! Written here because tower-sessions-sqlx-store 0.15 is still on sqlx 0.8; drop this when it moves.

use std::collections::HashMap;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use sqlx::postgres::types::PgInterval;
use sqlx::types::Json;
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error as StoreError, ExpiredDeletion, Result, SessionStore};
use uuid::Uuid;

use crate::connections;
use crate::error::Error;

/// Key of the record's data that holds the account's id as text.
pub const ACCOUNT_KEY: &str = "account";
/// Key of the account's session epoch as of sign-in: signing out everywhere moves it on.
pub const EPOCH_KEY: &str = "epoch";

/// A session ends this long after its id was made, however busy it is; sign-in makes a new id.
pub const LONGEST_HOURS: i32 = 24;

/// Sessions in the table `sessions`; ids are stored hashed.
#[derive(Clone, Debug)]
pub struct PgSessionStore {
    pool: PgPool,
}

impl PgSessionStore {
    /// The store in a database.
    pub(crate) fn of(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl SessionStore for PgSessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let lasts = lasts(record)?;
        loop {
            let written = sqlx::query!(
                "INSERT INTO sessions (id_hash, account_id, data, created_at, expires_at)
                 VALUES ($1, $2, $3, now(), now() + LEAST($4, make_interval(hours => $5)))
                 ON CONFLICT (id_hash) DO NOTHING",
                &hashed(&record.id),
                account_of(record),
                data_of(record)?,
                lasts,
                LONGEST_HOURS,
            )
            .execute(&self.pool)
            .await
            .map_err(store_error)?;
            if written.rows_affected() == 1 {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        // An update only: a request that was under way while its session was ended must not bring it back.
        sqlx::query!(
            "UPDATE sessions SET account_id = $2, data = $3,
                    expires_at = LEAST(now() + $4, created_at + make_interval(hours => $5))
             WHERE id_hash = $1",
            &hashed(&record.id),
            account_of(record),
            data_of(record)?,
            lasts(record)?,
            LONGEST_HOURS,
        )
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = sqlx::query!(
            r#"SELECT data AS "data: Json<HashMap<String, serde_json::Value>>",
                      extract(epoch FROM expires_at - now())::bigint AS "left!"
               FROM sessions WHERE id_hash = $1 AND expires_at > now()"#,
            &hashed(id),
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(row.map(|row| {
            let expiry_date = OffsetDateTime::now_utc() + Duration::seconds(row.left);
            Record { id: *id, data: row.data.0, expiry_date }
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sqlx::query!("DELETE FROM sessions WHERE id_hash = $1", &hashed(id))
            .execute(&self.pool)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

#[async_trait]
impl ExpiredDeletion for PgSessionStore {
    async fn delete_expired(&self) -> Result<()> {
        // No request is behind it, which would give up.
        let deleted =
            async { Ok(sqlx::query!("DELETE FROM sessions WHERE expires_at <= now()").execute(&self.pool).await?) };
        connections::statement(deleted).await.map_err(|error| StoreError::Backend(error.to_string()))?;
        Ok(())
    }
}

pub(crate) fn hashed(id: &Id) -> [u8; 32] {
    Sha256::digest(id.0.to_be_bytes()).into()
}

fn account_of(record: &Record) -> Option<Uuid> {
    Uuid::parse_str(record.data.get(ACCOUNT_KEY)?.as_str()?).ok()
}

fn data_of(record: &Record) -> Result<serde_json::Value> {
    serde_json::to_value(&record.data).map_err(|error| StoreError::Encode(error.to_string()))
}

/// How long the record is to last from now on. The session layer counts from this process's clock, and the table by the
/// database's: what is stored is the distance, which is the same for both.
fn lasts(record: &Record) -> Result<PgInterval> {
    let left = (record.expiry_date - OffsetDateTime::now_utc()).whole_microseconds();
    let microseconds = i64::try_from(left).map_err(|error| StoreError::Encode(error.to_string()))?;
    Ok(PgInterval { months: 0, days: 0, microseconds })
}

/// Logs by the same rules as every other database error; the session layer shows nothing of it.
fn store_error(error: sqlx::Error) -> StoreError {
    StoreError::Backend(Error::from(error).to_string())
}
