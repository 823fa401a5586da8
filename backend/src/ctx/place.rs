//! Where something is asked for, and what whoever asks is there.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;
use strata_domain::account::{Capability, Standing};
use strata_domain::authz::{self, Permission};

use crate::actor::Actor;
use crate::error::Error;

/// What the environment is found by.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// Its slug.
    Environment(&'a str),
    /// The first by name of those that the actor may view.
    First,
    /// A change in it.
    Change(i64),
    /// A run in it.
    Run(i64),
}

impl<'a> Scope<'a> {
    /// The environment that is asked for, or [`Self::First`] where none is named.
    pub fn asked(environment: Option<&'a str>) -> Self {
        environment.filter(|slug| !slug.is_empty()).map_or(Self::First, Self::Environment)
    }

    /// The word for what is not there.
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Environment(_) => "environment",
            Self::First => "environment that you may view",
            Self::Change(_) => "change",
            Self::Run(_) => "run",
        }
    }
}

/// An environment, and what the actor is in it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) id: i64,
    pub(crate) slug: String,
    pub(crate) live: Option<i64>,
    pub(crate) standing: Standing,
    /// When the transaction began, by the database's clock.
    pub(crate) now: DateTime<Utc>,
}

impl Place {
    /// Finds the environment, and what the actor holds in it.
    pub(crate) async fn find(connection: &mut PgConnection, actor: &Actor, scope: Scope<'_>) -> Result<Self, Error> {
        let found = Self::found(connection, actor, scope).await?;
        found.into_iter().next().ok_or(Error::NotFound { what: scope.what() })
    }

    /// Every environment that the actor may view, by name, and what they hold in it.
    pub(super) async fn all(connection: &mut PgConnection, actor: &Actor) -> Result<Vec<Self>, Error> {
        Self::found(connection, actor, Scope::First).await
    }

    /// The environments of that scope, by name: the first is what is meant.
    async fn found(connection: &mut PgConnection, actor: &Actor, scope: Scope<'_>) -> Result<Vec<Self>, Error> {
        let (slug, change, run) = match scope {
            Scope::Environment(slug) => (Some(slug), None, None),
            Scope::First => (None, None, None),
            Scope::Change(id) => (None, Some(id), None),
            Scope::Run(id) => (None, None, Some(id)),
        };
        let rows = sqlx::query!(
            r#"SELECT e.id, e.slug, e.live_revision, now() AS "now!",
                      ARRAY(SELECT g.capability FROM grants g
                            WHERE g.environment_id = e.id AND g.account_id = $4) AS "capabilities!",
                      ARRAY(SELECT m.group_name FROM group_members m
                            WHERE m.environment_id = e.id AND m.account_id = $4) AS "groups!"
               FROM environments e
               WHERE CASE WHEN $5 THEN $4::uuid IS NULL OR EXISTS (SELECT FROM grants g
                                                                   WHERE g.environment_id = e.id AND g.account_id = $4)
                          ELSE e.slug = $1
                               OR e.id = (SELECT c.environment_id FROM changes c WHERE c.id = $2)
                               OR e.id = (SELECT r.environment_id FROM runs r WHERE r.id = $3) END
               ORDER BY e.slug"#,
            slug,
            change,
            run,
            actor.account_id()?,
            matches!(scope, Scope::First),
        )
        .fetch_all(connection)
        .await?;
        let place = |capabilities: &[String], groups| match actor {
            Actor::Nobody | Actor::Account(_) => standing(capabilities, groups),
            Actor::Operator => operator_standing(),
        };
        let places = rows.into_iter().map(|row| Self {
            id: row.id,
            slug: row.slug,
            live: row.live_revision,
            standing: place(&row.capabilities, row.groups),
            now: row.now,
        });
        Ok(places.collect())
    }

    /// Asks the policy.
    pub(super) fn allow(&self, actor: &Actor, permission: Permission, scope: Scope<'_>) -> Result<(), Error> {
        // Who may not view it does not learn that it is there.
        authz::allow(&self.standing, Permission::ViewEnvironment)
            .map_err(|_| Error::NotFound { what: scope.what() })?;
        match (actor, permission) {
            (Actor::Operator, Permission::Vote) => Err(Error::not_you("A vote belongs to a person who signed in.")),
            (Actor::Operator, Permission::ProposePolicy | Permission::ApprovePolicy) => {
                Err(Error::not_you("What is proposed is proposed and approved by people who signed in."))
            }
            (Actor::Operator, Permission::ReviewBreakGlass) => {
                Err(Error::not_you("A review belongs to a person who signed in."))
            }
            (Actor::Operator, _) => Ok(()),
            (Actor::Nobody | Actor::Account(_), _) => Ok(authz::allow(&self.standing, permission)?),
        }
    }
}

/// What an account holds in an environment, from its rows.
pub(crate) fn standing(capabilities: &[String], groups: Vec<String>) -> Standing {
    Standing {
        capabilities: capabilities.iter().filter_map(|word| word.parse().ok()).collect(),
        groups: groups.into_iter().collect(),
    }
}

/// The operator is shown what an admin is shown; the door lets more through, save what one person
/// decides about the acts of another.
fn operator_standing() -> Standing {
    Standing { capabilities: [Capability::Viewer, Capability::Admin].into(), ..Standing::default() }
}
