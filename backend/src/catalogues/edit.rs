//! Changing the catalogue: each version is stored whole and never altered.

use std::sync::Arc;

use sqlx::types::Json;
use strata_domain::act::{Act, Anew, CatalogueAct, Stands};
use strata_domain::audit::AuditAction;
use strata_domain::authz::Permission;
use strata_domain::catalogue::{self, Level, Own, Role, level_of};
use strata_domain::findings::RuleId;
use strata_domain::proposal::{Outcome, Proposed};
use strata_domain::topology::Topology;
use strata_domain::words::counted;

use super::{open_changes, rows};
use crate::changes::{accepted_reason, ask_anew, send_home};
use crate::ctx::{Actor, Backend, Scope, Write};
use crate::environments::topology_of;
use crate::error::Error;
use crate::heavy;
use crate::proposals::{self, Making};
use crate::stored;

/// Adds a role, or puts it in the place of the own one of its id; gives the catalogue's new version. One that asks for less
/// than the one in whose place it comes is proposed instead, for `reason`. A role that is there just like this already
/// changes nothing.
///
/// # Errors
/// [`Error::Invalid`] for `role` with all that is wrong, each after its field; [`Error::Conflict`] where the catalogue
/// is another than `version`; [`Error::Refused`] where an open change would no longer fit. Where it is proposed,
/// [`Error::Invalid`] for `reason` where none is given, and [`Error::Refused`] where another proposal about the role waits.
#[tracing::instrument(skip_all, fields(?environment, %version, role = role.id.as_str()))]
pub async fn role_save(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    version: u32,
    role: Role,
    reason: &str,
) -> Result<Outcome<u32>, Error> {
    heavy::act(actor, || save(backend, actor, environment, version, role.clone(), reason)).await
}

async fn save(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    version: u32,
    role: Role,
    reason: &str,
) -> Result<Outcome<u32>, Error> {
    let mut write = backend.authorise_write(actor, Permission::EditCatalogue, Scope::Environment(environment)).await?;
    let own = own_locked(&mut write).await?;
    let before = own.role(role.id.as_str()).cloned();
    if before.as_ref() == Some(&role) {
        return Ok(Outcome::InForce(own.version));
    }
    at_version(&own, version)?;
    let saved = accepted(&role, &own)?;
    if let Some(before) = &before
        && !catalogue::looser(before, Some(&role)).is_empty()
    {
        return propose_looser(write, &saved, before.clone(), Some(role), reason).await;
    }
    let what = saving(before.as_ref(), &role);
    let (version, anew) = version_add(&mut write, saved, &what, AuditAction::RoleSaved).await?;
    let (role, before) = (Box::new(role), before.map(Box::new));
    write.commit(Act::Catalogue(CatalogueAct::RoleSaved { role, before, version, reason: None, anew })).await?;
    Ok(Outcome::InForce(version))
}

/// The catalogue with that role, if the domain takes it.
fn accepted(role: &Role, own: &Own) -> Result<Own, Error> {
    catalogue::accept(role, own).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::invalid("role", told.join("\n"))
    })
}

/// What a version says of it, where a role is saved in the place of another one.
fn saving(before: Option<&Role>, role: &Role) -> String {
    match before {
        None => format!("Added the role {}.", role.name),
        Some(_) => format!("Changed the role {}.", role.name),
    }
}

/// Proposes that a role asks for less from now on, or goes; `after` is the catalogue then, under which open changes have to
/// fit.
async fn propose_looser<T>(
    mut write: Write,
    after: &Own,
    from: Role,
    to: Option<Role>,
    reason: &str,
) -> Result<Outcome<T>, Error> {
    let environment_id = write.place()?.id;
    open_changes::fitting(&mut write.source(), environment_id, after).await?;
    let proposed = Proposed::LooserRole { from: Box::new(from), to: to.map(Box::new) };
    Ok(Outcome::Proposed(proposals::propose(write, Making { proposed, reason, instead_of: Stands::AsProposed }).await?))
}

/// Has a role ask for less, or go, as leads have put in force; gives the catalogue's new version. It serves what
/// is submitted from now on: whatever is under review goes back to its authors, because its plan and its findings are made
/// with the newest catalogue alone. The caller holds the lock on the environment, and knows that the role is as it was.
///
/// # Errors
/// As [`role_save`] and [`role_remove`]: the rest of the catalogue, or what is live, may be another by now.
pub(crate) async fn role_loosen(write: &mut Write, from: &Role, to: Option<&Role>, reason: &str) -> Result<u32, Error> {
    let environment_id = write.place()?.id;
    let own = rows::own_now(write.connection(), environment_id).await?;
    let (own, what, action) = match to {
        Some(to) => (accepted(to, &own)?, saving(Some(from), to), AuditAction::RoleSaved),
        None => {
            refuse_used(write, &own, from).await?;
            let what = format!("Removed the role {}.", from.name);
            (own.without_role(from.id.as_str()), what, AuditAction::RoleRemoved)
        }
    };
    let cause = format!(
        "The role {} asks for less since, which serves only what is submitted after that. Look at it again, and submit it.",
        from.name
    );
    send_home(write, &cause).await?;
    let (version, anew) = version_add(write, own, &what, action).await?;
    let (before, reason) = (Box::new(from.clone()), reason.to_owned());
    let did = match to {
        Some(to) => {
            let (role, before) = (Box::new(to.clone()), Some(before));
            CatalogueAct::RoleSaved { role, before, version, reason: Some(reason), anew }
        }
        None => CatalogueAct::RoleRemoved { role: before, version, reason, anew },
    };
    write.also(&Act::Catalogue(did)).await?;
    Ok(version)
}

/// Proposes that a role of the environment's own goes, for `reason`: it asks for nothing then. One that is gone already is no
/// error, and gives the catalogue's version.
///
/// # Errors
/// [`Error::Refused`] where the live topology, an open change or another role still has it, and where another proposal about it waits;
/// [`Error::Conflict`] where the catalogue is another than `version`; [`Error::Invalid`] for `reason` where none is given.
#[tracing::instrument(skip_all, fields(?environment, %version, ?role))]
pub async fn role_remove(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    version: u32,
    role: &str,
    reason: &str,
) -> Result<Outcome<u32>, Error> {
    heavy::act(actor, || remove(backend, actor, environment, version, role, reason)).await
}

async fn remove(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    version: u32,
    role: &str,
    reason: &str,
) -> Result<Outcome<u32>, Error> {
    let mut write = backend.authorise_write(actor, Permission::EditCatalogue, Scope::Environment(environment)).await?;
    let own = own_locked(&mut write).await?;
    let Some(before) = own.role(role).cloned() else { return Ok(Outcome::InForce(own.version)) };
    at_version(&own, version)?;
    refuse_used(&mut write, &own, &before).await?;
    let without = own.without_role(role);
    propose_looser(write, &without, before, None, reason).await
}

/// Refuses that a role goes which another one depends on, or which is live.
async fn refuse_used(write: &mut Write, own: &Own, before: &Role) -> Result<(), Error> {
    if let Some(other) = own.roles.iter().find(|other| other.depends_on.contains(&before.id)) {
        return Err(Error::not_now(format!("{} depends on {}.", other.name, before.name)));
    }
    let live = live_topology(write).await?;
    let used = live.map_or(0, |live| live.instances_of(before.id.as_str()).count());
    if used > 0 {
        return Err(Error::not_now(format!(
            "The live topology has {} of {}; a change has to take them away first.",
            counted(used, "instance"),
            before.name
        )));
    }
    Ok(())
}

/// Has the findings of a rule matter more in the environment; none means as by default. That they matter less than now
/// is proposed instead, see [`crate::proposals::rule_level_propose`].
///
/// # Errors
/// [`Error::Refused`] where the level is weaker than now; [`Error::Invalid`] for `reason` where none is given: whoever reads
/// the audit log wants to know.
#[tracing::instrument(skip_all, fields(?environment, %rule))]
pub async fn rule_level_set(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    rule: RuleId,
    level: Option<Level>,
    reason: &str,
) -> Result<(), Error> {
    heavy::act(actor, || level_set(backend, actor, environment, rule, level, reason)).await
}

async fn level_set(
    backend: &Backend,
    actor: &Actor,
    environment: &str,
    rule: RuleId,
    level: Option<Level>,
    reason: &str,
) -> Result<(), Error> {
    let mut write = backend.authorise_write(actor, Permission::EditCatalogue, Scope::Environment(environment)).await?;
    let own = own_locked(&mut write).await?;
    let level = level.unwrap_or_else(|| Level::from(rule.default_severity()));
    let before = level_of(&own.levels, rule);
    if before == level {
        return Ok(());
    }
    if level.is_weaker_than(before) {
        return Err(Error::not_now(format!(
            "The rule is {before} now, and {level} is weaker: that is proposed, and put in force by leads as a policy is."
        )));
    }
    let reason =
        accepted_reason(Some(reason))?.ok_or_else(|| Error::invalid("reason", "Say why: the audit log keeps it."))?;
    level_store(&mut write, rule, level).await?;
    // Changes under review may have blockers by now.
    let cause = format!("The rule {rule} is {level} since");
    let anew = ask_anew(&mut write, AuditAction::RuleLevelSet, &cause).await?;
    write.commit(Act::Catalogue(CatalogueAct::RuleLevelSet { rule, before, after: level, reason, anew })).await
}

/// Stores how much a rule matters from now on; a trigger keeps what it was. The caller holds the lock on the environment.
pub(crate) async fn level_store(write: &mut Write, rule: RuleId, level: Level) -> Result<(), Error> {
    let environment_id = write.place()?.id;
    let written = if level == Level::from(rule.default_severity()) {
        sqlx::query!("DELETE FROM rule_levels WHERE environment_id = $1 AND rule = $2", environment_id, rule.as_str())
            .execute(write.connection())
            .await?
    } else {
        sqlx::query!(
            "INSERT INTO rule_levels (environment_id, rule, level) VALUES ($1, $2, $3)
             ON CONFLICT ON CONSTRAINT rule_levels_pkey DO UPDATE SET level = excluded.level",
            environment_id,
            rule.as_str(),
            level.as_str(),
        )
        .execute(write.connection())
        .await?
    };
    stored::expect_rows(written.rows_affected(), 1)
}

/// What the environment adds now, under the lock on the environment: one at a time changes its catalogue, applies or
/// imports.
async fn own_locked(write: &mut Write) -> Result<Own, Error> {
    let environment_id = write.lock_environment().await?;
    rows::own_now(write.connection(), environment_id).await
}

fn at_version(own: &Own, version: u32) -> Result<(), Error> {
    if own.version == version {
        return Ok(());
    }
    Err(Error::Conflict {
        what: format!("The catalogue is at version {} since you opened it. Look again before you go on.", own.version),
    })
}

/// Stores the next version, and moves open changes to it: their plans are other plans from here on, and those that were
/// approved are in review again. Gives its number, and those changes.
async fn version_add(write: &mut Write, own: Own, what: &str, action: AuditAction) -> Result<(u32, Anew), Error> {
    let own = Own { version: own.version + 1, ..own };
    let (environment_id, author, name, at) =
        (write.place()?.id, write.account_id()?, write.person().name.clone(), write.at());
    let written = sqlx::query!(
        "INSERT INTO catalogues (environment_id, version, roles, what, made_by, made_by_name, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        environment_id,
        stored::of_version(own.version)?,
        Json(&own.roles) as _,
        what,
        author,
        name,
        at,
    )
    .execute(write.connection())
    .await?;
    stored::expect_rows(written.rows_affected(), 1)?;
    open_changes::carry_over(&mut write.source(), environment_id, &own).await?;
    let cause = format!(
        "The catalogue is at version {} since, and the plan is no longer the one that was approved",
        own.version
    );
    Ok((own.version, ask_anew(write, action, &cause).await?))
}

async fn live_topology(write: &mut Write) -> Result<Option<Arc<Topology>>, Error> {
    let environment_id = write.place()?.id;
    let live = sqlx::query_scalar!("SELECT live_revision FROM environments WHERE id = $1", environment_id)
        .fetch_one(write.connection())
        .await?;
    match live {
        Some(number) => Ok(Some(topology_of(&mut write.source(), environment_id, number).await?.topology)),
        None => Ok(None),
    }
}
