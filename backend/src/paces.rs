//! Counts what a person does that others are told of ([`strata_domain::pace`]).

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use strata_domain::pace::Paced;
use uuid::Uuid;

use crate::error::Error;

/// Counts one more, in the transaction of the act itself: what is undone is not counted. Acts of one person at once wait
/// for each other here, behind whatever else they lock.
///
/// # Errors
/// [`Error::TooMuch`] where it comes too soon.
pub(crate) async fn take(connection: &mut PgConnection, account: Uuid, paced: Paced) -> Result<(), Error> {
    // The row is locked by being written, new or old. The clock's time is asked after the lock is had.
    let row = sqlx::query!(
        r#"INSERT INTO paces (account_id, paced, due) VALUES ($1, $2, '-infinity')
           ON CONFLICT (account_id, paced) DO UPDATE SET due = paces.due
           RETURNING NULLIF(due, '-infinity') AS due, clock_timestamp() AS "now!""#,
        account,
        paced.as_str(),
    )
    .fetch_one(&mut *connection)
    .await?;
    let (due, now): (Option<DateTime<Utc>>, _) = (row.due, row.now);
    let due = paced
        .pace()
        .take(due, now)
        .map_err(|early| Error::TooMuch { what: early.to_string(), seconds: early.seconds })?;
    sqlx::query!("UPDATE paces SET due = $3 WHERE account_id = $1 AND paced = $2", account, paced.as_str(), due)
        .execute(connection)
        .await?;
    Ok(())
}
