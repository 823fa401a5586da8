//! Hosts, groups and variables, as all dialects say them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_json::Value;

use super::{LIMIT_GROUPS, LIMIT_HOSTS, LIMIT_MENTIONS};

/// Variables that are understood, by name. Shared, because one line can set them for thousands of hosts.
pub(super) type Vars = BTreeMap<&'static str, Rc<Value>>;

/// The group that all others are children of.
pub(super) const ALL: usize = 0;

/// Which of equally deep groups says a variable: that with the highest; set for a group, and 1 where it is not.
pub(super) const PRIORITY: &str = "ansible_group_priority";

/// Those that say a whole number, however it is written.
pub(super) const FIGURES: [&str; 6] = [
    "ansible_memtotal_mb",
    "ansible_processor_vcpus",
    "strata_disk_gib",
    "strata_iops",
    "strata_memory_mib",
    "strata_vcpus",
];

/// Those that are about the whole topology, whoever they are said of.
pub(super) const OF_ALL: [&str; 2] = ["strata_availability_groups", "strata_services"];

/// The variables that say something about a topology; those with `strata_` are written by our export.
const KNOWN: [&str; 29] = [
    PRIORITY,
    "ansible_host",
    "ansible_memtotal_mb",
    "ansible_processor_vcpus",
    "ansible_ssh_host",
    "availability_group",
    "datacenter",
    "dc",
    "mariadb_role",
    "mysql_replication_role",
    "mysql_role",
    "pg_role",
    "postgresql_role",
    "private_ip",
    "public_ip",
    "replication",
    "site",
    "strata_availability_groups",
    "strata_disk",
    "strata_disk_gib",
    "strata_ha",
    "strata_hostname",
    "strata_id",
    "strata_iops",
    "strata_memory_mib",
    "strata_platform",
    "strata_roles",
    "strata_services",
    "strata_vcpus",
];

/// The variable of that name, if it is understood.
pub(super) fn known(name: &str) -> Option<&'static str> {
    KNOWN.binary_search(&name).ok().map(|index| KNOWN[index])
}

pub(super) struct Host {
    pub name: String,
    pub line: Option<usize>,
    pub vars: Vars,
    /// The groups that name it, each once when [`Inventory::finish`] has run.
    pub groups: Vec<usize>,
}

pub(super) struct Group {
    pub name: String,
    pub line: Option<usize>,
    /// Number of hosts that it names itself.
    pub hosts: usize,
    /// Each with the place where it is named as a child.
    pub children: Vec<(usize, Option<Place>)>,
    pub vars: Vars,
}

/// Line and column, from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
}

/// What a variable is said of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Host(usize),
    Group(usize),
}

/// A variable that is said of one host or group in several ways.
pub(super) struct Contradiction {
    /// What was said first.
    pub first: Rc<Value>,
    /// Where something else was said last.
    pub line: Option<usize>,
}

/// How often a variable that is not understood is set, and where first.
#[derive(Default)]
pub(super) struct Unknown {
    pub count: usize,
    pub line: Option<usize>,
}

pub(super) struct Inventory {
    pub hosts: Vec<Host>,
    pub groups: Vec<Group>,
    pub unknown: BTreeMap<String, Unknown>,
    pub contradictions: BTreeMap<(Owner, &'static str), Contradiction>,
    host_numbers: HashMap<String, usize>,
    group_numbers: HashMap<String, usize>,
    mentions: usize,
}

impl Inventory {
    pub fn new() -> Self {
        let mut inventory = Self {
            hosts: Vec::new(),
            groups: Vec::new(),
            unknown: BTreeMap::new(),
            contradictions: BTreeMap::new(),
            host_numbers: HashMap::new(),
            group_numbers: HashMap::new(),
            mentions: 0,
        };
        inventory.add_group("all", None);
        inventory
    }

    fn add_group(&mut self, name: &str, line: Option<usize>) -> usize {
        let number = self.groups.len();
        self.groups.push(Group { name: name.to_owned(), line, hosts: 0, children: Vec::new(), vars: Vars::new() });
        self.group_numbers.insert(name.to_owned(), number);
        number
    }

    /// The number of the group of that name, which is made where it is new.
    pub fn group(&mut self, name: &str, line: Option<usize>) -> Result<usize, String> {
        if name.trim().is_empty() {
            return Err("the name of a group is empty".to_owned());
        }
        if let Some(&number) = self.group_numbers.get(name) {
            return Ok(number);
        }
        if self.groups.len() >= LIMIT_GROUPS {
            return Err(format!("more than {LIMIT_GROUPS} groups"));
        }
        Ok(self.add_group(name, line))
    }

    /// The number of the host of that name, which is made where it is new.
    pub fn host(&mut self, name: &str, line: Option<usize>) -> Result<usize, String> {
        self.mention()?;
        if let Some(&number) = self.host_numbers.get(name) {
            return Ok(number);
        }
        if self.hosts.len() >= LIMIT_HOSTS {
            return Err(format!("more than {LIMIT_HOSTS} hosts"));
        }
        let number = self.hosts.len();
        self.hosts.push(Host { name: name.to_owned(), line, vars: Vars::new(), groups: Vec::new() });
        self.host_numbers.insert(name.to_owned(), number);
        Ok(number)
    }

    /// How many hosts one more pattern can stand for.
    pub fn room(&self) -> usize {
        LIMIT_HOSTS.min(LIMIT_MENTIONS.saturating_sub(self.mentions))
    }

    fn mention(&mut self) -> Result<(), String> {
        self.mentions += 1;
        if self.mentions > LIMIT_MENTIONS {
            return Err(format!("groups name hosts and groups more than {LIMIT_MENTIONS} times"));
        }
        Ok(())
    }

    pub fn join(&mut self, group: usize, host: usize) {
        self.hosts[host].groups.push(group);
    }

    pub fn add_child(&mut self, parent: usize, child: usize, place: Option<Place>) -> Result<(), String> {
        self.mention()?;
        self.groups[parent].children.push((child, place));
        Ok(())
    }

    /// Variables that are said of a host or a group. What is said last is taken, as Ansible does it; that something else
    /// was said before is kept.
    pub fn say(&mut self, owner: Owner, vars: &Vars, line: Option<usize>) {
        let kept = match owner {
            Owner::Host(host) => &mut self.hosts[host].vars,
            Owner::Group(group) => &mut self.groups[group].vars,
        };
        for (&name, value) in vars {
            let Some(before) = kept.insert(name, Rc::clone(value)).filter(|before| before != value) else { continue };
            let of = self.contradictions.entry((owner, name));
            of.or_insert_with(|| Contradiction { first: before, line }).line = line;
        }
    }

    /// Counts a variable that is not understood.
    pub fn count_unknown(&mut self, name: &str, times: usize, line: Option<usize>) {
        match self.unknown.get_mut(name) {
            Some(unknown) => unknown.count += times,
            None => {
                self.unknown.insert(name.to_owned(), Unknown { count: times, line });
            }
        }
    }

    /// To be called when everything is read: memberships that are said twice count once.
    pub fn finish(&mut self) {
        for host in &mut self.hosts {
            host.groups.sort_unstable();
            host.groups.dedup();
            for &group in &host.groups {
                self.groups[group].hosts += 1;
            }
        }
        for group in &mut self.groups {
            group.children.sort_by_key(|(child, _)| *child);
            group.children.dedup_by_key(|(child, _)| *child);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_can_be_searched() {
        assert!(KNOWN.is_sorted());
        assert_eq!(known("private_ip"), Some("private_ip"));
        assert_eq!(known("ansible_user"), None);
    }
}
