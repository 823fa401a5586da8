//! Browser sessions in PostgreSQL.
//!
//! Written here because tower-sessions-sqlx-store 0.15 is still on sqlx 0.8; drop this when it moves.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use sqlx::types::Json;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error as StoreError, ExpiredDeletion, Result, SessionStore};
use uuid::Uuid;

use crate::ctx::{self, Backend};
use crate::error::Error;

/// Key of the record's data that holds the account's id as text.
pub const ACCOUNT_KEY: &str = "account";
/// Key of the account's session epoch as of sign-in: signing out everywhere moves it on.
pub const EPOCH_KEY: &str = "epoch";

/// A session ends this long after its id was made, however busy it is; sign-in makes a new id.
pub const LONGEST_HOURS: i64 = 24;

/// Sessions in the table `sessions`; ids are stored hashed.
#[derive(Clone, Debug)]
pub struct PgSessionStore {
    pool: PgPool,
}

impl PgSessionStore {
    /// A store in the backend's database.
    pub fn new(backend: &Backend) -> Self {
        Self { pool: backend.machinery().clone() }
    }
}

#[async_trait]
impl SessionStore for PgSessionStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let now = ctx::now();
        loop {
            let written = sqlx::query!(
                "INSERT INTO sessions (id_hash, account_id, data, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id_hash) DO NOTHING",
                &hashed(&record.id),
                account_of(record),
                data_of(record)?,
                now,
                expiry_of(record)?.min(now + TimeDelta::hours(LONGEST_HOURS)),
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
                    expires_at = LEAST($4, created_at + make_interval(hours => $5))
             WHERE id_hash = $1",
            &hashed(&record.id),
            account_of(record),
            data_of(record)?,
            expiry_of(record)?,
            i32::try_from(LONGEST_HOURS).unwrap_or(i32::MAX),
        )
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = sqlx::query!(
            r#"SELECT data AS "data: Json<HashMap<String, serde_json::Value>>", expires_at
               FROM sessions WHERE id_hash = $1 AND expires_at > $2"#,
            &hashed(id),
            ctx::now(),
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(store_error)?;
        row.map(|row| {
            let expiry_date = OffsetDateTime::from_unix_timestamp(row.expires_at.timestamp())
                .map_err(|error| StoreError::Decode(error.to_string()))?;
            Ok(Record { id: *id, data: row.data.0, expiry_date })
        })
        .transpose()
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
        sqlx::query!("DELETE FROM sessions WHERE expires_at <= $1", ctx::now())
            .execute(&self.pool)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

fn hashed(id: &Id) -> [u8; 32] {
    Sha256::digest(id.0.to_be_bytes()).into()
}

fn account_of(record: &Record) -> Option<Uuid> {
    Uuid::parse_str(record.data.get(ACCOUNT_KEY)?.as_str()?).ok()
}

fn data_of(record: &Record) -> Result<serde_json::Value> {
    serde_json::to_value(&record.data).map_err(|error| StoreError::Encode(error.to_string()))
}

fn expiry_of(record: &Record) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp(record.expiry_date.unix_timestamp(), record.expiry_date.nanosecond())
        .ok_or_else(|| StoreError::Encode("the expiry date is out of range".to_owned()))
}

/// Logs by the same rules as every other database error; the session layer shows nothing of it.
fn store_error(error: sqlx::Error) -> StoreError {
    StoreError::Backend(Error::from(error).to_string())
}
