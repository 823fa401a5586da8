//! What was decided on, kept as it was: plans as they were made then, and what was asked for them (requirements, section 4).
//!
//! A newer version of Strata may plan otherwise; whatever tells of the past reads it here.

use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use strata_domain::audit::AuditAction;
use strata_domain::change::Change;
use strata_domain::digest::Digest;
use strata_domain::plan::{self, Plan};
use strata_domain::policy::Asked;
use strata_domain::review::Planned;

use super::{Locked, Material};
use crate::ctx::Write;
use crate::error::Error;
use crate::stored;

impl Locked {
    /// As [`Self::save`], for an act that decides about the change by its plan: the plan is kept with it.
    ///
    /// # Errors
    /// Where another plan lies under its digest already.
    pub(crate) async fn decide(
        &mut self,
        write: &mut Write,
        action: AuditAction,
        planned: &Planned,
        material: &Material,
    ) -> Result<i64, Error> {
        let change = &self.change;
        let plan = material.plan();
        match plan_decided(write.connection(), (change.id, &change.environment), plan.digest).await? {
            Some(known) if known.steps == plan.steps => {}
            // Were it another's under this digest, nothing true could be told of this one any more.
            Some(_) => {
                return Err(Error::unexpected(format!("another plan lies under a digest of change {}", change.id)));
            }
            None => {
                let written = sqlx::query!(
                    "INSERT INTO decided_plans (change_id, digest, plan_encoding, catalogue_version, plan)
                     VALUES ($1, $2, $3, $4, $5)",
                    change.id,
                    &plan.digest.0,
                    plan::ENCODING,
                    stored::of_version(change.catalogue)?,
                    Json(&plan) as _,
                )
                .execute(write.connection())
                .await?;
                stored::expect_rows(written.rows_affected(), 1)?;
            }
        }
        sqlx::query!(
            "INSERT INTO decisions (change_id, version, round, digest, blockers, asked, risk, base_revision)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            change.id,
            change.version + 1,
            self.approval.round,
            &plan.digest.0,
            i32::try_from(planned.blockers).map_err(Error::unexpected)?,
            Json(&planned.asked) as _,
            planned.risk.as_str(),
            change.base,
        )
        .execute(write.connection())
        .await?;
        self.save(write, action).await
    }
}

/// What was last decided on; none for a change from before it was kept.
pub(crate) async fn last_decided(
    connection: &mut PgConnection,
    change: &Change,
) -> Result<Option<(Planned, Plan)>, Error> {
    let row = sqlx::query!(
        r#"SELECT digest, blockers, asked AS "asked: Json<Vec<Asked>>", risk
           FROM decisions WHERE change_id = $1 ORDER BY version DESC LIMIT 1"#,
        change.id,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let digest = stored::digest(&row.digest)?;
    let mut plan = plan_decided(connection, (change.id, &change.environment), digest)
        .await?
        .ok_or_else(|| Error::unexpected(format!("change {} was decided on a plan that is not there", change.id)))?;
    // Each decision says it by itself: the digest is of the steps, and whoever kept the plan first kept what they liked beside.
    if let Some(risk) = row.risk {
        plan.risk = stored::word(&risk)?;
    }
    let (blockers, asked) = (usize::try_from(row.blockers).map_err(Error::unexpected)?, row.asked.0);
    Ok(Some((Planned { digest, risk: plan.risk, steps: plan.steps.len(), blockers, asked }, plan)))
}

/// The plan of that digest, on which something was decided about the change of that id and environment; none where nothing
/// was, or it was not kept yet.
///
/// # Errors
/// Where what is stored is not what the digest was made of.
pub(crate) async fn plan_decided(
    connection: &mut PgConnection,
    (id, environment): (i64, &str),
    digest: Digest,
) -> Result<Option<Plan>, Error> {
    let row = sqlx::query!(
        r#"SELECT plan_encoding, catalogue_version, plan AS "plan: Json<Plan>"
           FROM decided_plans WHERE change_id = $1 AND digest = $2"#,
        id,
        &digest.0,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (plan, catalogue) = (row.plan.0, stored::version(row.catalogue_version)?);
    // Under an encoding of another version of Strata it cannot be told any more, and stands as it was kept.
    let is_of_digest = row.plan_encoding != plan::ENCODING
        || plan::digest_of_steps(environment, catalogue, &plan.steps) == Some(digest);
    if plan.digest != digest || !is_of_digest {
        return Err(Error::unexpected(format!("the plan kept for change {id} is not that of its digest")));
    }
    Ok(Some(plan))
}
