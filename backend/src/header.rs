//! What the header of every page shows of the person who looks at it.

use strata_domain::environment::Environment;

use crate::ctx::{Actor, Backend};
use crate::environments::environments_of;
use crate::error::Error;
use crate::notices::unread_of;

/// All of it, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderView {
    /// The environments that they may view, by name.
    pub environments: Vec<Environment>,
    /// How many notices they have not read.
    pub unread: i64,
}

/// What the header shows the actor.
///
/// # Errors
/// [`Error::NotSignedIn`] for all but accounts.
#[tracing::instrument(skip_all)]
pub async fn header_load(backend: &Backend, actor: &Actor) -> Result<HeaderView, Error> {
    let account = actor.account_id()?.ok_or(Error::NotSignedIn)?;
    let mut read = backend.read_own().await?;
    Ok(HeaderView {
        environments: environments_of(&mut *read, Some(account)).await?,
        unread: unread_of(&mut *read, account).await?,
    })
}
