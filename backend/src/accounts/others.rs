//! Whose accounts there are beside those that one knows of.

use crate::ctx::{Actor, Backend};
use crate::error::Error;

/// How many accounts have an e-mail address that is none of these.
///
/// # Errors
/// [`Error::Refused`] for all but the operator.
#[tracing::instrument(skip_all)]
pub async fn account_others(backend: &Backend, actor: &Actor, known: &[&str]) -> Result<i64, Error> {
    if !matches!(actor, Actor::Operator) {
        return Err(Error::not_you("Only the operator does this, with the command line on the server."));
    }
    let known: Vec<String> = known.iter().map(|email| (*email).to_owned()).collect();
    let others =
        sqlx::query_scalar!(r#"SELECT count(*) AS "others!" FROM accounts WHERE email <> ALL ($1)"#, &known[..])
            .fetch_one(backend.machinery())
            .await?;
    Ok(others)
}
