//! The small pieces of YAML and JSON inventories: names, values, variables, and what `<<` merges.
//!
//! All of them are read on a budget, also what is not kept, because aliases cost time as well as memory.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::Value;

use super::model::{Vars, known};
use super::said::{kept, not_taken, tagged, unsafe_text};
use crate::file::budget::Budget;
use crate::file::suggest::suggestion;
use crate::text::excerpt;

/// Reads `deserialize_any` for a seed that is its own visitor.
macro_rules! any_seed {
    ($seed:ident<$life:lifetime>, $value:ty) => {
        impl<'de, $life> DeserializeSeed<'de> for $seed<$life> {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                deserializer.deserialize_any(self)
            }
        }
    };
}
pub(super) use any_seed;

/// A text, such as a key.
pub(super) struct Text<'r>(pub &'r Budget);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// A key that no other of its map is the same as; Ansible would let the last one win, with no more than a warning.
pub(super) struct Key<'r> {
    pub budget: &'r Budget,
    pub seen: &'r RefCell<HashSet<String>>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        self.budget.charge(text.len())?;
        // What is merged can be said in several lines.
        if text != "<<" && !self.seen.borrow_mut().insert(text.to_owned()) {
            return Err(E::custom(format!("the key `{}` is there twice", excerpt(text, 80))));
        }
        Ok(text.to_owned())
    }
}

/// A key that its map can have, once.
pub(super) struct OneOf<'r> {
    pub key: Key<'r>,
    pub what: &'static str,
    pub known: &'static [&'static str],
}

impl<'de> DeserializeSeed<'de> for OneOf<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for OneOf<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        if !self.known.contains(&key) && key != "<<" {
            let known = suggestion(key, self.known);
            return Err(E::custom(format!("unknown key `{}` in {}; {known}", excerpt(key, 80), self.what)));
        }
        self.key.visit_str(key)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        self.0.charge(text.len())?;
        Ok(text.to_owned())
    }
}

/// What `<<` brings in: one map, or a list of them.
pub(super) struct Merged<'r, F>(pub &'r Budget, pub F);

impl<'de, S: DeserializeSeed<'de, Value = ()>, F: Fn() -> S> DeserializeSeed<'de> for Merged<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>, F: Fn() -> S> Visitor<'de> for Merged<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map to merge, or a list of maps")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.charge(0)?;
        (self.1)().deserialize(serde::de::value::MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed((self.1)())?.is_some() {
            self.0.charge(0)?;
        }
        Ok(())
    }
}

/// Variables as they are read: the values of those that are understood, the names of the others.
#[derive(Default)]
pub(super) struct ReadVars {
    pub known: Vars,
    pub unknown: Vec<String>,
}

/// Variables of a host or a group.
pub(super) struct VarsOf<'r> {
    pub budget: &'r Budget,
}

any_seed!(VarsOf<'r>, ReadVars);

impl<'de> Visitor<'de> for VarsOf<'_> {
    type Value = ReadVars;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("variables by their names")
    }

    fn visit_unit<E: Error>(self) -> Result<ReadVars, E> {
        Ok(ReadVars::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ReadVars, A::Error> {
        let mut vars = ReadVars::default();
        let merged = RefCell::new(ReadVars::default());
        let seen = RefCell::default();
        while let Some(name) = map.next_key_seed(Key { budget: self.budget, seen: &seen })? {
            if name == "<<" {
                map.next_value_seed(Merged(self.budget, || MergedVars { budget: self.budget, into: &merged }))?;
            } else if let Some(name) = known(&name) {
                let value = map.next_value_seed(Any { budget: self.budget, keep: true, top: true })?;
                vars.known.insert(name, Rc::new(kept(value)));
            } else {
                map.next_value_seed(Any { budget: self.budget, keep: false, top: false })?;
                vars.unknown.push(name);
            }
        }
        // What is merged gives way to what stands here.
        let merged = merged.into_inner();
        for (name, value) in merged.known {
            vars.known.entry(name).or_insert(value);
        }
        vars.unknown.extend(merged.unknown);
        Ok(vars)
    }
}

struct MergedVars<'r> {
    budget: &'r Budget,
    into: &'r RefCell<ReadVars>,
}

impl<'de> DeserializeSeed<'de> for MergedVars<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let vars = VarsOf { budget: self.budget }.deserialize(deserializer)?;
        let mut into = self.into.borrow_mut();
        for (name, value) in vars.known {
            into.known.entry(name).or_insert(value);
        }
        into.unknown.extend(vars.unknown);
        Ok(())
    }
}

/// The value of a variable. One that is not kept is still read on the budget, because aliases cost time as well.
pub(super) struct Any<'r> {
    pub budget: &'r Budget,
    pub keep: bool,
    /// Whether it is the whole value of a variable: then it stays known that it is marked as no template.
    pub top: bool,
}

any_seed!(Any<'r>, Value);

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.budget.charge(0).map(|()| Value::Null)
    }

    /// A document with nothing in it.
    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.budget.charge(0).map(|()| Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.budget.charge(0).map(|()| Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.budget.charge(0).map(|()| Value::from(value))
    }

    /// A whole number that no figure of ours is as large as; what it is meant to be is a text.
    fn visit_i128<E: Error>(self, value: i128) -> Result<Value, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Value, E> {
        self.visit_str(&value.to_string())
    }

    /// What is no number (`.nan`, `.inf`) is no absent value either.
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.budget.charge(0)?;
        if value.is_finite() {
            return Ok(Value::from(value));
        }
        let written = match (value.is_nan(), value.is_sign_positive()) {
            (true, _) => ".nan",
            (false, true) => ".inf",
            (false, false) => "-.inf",
        };
        Ok(not_taken(written, "which is no number; where it is meant as a text, put it in quotes"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.budget.charge(text.len()).map(|()| Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.budget.charge(0)?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Any { budget: self.budget, keep: self.keep, top: false })? {
            if self.keep {
                items.push(item);
            }
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.budget.charge(0)?;
        let mut items = serde_json::Map::new();
        let seen = RefCell::default();
        while let Some(key) = map.next_key_seed(Key { budget: self.budget, seen: &seen })? {
            let value = map.next_value_seed(Any { budget: self.budget, keep: self.keep, top: false })?;
            if self.keep {
                items.insert(key, value);
            }
        }
        match unsafe_text(&items) {
            Some(text) if !self.top => Ok(Value::String(text.clone())),
            Some(_) | None => Ok(Value::Object(items)),
        }
    }

    /// A value with a tag, such as `!unsafe` or `!vault`.
    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        let (tag, value) = data.variant::<String>()?;
        let top = self.top;
        let value = tagged(&tag, value.newtype_variant_seed(Any { top: false, ..self })?);
        match value {
            Value::Object(items) if !top && unsafe_text(&items).is_some() => {
                Ok(unsafe_text(&items).cloned().map_or(Value::Null, Value::String))
            }
            value => Ok(value),
        }
    }
}
