//! What one environment adds to the built-in catalogue: roles of its own, and how much rules matter to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Catalogue, Role};
use crate::findings::{RuleId, Severity};
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

impl Level {
    /// Whether a rule of this level lets more through than one of the other.
    pub fn is_weaker_than(self, other: Self) -> bool {
        // In the order of the variants, the strictest first.
        self > other
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

/// A rule that matters less to an environment than by default, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weakened {
    /// The rule.
    pub rule: RuleId,
    /// How much it matters by default.
    pub by_default: Level,
    /// How much it matters there.
    pub level: Level,
}

/// How much a rule matters, where these are the levels that were set.
pub fn level_of(levels: &Levels, rule: RuleId) -> Level {
    levels.get(&rule).copied().unwrap_or_else(|| Level::from(rule.default_severity()))
}

/// The rules that matter less than by default, in the order of the rules.
pub fn weakened(levels: &Levels) -> Vec<Weakened> {
    let all =
        levels.iter().map(|(&rule, &level)| Weakened { rule, by_default: Level::from(rule.default_severity()), level });
    all.filter(|one| one.level.is_weaker_than(one.by_default)).collect()
}

/// The strictest level that each rule had since a moment: `then` are the levels of that moment, `since` what was set later,
/// in any order. A change in review is judged by these (requirements, section 5).
pub fn strictest_levels(then: &Levels, since: impl IntoIterator<Item = (RuleId, Level)>) -> Levels {
    let mut levels = then.clone();
    for (rule, level) in since {
        if level_of(&levels, rule).is_weaker_than(level) {
            levels.insert(rule, level);
        }
    }
    levels.retain(|rule, level| *level != Level::from(rule.default_severity()));
    levels
}

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
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::catalogue::Layer;
    use crate::topology::RoleId;

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

    #[test]
    fn weaker_than_by_default_is_told_and_stricter_is_not() {
        let levels = Levels::from([(RuleId::SqlNoMaster, Level::Off), (RuleId::NodeIdle, Level::Blocker)]);
        assert_eq!(
            weakened(&levels),
            [Weakened { rule: RuleId::SqlNoMaster, by_default: Level::Blocker, level: Level::Off }]
        );
        assert!(Level::Off.is_weaker_than(Level::Advice) && Level::Warning.is_weaker_than(Level::Blocker));
        assert!(!Level::Blocker.is_weaker_than(Level::Blocker) && !Level::Blocker.is_weaker_than(Level::Off));
    }

    #[test]
    fn switched_off_and_on_again_it_was_on() {
        let off = Levels::from([(RuleId::SqlNoMaster, Level::Off)]);
        let set = |level| (RuleId::SqlNoMaster, level);
        assert_eq!(
            strictest_levels(&Levels::new(), [set(Level::Off)]),
            Levels::new(),
            "off serves later changes alone"
        );
        assert_eq!(strictest_levels(&off, []), off);
        assert_eq!(strictest_levels(&off, [set(Level::Blocker), set(Level::Off)]), Levels::new());
    }

    proptest! {
        /// Whatever is set since, no rule matters less than it did at any moment, and none more than at all of them.
        #[test]
        fn the_strictest_is_one_that_was(
            then in vec((select(&RuleId::ALL[..6]), select(Level::ALL)), 0..6),
            since in vec((select(&RuleId::ALL[..6]), select(Level::ALL)), 0..8),
        ) {
            let then: Levels = then.into_iter().collect();
            let levels = strictest_levels(&then, since.clone());
            for &rule in &RuleId::ALL[..6] {
                let mut ever: Vec<Level> = since.iter().filter(|set| set.0 == rule).map(|set| set.1).collect();
                ever.push(level_of(&then, rule));
                prop_assert_eq!(Some(level_of(&levels, rule)), ever.into_iter().min());
            }
        }
    }
}
