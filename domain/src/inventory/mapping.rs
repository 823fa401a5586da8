//! Which role the hosts of a group have.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::seeds::{Key, OneOf, Text};
use crate::catalogue::{Catalogue, SettingKind};
use crate::edit::check_value;
use crate::file::budget::Budget;
use crate::file::seeds as file_seeds;
use crate::file::suggest::suggestion;
use crate::file::{FileError, check_raw, place, text_of};
use crate::text::excerpt;
use crate::topology::{RoleId, SettingValue, Settings};

/// What common group names stand for: group, role, settings.
///
/// Only what is sure: a Galera cluster has several masters, so nothing is said of its replication; MinIO is an object
/// store, which Strata keeps as a service and not on nodes, so no backend is said and a finding asks for it; HAProxy
/// stands in front of several roles and is none.
const COMMON: &[(&str, &str, Pairs)] = &[
    ("apache", "web", &[]),
    ("apache2", "web", &[]),
    ("asterisk", "pbx", &[]),
    ("cassandra", "distributed-database", &[]),
    ("cockroach", "distributed-database", &[]),
    ("cockroachdb", "distributed-database", &[]),
    ("couchbase", "distributed-database", &[]),
    ("freeswitch", "pbx", &[]),
    ("galera", "sql", &[]),
    ("httpd", "web", &[]),
    ("kamailio", "sip", &[]),
    ("mariadb", "sql", &[]),
    ("mariadb_master", "sql", MASTER),
    ("mariadb_primary", "sql", MASTER),
    ("mariadb_replica", "sql", SLAVE),
    ("mariadb_slave", "sql", SLAVE),
    ("minio", "unstructured-storage", &[]),
    ("mysql", "sql", &[]),
    ("mysql_master", "sql", MASTER),
    ("mysql_primary", "sql", MASTER),
    ("mysql_replica", "sql", SLAVE),
    ("mysql_slave", "sql", SLAVE),
    ("nfs", "unstructured-storage", &[("backend", "nfs")]),
    ("nginx", "web", &[]),
    ("opensearch", "elasticsearch", &[]),
    ("opensips", "sip", &[]),
    ("postgres", "sql", &[]),
    ("postgres_master", "sql", MASTER),
    ("postgres_primary", "sql", MASTER),
    ("postgres_replica", "sql", SLAVE),
    ("postgres_slave", "sql", SLAVE),
    ("postgresql", "sql", &[]),
    ("postgresql_master", "sql", MASTER),
    ("postgresql_primary", "sql", MASTER),
    ("postgresql_replica", "sql", SLAVE),
    ("postgresql_slave", "sql", SLAVE),
    ("rabbitmq", "queue", &[]),
    ("redis", "queue", &[]),
    ("sql_master", "sql", MASTER),
    ("sql_slave", "sql", SLAVE),
    ("webserver", "web", &[]),
];

/// Settings by name.
type Pairs = &'static [(&'static str, &'static str)];

const MASTER: Pairs = &[("replication", "master")];
const SLAVE: Pairs = &[("replication", "slave")];

/// Which role the hosts of a group have, and with which settings.
///
/// Group names are compared whole, without case, with `-` and `_` taken for the same, and with or without an `s` at
/// the end; never by a part of them, because `mysql_backup_clients` are no databases. What a file says comes first,
/// then the ids of the catalogue's roles (`distributed_database`, `workers`), then common names ([`Mapping::default`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    given: BTreeMap<String, Option<Target>>,
}

/// What a group stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The role that each of its hosts has.
    pub role: RoleId,
    /// Settings of that role there.
    pub settings: Settings,
}

/// What a mapping says about a group.
pub(super) enum Meaning {
    /// Its hosts have this role.
    Role(Target),
    /// It is known to be no role.
    NoRole,
    /// Nothing.
    Unknown,
}

impl Mapping {
    /// Reads a mapping file, YAML or JSON: group names with a role's id, or with `{ role: …, settings: {…} }`, or with
    /// null where a group is no role. What it does not name keeps its default.
    ///
    /// Errors name line and column. Whether the roles exist is seen when an inventory is read with it.
    pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let text = text_of(bytes)?;
        check_raw(text)?;
        let budget = Budget::of_file(text.len());
        let document = Document { budget: &budget };
        if !text.trim_start().starts_with('{') {
            let yaml = serde_norway::Deserializer::from_str(text);
            return document.deserialize(yaml).map_err(|error| place::of_yaml(error, text));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        match document.deserialize(&mut json).and_then(|mapping| json.end().map(|()| mapping)) {
            Err(error) if error.is_syntax() => {
                let yaml = serde_norway::Deserializer::from_str(text);
                Document { budget: &Budget::of_file(text.len()) }
                    .deserialize(yaml)
                    .map_err(|_| place::of_json(error, text))
            }
            outcome => outcome.map_err(|error| place::of_json(error, text)),
        }
    }

    /// Says what a group stands for, in place of the default; `None` for no role.
    pub fn set(&mut self, group: &str, target: Option<Target>) {
        self.given.insert(folded(group), target);
    }

    /// Whether all that was given fits the catalogue.
    pub(super) fn check(&self, catalogue: &Catalogue) -> Result<(), FileError> {
        for (group, target) in &self.given {
            let Some(Target { role, settings }) = target else { continue };
            let known: Vec<&str> = catalogue.roles.iter().map(|role| role.id.as_str()).collect();
            let Some(spec) = catalogue.role(role.as_str()) else {
                return Err(FileError::of_file(format!(
                    "the mapping gives the group `{group}` the unknown role `{role}`; {}",
                    suggestion(role.as_str(), &known)
                )));
            };
            if let Some(stray) = settings.keys().find(|name| spec.setting(name).is_none()) {
                let known: Vec<&str> = spec.settings.iter().map(|spec| spec.name.as_str()).collect();
                return Err(FileError::of_file(format!(
                    "the mapping gives the group `{group}` the setting `{stray}`, which the role `{role}` does not \
                     have; {}",
                    suggestion(stray, &known)
                )));
            }
            for (name, value) in settings {
                let names_group = spec.setting(name).is_some_and(|spec| spec.kind == SettingKind::Group);
                check_value(name, value, names_group)
                    .map_err(|fault| FileError::of_file(format!("the mapping of the group `{group}`: {fault}")))?;
            }
        }
        Ok(())
    }

    pub(super) fn meaning(&self, group: &str, catalogue: &Catalogue) -> Meaning {
        let name = folded(group);
        let without_s = name.strip_suffix('s').filter(|name| !name.is_empty());
        let with_s = format!("{name}s");
        let given = self.given.get(&name).or_else(|| self.given.get(without_s?)).or_else(|| self.given.get(&with_s));
        match given {
            Some(Some(target)) => return Meaning::Role(target.clone()),
            Some(None) => return Meaning::NoRole,
            None => {}
        }
        if let Some(role) = role_named(group, &name, without_s, catalogue) {
            return Meaning::Role(Target { role, settings: Settings::new() });
        }
        let common = |name: &str| COMMON.iter().find(|(group, ..)| *group == name);
        let found = common(&name).or_else(|| common(without_s?));
        match found.and_then(|&(_, role, settings)| Some((catalogue.role(role)?, settings))) {
            Some((role, settings)) => {
                let settings = settings.iter().filter(|(name, _)| role.setting(name).is_some());
                let text = |value: &str| SettingValue::Text(value.to_owned());
                let settings = settings.map(|&(name, value)| (name.to_owned(), text(value))).collect();
                Meaning::Role(Target { role: role.id.clone(), settings })
            }
            None => Meaning::Unknown,
        }
    }
}

/// A role by its id: exactly, or in other case and writing where that can be only one.
fn role_named(group: &str, name: &str, without_s: Option<&str>, catalogue: &Catalogue) -> Option<RoleId> {
    if let Some(role) = catalogue.role(group) {
        return Some(role.id.clone());
    }
    let only = |name: &str| {
        let mut roles = catalogue.roles.iter().filter(|role| folded(role.id.as_str()) == name);
        roles.next().filter(|_| roles.next().is_none()).map(|role| role.id.clone())
    };
    only(name).or_else(|| only(without_s?))
}

/// A group's name without case, and with `_` for `-`.
pub(super) fn folded(name: &str) -> String {
    name.trim().to_lowercase().replace('-', "_")
}

struct Document<'b> {
    budget: &'b Budget,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Mapping;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Mapping, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Mapping;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("group names with roles, such as `mysql: sql`")
    }

    fn visit_unit<E: Error>(self) -> Result<Mapping, E> {
        Ok(Mapping::default())
    }

    /// A document with nothing in it.
    fn visit_none<E: Error>(self) -> Result<Mapping, E> {
        self.visit_unit()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Mapping, A::Error> {
        let seen = RefCell::default();
        let mut mapping = Mapping::default();
        while let Some(name) = map.next_key_seed(GroupName { budget: self.budget, seen: &seen })? {
            mapping.given.insert(name, map.next_value_seed(TargetShape { budget: self.budget })?);
        }
        Ok(mapping)
    }
}

/// A group's name, folded, that is not there already.
struct GroupName<'b> {
    budget: &'b Budget,
    seen: &'b RefCell<BTreeSet<String>>,
}

impl<'de> DeserializeSeed<'de> for GroupName<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for GroupName<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a group")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        self.budget.charge(text.len())?;
        let name = folded(text);
        if name.is_empty() {
            return Err(E::custom("the name of a group is empty"));
        }
        if !self.seen.borrow_mut().insert(name.clone()) {
            return Err(E::custom(format!("the group `{}` is there twice", shown(text))));
        }
        Ok(name)
    }
}

/// A role's id, `{ role, settings }`, or null.
struct TargetShape<'b> {
    budget: &'b Budget,
}

impl<'de> DeserializeSeed<'de> for TargetShape<'_> {
    type Value = Option<Target>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Target>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TargetShape<'_> {
    type Value = Option<Target>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id of a role, or `{ role: …, settings: {…} }`, or null for no role")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<Target>, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, role: &str) -> Result<Option<Target>, E> {
        self.budget.charge(role.len())?;
        Ok(Some(Target { role: RoleId::from(role), settings: Settings::new() }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Target>, A::Error> {
        const KNOWN: &[&str] = &["role", "settings"];
        let seen = RefCell::default();
        let key = || OneOf { key: Key { budget: self.budget, seen: &seen }, what: "a mapping", known: KNOWN };
        let (mut role, mut settings) = (None, None);
        while let Some(key) = map.next_key_seed(key())? {
            match key.as_str() {
                "role" => role = Some(map.next_value_seed(Text(self.budget))?),
                "settings" => settings = Some(map.next_value_seed(SettingsShape { budget: self.budget })?),
                _ => return Err(A::Error::custom("a mapping merges nothing; write out its keys")),
            }
        }
        let role = role.ok_or_else(|| A::Error::custom("missing key `role` in a mapping"))?;
        Ok(Some(Target { role: RoleId(role), settings: settings.unwrap_or_default() }))
    }
}

/// Settings by name, or nothing.
struct SettingsShape<'b> {
    budget: &'b Budget,
}

impl<'de> DeserializeSeed<'de> for SettingsShape<'_> {
    type Value = Settings;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Settings, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SettingsShape<'_> {
    type Value = Settings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings, such as `{ name: value }`")
    }

    fn visit_unit<E: Error>(self) -> Result<Settings, E> {
        Ok(Settings::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
        let seen = RefCell::default();
        let mut settings = Settings::new();
        while let Some(name) = map.next_key_seed(Key { budget: self.budget, seen: &seen })? {
            let value = map.next_value_seed(file_seeds::Value { key: &name, names_group: false })?;
            self.budget.charge(value.as_text().map_or(0, str::len))?;
            settings.insert(name, value);
        }
        Ok(settings)
    }
}

/// The value of a setting, where it can be one.
pub(super) fn setting_value(value: &Value) -> Option<SettingValue> {
    match value {
        Value::Bool(value) => Some(SettingValue::Boolean(*value)),
        Value::Number(number) => number.as_i64().map(SettingValue::Integer),
        Value::String(text) => Some(SettingValue::Text(text.clone())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn shown(text: &str) -> String {
    excerpt(text, 80)
}
