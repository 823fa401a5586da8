//! What one environment adds to the built-in catalogue: roles of its own, and how much rules matter to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Catalogue, Role};
use crate::findings::{RuleId, Severity};
use crate::topology::RoleId;
use crate::words::words;

/// How much the findings of a rule matter in one environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Has to be mended before a change can be submitted.
    Blocker,
    /// Works, but will hurt.
    Warning,
    /// Could be better.
    Advice,
    /// Is not looked for.
    Off,
}

words!(Level, "level of a rule" {
    Blocker => "blocker",
    Warning => "warning",
    Advice => "advice",
    Off => "off",
});

impl Level {
    /// The severity of its findings; none where they are not looked for.
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Blocker => Some(Severity::Blocker),
            Self::Warning => Some(Severity::Warning),
            Self::Advice => Some(Severity::Advice),
            Self::Off => None,
        }
    }
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Blocker => Self::Blocker,
            Severity::Warning => Self::Warning,
            Severity::Advice => Self::Advice,
        }
    }
}

/// Rules that matter more or less than by default.
pub type Levels = BTreeMap<RuleId, Level>;

/// What one environment adds to the built-in catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// Moves when a role is added, changed or removed; 1 is the built-in catalogue alone.
    pub version: u32,
    /// Its roles, in the order in which they were added; each was [accepted](super::accept).
    pub roles: Vec<Role>,
    /// Rules that matter more or less to it.
    pub levels: Levels,
}

impl Default for Own {
    fn default() -> Self {
        Self { version: Catalogue::built_in().version, roles: Vec::new(), levels: Levels::new() }
    }
}

impl Own {
    /// The role of that id, if it is one of these.
    pub fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id.as_str() == id)
    }

    /// The same with that role in place of the one of its id, or at the end.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        match self.roles.iter_mut().find(|known| known.id == role.id) {
            Some(known) => *known = role,
            None => self.roles.push(role),
        }
        self
    }

    /// The same without the role of that id.
    #[must_use]
    pub fn without_role(mut self, id: &str) -> Self {
        self.roles.retain(|role| role.id.as_str() != id);
        self
    }

    /// The whole catalogue: each layer's built-in roles, then its own ones.
    ///
    /// Built-in roles depend on all roles of the layers below theirs (requirements, section 2), so on own ones there too.
    pub fn catalogue(&self) -> Catalogue {
        let built_in = Catalogue::built_in();
        if self.roles.is_empty() {
            return Catalogue { version: self.version, levels: self.levels.clone(), ..built_in.clone() };
        }
        let mut roles: Vec<Role> = built_in.roles.clone();
        for role in &mut roles {
            let below = self.roles.iter().filter(|own| own.layer > role.layer).map(|own| own.id.clone());
            role.depends_on.extend(below);
        }
        roles.extend(self.roles.iter().cloned());
        roles.sort_by_key(|role| role.layer);
        Catalogue { version: self.version, roles, levels: self.levels.clone() }
    }

    /// The ids of roles that a role of that layer can depend on: those of its own layer and of the layers below.
    pub fn can_depend_on(&self, role: &Role) -> Vec<RoleId> {
        self.catalogue()
            .roles
            .into_iter()
            .filter(|other| other.layer >= role.layer && other.id != role.id)
            .map(|other| other.id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Layer;

    fn cache() -> Role {
        let queue = Catalogue::built_in().role("queue").expect("built in").clone();
        Role {
            id: RoleId::from("cache"),
            name: "Cache".to_owned(),
            layer: Layer::Storage,
            depends_on: Vec::new(),
            ..queue
        }
    }

    #[test]
    fn nothing_of_its_own_is_the_built_in_catalogue() {
        assert_eq!(&Own::default().catalogue(), Catalogue::built_in());
    }

    #[test]
    fn an_own_role_has_its_place_and_those_above_depend_on_it() {
        let catalogue = Own { version: 2, ..Own::default() }.with_role(cache()).catalogue();
        assert_eq!(catalogue.version, 2);
        assert_eq!(catalogue.roles.len(), 11);
        assert_eq!(catalogue.roles.last().map(|role| role.id.as_str()), Some("cache"));
        let depends = |id: &str| catalogue.role(id).expect("is there").depends_on.contains(&RoleId::from("cache"));
        assert!(depends("web") && depends("controller"));
        assert!(!depends("sql"));
    }

    #[test]
    fn levels_change_severities_and_switch_rules_off() {
        let levels = Levels::from([(RuleId::NodeIdle, Level::Off), (RuleId::SqlSlowDisk, Level::Blocker)]);
        let catalogue = Own { levels, ..Own::default() }.catalogue();
        assert_eq!(catalogue.severity(RuleId::NodeIdle), None);
        assert_eq!(catalogue.severity(RuleId::SqlSlowDisk), Some(Severity::Blocker));
        assert_eq!(catalogue.severity(RuleId::SqlNoMaster), Some(Severity::Blocker));
    }
}
