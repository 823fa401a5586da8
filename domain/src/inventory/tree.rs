//! The YAML dialect, and the JSON of `ansible-inventory --list`: the same shapes, so the same seeds read both.
//!
//! Aliases are followed on a budget, see [`Budget`].

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::model::{ALL, Inventory, Owner};
use super::numbers;
use super::pattern::expand;
use super::seeds::{Any, Key, Merged, OneOf, ReadVars, Text, VarsOf, any_seed};
use crate::file::budget::Budget;
use crate::file::{FileError, check_raw, place};

/// Reads YAML.
pub(super) fn read_yaml(text: &str) -> Result<Inventory, FileError> {
    check_raw(text)?;
    let reader = Reader::new(text);
    let yaml = serde_norway::Deserializer::from_str(text);
    Groups { reader: &reader, parent: None }.deserialize(yaml).map_err(|error| place::of_yaml(error, text))?;
    Ok(reader.finish(text))
}

/// Reads JSON; YAML can start with a brace as well, so what is no JSON gets a second chance as YAML.
pub(super) fn read_json(text: &str) -> Result<Inventory, FileError> {
    check_raw(text)?;
    let reader = Reader::new(text);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let outcome = Groups { reader: &reader, parent: None }.deserialize(&mut deserializer);
    match outcome.and_then(|()| deserializer.end()) {
        Ok(()) => Ok(reader.finish(text)),
        Err(error) if error.is_syntax() => read_yaml(text).map_err(|_| place::of_json(error, text)),
        Err(error) => Err(place::of_json(error, text)),
    }
}

struct Reader {
    inventory: RefCell<Inventory>,
    budget: Budget,
}

impl Reader {
    fn new(text: &str) -> Self {
        Self { inventory: RefCell::new(Inventory::new()), budget: Budget::of_file(text.len()) }
    }

    fn finish(self, text: &str) -> Inventory {
        let mut inventory = self.inventory.into_inner();
        numbers::as_written(&mut inventory, text);
        inventory.finish();
        inventory
    }

    fn group<E: Error>(&self, name: &str) -> Result<usize, E> {
        self.inventory.borrow_mut().group(name, None).map_err(E::custom)
    }

    fn hosts<E: Error>(&self, pattern: &str) -> Result<Vec<usize>, E> {
        let mut inventory = self.inventory.borrow_mut();
        let hosts = expand(pattern, inventory.room()).map_err(E::custom)?;
        if hosts.port.is_some() {
            inventory.count_unknown("ansible_port", hosts.names.len(), None);
        }
        hosts.names.iter().map(|name| inventory.host(name, None).map_err(E::custom)).collect()
    }

    fn keep(&self, vars: &ReadVars, owners: &[Owner]) {
        let mut inventory = self.inventory.borrow_mut();
        for name in &vars.unknown {
            inventory.count_unknown(name, owners.len(), None);
        }
        for owner in owners {
            inventory.say(*owner, &vars.known, None);
        }
    }
}

/// A map of groups: the whole file, or the children of a group; children can also be a list.
struct Groups<'r> {
    reader: &'r Reader,
    parent: Option<usize>,
}

any_seed!(Groups<'r>, ());

impl Groups<'_> {
    fn add<E: Error>(&self, name: &str) -> Result<usize, E> {
        let group = self.reader.group(name)?;
        if let Some(parent) = self.parent {
            self.reader.inventory.borrow_mut().add_child(parent, group, None).map_err(E::custom)?;
        }
        Ok(group)
    }
}

impl<'de> Visitor<'de> for Groups<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("groups by their names, such as `all:` with `hosts`, `children` and `vars`")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match self.parent {
            Some(_) => Ok(()),
            None => Err(E::custom("the inventory is empty")),
        }
    }

    /// A document with nothing in it.
    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        match self.parent {
            Some(_) => self.add(name).map(|_| ()),
            None => Err(E::invalid_type(serde::de::Unexpected::Str(name), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.parent.is_none() {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        while let Some(name) = list.next_element_seed(Text(&self.reader.budget))? {
            self.add(&name)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let seen = RefCell::default();
        while let Some(name) = map.next_key_seed(Key { budget: &self.reader.budget, seen: &seen })? {
            match (name.as_str(), self.parent) {
                ("<<", parent) => {
                    map.next_value_seed(Merged(&self.reader.budget, || Groups { reader: self.reader, parent }))?;
                }
                ("_meta", None) => map.next_value_seed(Meta { reader: self.reader })?,
                ("plugin", None) => {
                    return Err(A::Error::custom(
                        "this is the configuration of an inventory plugin; give what `ansible-inventory --list` prints \
                         with it",
                    ));
                }
                _ => {
                    let group = self.add(&name)?;
                    map.next_value_seed(Body { reader: self.reader, group })?;
                }
            }
        }
        Ok(())
    }
}

/// `hosts`, `children` and `vars` of a group; scripts may print just the list of hosts.
struct Body<'r> {
    reader: &'r Reader,
    group: usize,
}

any_seed!(Body<'r>, ());

impl<'de> Visitor<'de> for Body<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a group with `hosts`, `children` and `vars`")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        Hosts { reader: self.reader, group: Some(self.group) }.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        const KNOWN: &[&str] = &["hosts", "children", "vars"];
        let Self { reader, group } = self;
        let seen = RefCell::default();
        let key = || OneOf { key: Key { budget: &reader.budget, seen: &seen }, what: "a group", known: KNOWN };
        while let Some(key) = map.next_key_seed(key())? {
            match key.as_str() {
                "hosts" => map.next_value_seed(Hosts { reader, group: Some(group) })?,
                "children" => map.next_value_seed(Groups { reader, parent: Some(group) })?,
                "vars" => {
                    let vars = map.next_value_seed(VarsOf { budget: &reader.budget })?;
                    reader.keep(&vars, &[Owner::Group(group)]);
                }
                _ => map.next_value_seed(Merged(&reader.budget, || Body { reader, group }))?,
            }
        }
        Ok(())
    }
}

/// Hosts of a group, with their variables or without.
struct Hosts<'r> {
    reader: &'r Reader,
    group: Option<usize>,
}

any_seed!(Hosts<'r>, ());

impl Hosts<'_> {
    fn join<E: Error>(&self, pattern: &str) -> Result<Vec<usize>, E> {
        let hosts = self.reader.hosts(pattern)?;
        // Every host is in `all`; only other groups say something.
        if let Some(group) = self.group.filter(|group| *group != ALL) {
            let mut inventory = self.reader.inventory.borrow_mut();
            hosts.iter().for_each(|&host| inventory.join(group, host));
        }
        Ok(hosts)
    }
}

impl<'de> Visitor<'de> for Hosts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hosts by their names")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, pattern: &str) -> Result<(), E> {
        self.reader.budget.charge(pattern.len())?;
        self.join(pattern).map(|_| ())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(pattern) = list.next_element_seed(Text(&self.reader.budget))? {
            self.join::<A::Error>(&pattern)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { reader, group } = self;
        let seen = RefCell::default();
        while let Some(pattern) = map.next_key_seed(Key { budget: &reader.budget, seen: &seen })? {
            if pattern == "<<" {
                map.next_value_seed(Merged(&reader.budget, || Hosts { reader, group }))?;
                continue;
            }
            let owners: Vec<Owner> = self.join(&pattern)?.into_iter().map(Owner::Host).collect();
            let vars = map.next_value_seed(VarsOf { budget: &reader.budget })?;
            reader.keep(&vars, &owners);
        }
        Ok(())
    }
}

/// `_meta: {hostvars: {…}}`; what else is in it says nothing about hosts.
struct Meta<'r> {
    reader: &'r Reader,
}

any_seed!(Meta<'r>, ());

impl<'de> Visitor<'de> for Meta<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`hostvars` with the variables of each host")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let seen = RefCell::default();
        while let Some(key) = map.next_key_seed(Key { budget: &self.reader.budget, seen: &seen })? {
            if key == "hostvars" {
                map.next_value_seed(Hosts { reader: self.reader, group: None })?;
            } else {
                map.next_value_seed(Any { budget: &self.reader.budget, keep: false, top: false })?;
            }
        }
        Ok(())
    }
}
