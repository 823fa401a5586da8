//! The shape of a topology file, read key by key so that each error is raised where the key or value stands.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::budget::Budget;
use super::seeds::{Address, Hostname, Key, List, Maybe, Named, RoleName, Seen, Site, Value, Version};
use crate::catalogue::{Catalogue, SettingKind};
use crate::limits::Things;
use crate::topology::{Assignment, Container, Hardware, Node, RoleId, Service, Settings, Topology};

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

fn missing<E: Error>(key: &str, what: &str) -> E {
    E::custom(format!("missing key `{key}` in {what}"))
}

/// The whole file.
pub(super) struct Document<'c> {
    pub catalogue: &'c Catalogue,
    pub budget: Budget,
}

map_seed!(Document<'c>, Topology, "a topology with `version: 1`");

impl Document<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Topology, A::Error> {
        const KNOWN: [&str; 5] = ["version", "environment", "availability_groups", "nodes", "services"];
        let what = "the file";
        let seen = RefCell::default();
        let (groups_seen, services_seen, ids_seen) = (Seen::default(), Seen::default(), Seen::default());
        let (mut version, mut environment) = (None, None);
        let mut topology = Topology::default();
        while let Some(key) = map.next_key_seed(Key { what, known: &KNOWN, seen: &seen })? {
            match key.as_str() {
                "version" => version = Some(map.next_value_seed(Version)?),
                "environment" => {
                    let name = Named { what: "the environment", key: "environment", seen: None };
                    environment = map.next_value_seed(Maybe(name))?;
                }
                "availability_groups" => {
                    let item = || Named {
                        what: "an availability group",
                        key: "availability_groups",
                        seen: Some(&groups_seen),
                    };
                    topology.availability_groups = map.next_value_seed(List { of: Some(Things::Groups), item })?;
                }
                "nodes" => {
                    let item = || NodeShape { catalogue: self.catalogue, ids: &ids_seen, budget: &self.budget };
                    topology.nodes = map.next_value_seed(List { of: Some(Things::Nodes), item })?;
                }
                _ => {
                    let item =
                        || ServiceShape { catalogue: self.catalogue, seen: &services_seen, budget: &self.budget };
                    topology.services = map.next_value_seed(List { of: Some(Things::Services), item })?;
                }
            }
        }
        version.ok_or_else(|| missing("version", what))?;
        topology.environment = environment.ok_or_else(|| missing("environment", what))?;
        Ok(topology)
    }
}

/// What a node, and what a role, costs besides its texts: about what the shortest takes in a file.
const NODE: usize = 40;
const ROLE: usize = 10;

struct NodeShape<'c> {
    catalogue: &'c Catalogue,
    /// The ids of the nodes so far.
    ids: &'c Seen,
    budget: &'c Budget,
}

map_seed!(NodeShape<'c>, Node, "a node");

impl NodeShape<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        const KNOWN: [&str; 8] =
            ["id", "hostname", "private_ip", "public_ip", "site", "container", "hardware", "roles"];
        let what = "a node";
        self.budget.charge(NODE)?;
        let seen = RefCell::default();
        let roles_seen = Seen::default();
        let (mut id, mut hostname, mut private_ip, mut public_ip) = (None, None, None, None);
        let (mut site, mut container, mut hardware, mut roles) = (None, None, None, Vec::new());
        while let Some(key) = map.next_key_seed(Key { what, known: &KNOWN, seen: &seen })? {
            match key.as_str() {
                "id" => {
                    id = map.next_value_seed(Maybe(Named { what: "an id", key: "id", seen: Some(self.ids) }))?;
                    self.budget.charge(id.as_ref().map_or(0, String::len))?;
                }
                "hostname" => hostname = map.next_value_seed(Maybe(Hostname))?,
                "private_ip" => private_ip = map.next_value_seed(Maybe(Address))?,
                "public_ip" => public_ip = map.next_value_seed(Maybe(Address))?,
                "site" => {
                    site = map.next_value_seed(Maybe(Site))?;
                    self.budget.charge(site.as_ref().map_or(0, String::len))?;
                }
                "container" => container = map.next_value_seed(Maybe(ContainerShape))?,
                "hardware" => hardware = map.next_value_seed(Maybe(HardwareShape))?,
                _ => {
                    let item = || RoleShape { catalogue: self.catalogue, seen: &roles_seen, budget: self.budget };
                    roles = map.next_value_seed(List { of: None, item })?;
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

struct ContainerShape;

map_seed!(ContainerShape, Container, "a container, such as `{ platform: kvm, ha: true }`");

impl ContainerShape {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Container, A::Error> {
        const KNOWN: [&str; 2] = ["platform", "ha"];
        let what = "a container";
        let seen = RefCell::default();
        let (mut platform, mut ha) = (None, false);
        while let Some(key) = map.next_key_seed(Key { what, known: &KNOWN, seen: &seen })? {
            match key.as_str() {
                "platform" => platform = Some(map.next_value()?),
                _ => ha = map.next_value()?,
            }
        }
        Ok(Container { platform: platform.ok_or_else(|| missing("platform", what))?, ha })
    }
}

struct HardwareShape;

map_seed!(HardwareShape, Hardware, "hardware, such as `{ vcpus: 8 }`");

impl HardwareShape {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Hardware, A::Error> {
        const KNOWN: [&str; 5] = ["vcpus", "memory_mib", "disk", "disk_gib", "iops"];
        let seen = RefCell::default();
        let mut hardware = Hardware::default();
        while let Some(key) = map.next_key_seed(Key { what: "hardware", known: &KNOWN, seen: &seen })? {
            match key.as_str() {
                "vcpus" => hardware.vcpus = map.next_value()?,
                "memory_mib" => hardware.memory_mib = map.next_value()?,
                "disk" => hardware.disk = map.next_value()?,
                "disk_gib" => hardware.disk_gib = map.next_value()?,
                _ => hardware.iops = map.next_value()?,
            }
        }
        Ok(hardware)
    }
}

/// Reads `role` and its settings, which stand beside each other, in any order; other keys are `own`.
fn role_and_settings<'de, A: MapAccess<'de>>(
    map: &mut A,
    (catalogue, budget): (&Catalogue, &Budget),
    what: &'static str,
    own: &[&str],
    roles_seen: Option<&Seen>,
    mut read_own: impl FnMut(&mut A) -> Result<(), A::Error>,
) -> Result<(RoleId, Settings), A::Error> {
    budget.charge(ROLE)?;
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
            role = map.next_value_seed(Maybe(RoleName { catalogue, seen: roles_seen }))?;
        } else if own.contains(&key.as_str()) {
            read_own(map)?;
        } else {
            let mut of_role = all_roles().filter(|known| role.as_ref().is_none_or(|role| *role == known.id));
            let names_group =
                of_role.any(|role| role.setting(&key).is_some_and(|spec| spec.kind == SettingKind::Group));
            let value = map.next_value_seed(Value { key: &key, names_group })?;
            budget.charge(key.len() + value.as_text().map_or(0, str::len))?;
            settings.insert(key, value);
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
    budget: &'c Budget,
}

map_seed!(RoleShape<'c>, Assignment, "a role with its settings, such as `{ role: queue }`");

impl RoleShape<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Assignment, A::Error> {
        let (role, settings) = role_and_settings(
            &mut map,
            (self.catalogue, self.budget),
            "a role of a node",
            &[],
            Some(self.seen),
            |_| Ok(()),
        )?;
        Ok(Assignment { role, settings })
    }
}

struct ServiceShape<'c> {
    catalogue: &'c Catalogue,
    seen: &'c Seen,
    budget: &'c Budget,
}

map_seed!(ServiceShape<'c>, Service, "a service");

impl ServiceShape<'_> {
    fn read<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<Service, A::Error> {
        let what = "a service";
        let mut name = None;
        let (role, settings) =
            role_and_settings(&mut map, (self.catalogue, self.budget), what, &["name"], None, |map| {
                name = map.next_value_seed(Maybe(Named { what, key: "name", seen: Some(self.seen) }))?;
                Ok(())
            })?;
        Ok(Service { name: name.ok_or_else(|| missing("name", what))?, role, settings })
    }
}
