//! Saying that there is work, to whoever carries it out.

use sqlx::postgres::PgConnection;

use crate::error::Error;

/// The channel that says that there is work.
pub(crate) const CHANNEL: &str = "strata_work";

/// Says, in the transaction that makes it, that there is work.
pub(crate) async fn announce(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("SELECT pg_notify($1, '')", CHANNEL).fetch_one(connection).await?;
    Ok(())
}
