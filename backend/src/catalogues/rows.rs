//! Stored versions and severities as what the domain calls them.

use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::catalogue::{Catalogue, Levels, Own, Role};

use crate::ctx;
use crate::error::Error;

/// The version that the environment's catalogue has now.
pub(crate) async fn version_now(connection: &mut PgConnection, environment_id: i64) -> Result<u32, Error> {
    let newest = sqlx::query_scalar!("SELECT max(version) FROM catalogues WHERE environment_id = $1", environment_id)
        .fetch_one(connection)
        .await?;
    newest.map_or(Ok(Own::default().version), read)
}

/// A version as the domain has it.
pub(crate) fn read(version: i32) -> Result<u32, Error> {
    u32::try_from(version).map_err(Error::unexpected)
}

/// A version as the database has it.
pub(crate) fn stored(version: u32) -> Result<i32, Error> {
    i32::try_from(version).map_err(Error::unexpected)
}

/// What the environment adds to the built-in catalogue now.
pub(super) async fn own_now(connection: &mut PgConnection, environment_id: i64) -> Result<Own, Error> {
    let version = version_now(connection, environment_id).await?;
    own_at(connection, environment_id, version).await
}

/// What it added in that version; the severities are today's, because they are no part of any version.
pub(crate) async fn own_at(connection: &mut PgConnection, environment_id: i64, version: u32) -> Result<Own, Error> {
    let roles = if version == Own::default().version {
        Vec::new()
    } else {
        sqlx::query_scalar!(
            r#"SELECT roles AS "roles: Json<Vec<Role>>" FROM catalogues WHERE environment_id = $1 AND version = $2"#,
            environment_id,
            stored(version)?,
        )
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(Error::NotFound { what: "version of the catalogue" })?
        .0
    };
    let levels = levels_of(connection, environment_id).await?;
    Ok(Own { version, roles, levels })
}

/// The whole catalogue in that version.
pub(crate) async fn catalogue_at(
    connection: &mut PgConnection,
    environment_id: i64,
    version: u32,
) -> Result<Catalogue, Error> {
    Ok(own_at(connection, environment_id, version).await?.catalogue())
}

async fn levels_of(connection: &mut PgConnection, environment_id: i64) -> Result<Levels, Error> {
    let rows = sqlx::query!("SELECT rule, level FROM rule_levels WHERE environment_id = $1", environment_id)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(|row| Ok((ctx::stored(&row.rule)?, ctx::stored(&row.level)?))).collect()
}
