//! What nobody needs any more is removed.

use sqlx::PgPool;

use crate::error::Error;

/// How many days notices that were read, and what was delivered or given up, are kept.
const KEPT_FOR_DAYS: i32 = 90;

/// Removes what is older: deliveries that ended with their attempts, notices that were read (or never were for the page),
/// and rows of the outbox that told of acts. Those of reminders stay: they say that somebody was reminded.
#[tracing::instrument(name = "notice_retention", skip_all)]
pub(super) async fn sweep(pool: &PgPool) -> Result<(), Error> {
    let until = sqlx::query_scalar!(r#"SELECT now() - make_interval(days => $1) AS "until!""#, KEPT_FOR_DAYS)
        .fetch_one(pool)
        .await?;
    let deliveries =
        sqlx::query!("DELETE FROM deliveries WHERE created_at < $1 AND state IN ('delivered', 'given-up')", until,)
            .execute(pool)
            .await?;
    let notices = sqlx::query!(
        "DELETE FROM notices n WHERE n.at < $1 AND (n.read_at < $1 OR NOT n.in_page)
           AND NOT EXISTS (SELECT FROM deliveries d WHERE d.notice_id = n.id)",
        until,
    )
    .execute(pool)
    .await?;
    sqlx::query!("DELETE FROM outbox WHERE done_at < $1 AND audit_sequence IS NOT NULL", until).execute(pool).await?;
    tracing::debug!(
        deliveries = deliveries.rows_affected(),
        notices = notices.rows_affected(),
        "removed what is older than 90 days"
    );
    Ok(())
}
