//! The shape of a topology file, read key by key so that each error is raised where the key or value stands.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::VERSION;
use super::suggest::suggestion;
use crate::catalogue::Catalogue;
use crate::edit::hostname_problem;
use crate::topology::{Assignment, Container, Hardware, Node, RoleId, Service, SettingValue, Settings, Topology};

/// Names that were seen already, so that the second is told.
type Seen = RefCell<HashSet<String>>;

/// A seed for a map: what it is called and how it is read.
macro_rules! map_seed {
    ($seed:ident $(<$life:lifetime>)?, $value:ty, $what:literal) => {
        impl<'de $(, $life)?> DeserializeSeed<'de> for $seed $(<$life>)? {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                deserializer.deserialize_map(self)
            }
        }

        impl<'de $(, $life)?> Visitor<'de> for $seed $(<$life>)? {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($what)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$value, A::Error> {
                self.read(map)
            }
        }
    };
}

/// A seed for a text: what it is called and how it is checked.
macro_rules! text_seed {
    ($seed:ident $(<$life:lifetime>)?, $value:ty, $what:literal) => {
        impl<'de $(, $life)?> DeserializeSeed<'de> for $seed $(<$life>)? {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                deserializer.deserialize_str(self)
            }
        }

        impl<'de $(, $life)?> Visitor<'de> for $seed $(<$life>)? {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($what)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<$value, E> {
                self.check(text)
            }
        }
    };
}

/// A key of a map: one of those known, none twice.
struct Key<'k> {
    what: &'static str,
    known: &'k [&'k str],
    seen: &'k RefCell<Vec<String>>,
}

text_seed!(Key<'k>, String, "a key");

impl Key<'_> {
    fn check<E: Error>(self, key: &str) -> Result<String, E> {
        if !self.known.contains(&key) {
            let shown: String = key.chars().take(80).collect();
            return Err(E::custom(format!("unknown key `{shown}` in {}; {}", self.what, suggestion(key, self.known))));
        }
        if self.seen.borrow().iter().any(|earlier| earlier == key) {
            return Err(E::custom(format!("the key `{key}` is there twice in {}", self.what)));
        }
        self.seen.borrow_mut().push(key.to_owned());
        Ok(key.to_owned())
    }
}

fn missing<E: Error>(key: &str, what: &str) -> E {
    E::custom(format!("missing key `{key}` in {what}"))
}

/// The whole file.
pub(super) struct Document<'c> {
    pub catalogue: &'c Catalogue,
}

map_seed!(Document<'c>, Topology, "a topology with `version: 1`");

impl Document<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Topology, A::Error> {
        const KNOWN: [&str; 5] = ["version", "environment", "availability_groups", "nodes", "services"];
        let what = "the file";
        let seen = RefCell::default();
        let (groups_seen, services_seen) = (Seen::default(), Seen::default());
        let (mut version, mut environment) = (None, None);
        let mut topology = Topology::default();
        while let Some(key) = map.next_key_seed(Key { what, known: &KNOWN, seen: &seen })? {
            match key.as_str() {
                "version" => version = Some(map.next_value_seed(Version)?),
                "environment" => {
                    environment = Some(map.next_value_seed(Named { what: "the environment", seen: None })?)
                }
                "availability_groups" => {
                    let item = || Named { what: "an availability group", seen: Some(&groups_seen) };
                    topology.availability_groups = map.next_value_seed(List { item })?;
                }
                "nodes" => {
                    let item = || NodeShape { catalogue: self.catalogue };
                    topology.nodes = map.next_value_seed(List { item })?;
                }
                _ => {
                    let item = || ServiceShape { catalogue: self.catalogue, seen: &services_seen };
                    topology.services = map.next_value_seed(List { item })?;
                }
            }
        }
        version.ok_or_else(|| missing("version", what))?;
        topology.environment = environment.ok_or_else(|| missing("environment", what))?;
        Ok(topology)
    }
}

/// The format's version.
struct Version;

impl<'de> DeserializeSeed<'de> for Version {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Version {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the version {VERSION} of the format")
    }

    fn visit_u64<E: Error>(self, version: u64) -> Result<(), E> {
        if version == VERSION {
            return Ok(());
        }
        Err(E::custom(format!("the file has version {version} of the format; only version {VERSION} is read")))
    }

    fn visit_i64<E: Error>(self, version: i64) -> Result<(), E> {
        match u64::try_from(version) {
            Ok(version) => self.visit_u64(version),
            Err(_) => Err(E::custom(format!("{version} is no version; only version {VERSION} is read"))),
        }
    }
}

/// A list, or nothing at all.
struct List<F> {
    item: F,
}

impl<'de, S: DeserializeSeed<'de>, F: Fn() -> S> DeserializeSeed<'de> for List<F> {
    type Value = Vec<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: DeserializeSeed<'de>, F: Fn() -> S> Visitor<'de> for List<F> {
    type Value = Vec<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed((self.item)())? {
            items.push(item);
        }
        Ok(items)
    }
}

/// A name that is not empty, and not there already.
struct Named<'s> {
    what: &'static str,
    seen: Option<&'s Seen>,
}

text_seed!(Named<'s>, String, "a name");

impl Named<'_> {
    fn check<E: Error>(self, name: &str) -> Result<String, E> {
        if name.trim().is_empty() {
            return Err(E::custom(format!("the name of {} is empty", self.what)));
        }
        if let Some(seen) = self.seen
            && !seen.borrow_mut().insert(name.to_owned())
        {
            return Err(E::custom(format!("{} is named `{name}` twice", self.what)));
        }
        Ok(name.to_owned())
    }
}

/// A hostname.
struct Hostname;

text_seed!(Hostname, String, "a hostname");

impl Hostname {
    fn check<E: Error>(self, hostname: &str) -> Result<String, E> {
        match hostname_problem(hostname) {
            None => Ok(hostname.to_owned()),
            Some(problem) => {
                let shown: String = hostname.chars().take(80).collect();
                Err(E::custom(format!("`{shown}` is no hostname: {problem}")))
            }
        }
    }
}

/// An IPv4 or IPv6 address.
struct Address;

text_seed!(Address, IpAddr, "an IPv4 or IPv6 address");

impl Address {
    fn check<E: Error>(self, text: &str) -> Result<IpAddr, E> {
        text.parse().map_err(|_| {
            let shown: String = text.chars().take(80).collect();
            E::custom(format!("`{shown}` is no IPv4 or IPv6 address"))
        })
    }
}

/// A value, or null.
struct Maybe<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Maybe<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Maybe<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or nothing")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

struct NodeShape<'c> {
    catalogue: &'c Catalogue,
}

map_seed!(NodeShape<'c>, Node, "a node");

impl NodeShape<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        const KNOWN: [&str; 8] =
            ["id", "hostname", "private_ip", "public_ip", "site", "container", "hardware", "roles"];
        let what = "a node";
        let seen = RefCell::default();
        let roles_seen = Seen::default();
        let (mut id, mut hostname, mut private_ip, mut public_ip) = (None, None, None, None);
        let (mut site, mut container, mut hardware, mut roles) = (None, None, None, Vec::new());
        while let Some(key) = map.next_key_seed(Key { what, known: &KNOWN, seen: &seen })? {
            match key.as_str() {
                "id" => id = map.next_value_seed(Maybe(Named { what: "the id", seen: None }))?,
                "hostname" => hostname = Some(map.next_value_seed(Hostname)?),
                "private_ip" => private_ip = Some(map.next_value_seed(Address)?),
                "public_ip" => public_ip = map.next_value_seed(Maybe(Address))?,
                "site" => site = map.next_value::<Option<String>>()?,
                "container" => container = map.next_value::<Option<Container>>()?,
                "hardware" => hardware = map.next_value::<Option<Hardware>>()?,
                _ => {
                    let item = || RoleShape { catalogue: self.catalogue, seen: &roles_seen };
                    roles = map.next_value_seed(List { item })?;
                }
            }
        }
        Ok(Node {
            id,
            hostname: hostname.ok_or_else(|| missing("hostname", what))?,
            private_ip: private_ip.ok_or_else(|| missing("private_ip", what))?,
            public_ip,
            site,
            container,
            hardware: hardware.unwrap_or_default(),
            roles,
        })
    }
}

/// A role's id, known to the catalogue and not there already.
struct RoleName<'c> {
    catalogue: &'c Catalogue,
    seen: Option<&'c Seen>,
}

text_seed!(RoleName<'c>, RoleId, "the id of a role");

impl RoleName<'_> {
    fn check<E: Error>(self, id: &str) -> Result<RoleId, E> {
        if self.catalogue.role(id).is_none() {
            let known: Vec<&str> = self.catalogue.roles.iter().map(|role| role.id.as_str()).collect();
            let shown: String = id.chars().take(80).collect();
            return Err(E::custom(format!("unknown role `{shown}`; {}", suggestion(id, &known))));
        }
        if let Some(seen) = self.seen
            && !seen.borrow_mut().insert(id.to_owned())
        {
            return Err(E::custom(format!("the role `{id}` is there twice on one node")));
        }
        Ok(RoleId::from(id))
    }
}

/// Reads `role` and its settings, which stand beside each other, in any order; other keys are `own`.
fn role_and_settings<'de, A: MapAccess<'de>>(
    map: &mut A,
    catalogue: &Catalogue,
    what: &'static str,
    own: &[&str],
    roles_seen: Option<&Seen>,
    mut read_own: impl FnMut(&mut A) -> Result<(), A::Error>,
) -> Result<(RoleId, Settings), A::Error> {
    let seen = RefCell::default();
    let mut role: Option<RoleId> = None;
    let mut settings = Settings::new();
    let all_roles = || catalogue.roles.iter();
    loop {
        // Before the role is read, any role's settings may stand here; they are looked at again below.
        let of_role = all_roles().filter(|known| role.as_ref().is_none_or(|role| *role == known.id));
        let mut known: Vec<&str> = own.to_vec();
        known.push("role");
        known.extend(of_role.flat_map(|role| role.settings.iter().map(|spec| spec.name.as_str())));
        known.dedup();
        let Some(key) = map.next_key_seed(Key { what, known: &known, seen: &seen })? else { break };
        if key == "role" {
            role = Some(map.next_value_seed(RoleName { catalogue, seen: roles_seen })?);
        } else if own.contains(&key.as_str()) {
            read_own(map)?;
        } else {
            settings.insert(key, map.next_value_seed(Value)?);
        }
    }
    let role = role.ok_or_else(|| missing("role", what))?;
    let spec = catalogue.role(role.as_str());
    if let Some(stray) = settings.keys().find(|name| spec.is_none_or(|spec| spec.setting(name).is_none())) {
        return Err(A::Error::custom(format!(
            "unknown key `{stray}` in {what}; the role `{role}` has no such setting"
        )));
    }
    Ok((role, settings))
}

struct RoleShape<'c> {
    catalogue: &'c Catalogue,
    seen: &'c Seen,
}

map_seed!(RoleShape<'c>, Assignment, "a role with its settings, such as `{ role: queue }`");

impl RoleShape<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Assignment, A::Error> {
        let (role, settings) =
            role_and_settings(&mut map, self.catalogue, "a role of a node", &[], Some(self.seen), |_| Ok(()))?;
        Ok(Assignment { role, settings })
    }
}

struct ServiceShape<'c> {
    catalogue: &'c Catalogue,
    seen: &'c Seen,
}

map_seed!(ServiceShape<'c>, Service, "a service");

impl ServiceShape<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Service, A::Error> {
        let what = "a service";
        let mut name = None;
        let (role, settings) = role_and_settings(&mut map, self.catalogue, what, &["name"], None, |map| {
            name = Some(map.next_value_seed(Named { what, seen: Some(self.seen) })?);
            Ok(())
        })?;
        Ok(Service { name: name.ok_or_else(|| missing("name", what))?, role, settings })
    }
}

/// A setting's value; whether it makes sense is for the rules.
struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = SettingValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<SettingValue, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Value {
    type Value = SettingValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, true or false")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<SettingValue, E> {
        Ok(SettingValue::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<SettingValue, E> {
        Ok(SettingValue::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<SettingValue, E> {
        i64::try_from(value).map(SettingValue::Integer).map_err(|_| E::custom(format!("{value} is too large a number")))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<SettingValue, E> {
        Ok(SettingValue::Text(value.to_owned()))
    }
}
