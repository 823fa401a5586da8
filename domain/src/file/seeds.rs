//! Single values and keys of a topology file, each checked where it stands.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::VERSION;
use super::suggest::suggestion;
use crate::catalogue::Catalogue;
use crate::edit::{check_value, hostname_problem};
use crate::limits::Things;
use crate::text::{self, TextFault, TextProblem, excerpt};
use crate::topology::{RoleId, SettingValue};

/// As much of a value is shown by a message, in characters.
const SHOWN: usize = 80;

/// Names that were seen already, so that the second is told.
pub(super) type Seen = RefCell<HashSet<String>>;

/// A seed for a text: what it is called and how it is checked.
macro_rules! text_seed {
    ($seed:ident $(<$life:lifetime>)?, $value:ty, $what:literal) => {
        impl<'de $(, $life)?> DeserializeSeed<'de> for $seed $(<$life>)? {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                // YAML would give `~` for the text "~".
                deserializer.deserialize_option(self)
            }
        }

        impl<'de $(, $life)?> Visitor<'de> for $seed $(<$life>)? {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($what)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                deserializer.deserialize_str(self)
            }

            fn visit_none<E: Error>(self) -> Result<$value, E> {
                Err(E::custom(concat!("nothing is given here, where ", $what, " belongs")))
            }

            fn visit_unit<E: Error>(self) -> Result<$value, E> {
                self.visit_none()
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<$value, E> {
                self.check(text)
            }
        }
    };
}

/// A key of a map: one of those known, none twice.
pub(super) struct Key<'k> {
    pub what: &'static str,
    pub known: &'k [&'k str],
    pub seen: &'k RefCell<Vec<String>>,
}

text_seed!(Key<'k>, String, "a key");

impl Key<'_> {
    fn check<E: Error>(self, key: &str) -> Result<String, E> {
        if !self.known.contains(&key) {
            let shown = excerpt(key, SHOWN);
            return Err(E::custom(format!("unknown key `{shown}` in {}; {}", self.what, suggestion(key, self.known))));
        }
        if self.seen.borrow().iter().any(|earlier| earlier == key) {
            return Err(E::custom(format!("the key `{key}` is there twice in {}", self.what)));
        }
        self.seen.borrow_mut().push(key.to_owned());
        Ok(key.to_owned())
    }
}

/// The format's version.
pub(super) struct Version;

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
pub(super) struct List<F> {
    /// What it is of, where it can be too long.
    pub of: Option<Things>,
    pub item: F,
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
            if let Some(things) = self.of.filter(|things| items.len() > things.most()) {
                return Err(A::Error::custom(format!("there are more than {} {things}", things.most())));
            }
        }
        Ok(items)
    }
}

/// A name that is taken ([`crate::text`]), and not there already.
pub(super) struct Named<'s> {
    pub what: &'static str,
    pub key: &'static str,
    pub seen: Option<&'s Seen>,
}

text_seed!(Named<'s>, String, "a name");

impl Named<'_> {
    fn check<E: Error>(self, name: &str) -> Result<String, E> {
        if name.trim().is_empty() {
            return Err(E::custom(format!("the name of {} is empty", self.what)));
        }
        text::check_name(self.key, name).map_err(E::custom)?;
        if let Some(seen) = self.seen
            && !seen.borrow_mut().insert(name.to_owned())
        {
            return Err(E::custom(format!("{} is named `{name}` twice", self.what)));
        }
        Ok(name.to_owned())
    }
}

/// A hostname.
pub(super) struct Hostname;

text_seed!(Hostname, String, "a hostname");

impl Hostname {
    fn check<E: Error>(self, hostname: &str) -> Result<String, E> {
        if let Some(problem @ TextProblem::Character { .. }) = text::name_problem(hostname) {
            return Err(E::custom(TextFault { field: "hostname".into(), problem }));
        }
        if let Some(problem) = hostname_problem(hostname) {
            return Err(E::custom(format!("`{}` is no hostname: {problem}", excerpt(hostname, SHOWN))));
        }
        text::check_name("hostname", hostname).map_err(E::custom)?;
        Ok(hostname.to_owned())
    }
}

/// An IPv4 or IPv6 address.
pub(super) struct Address;

text_seed!(Address, IpAddr, "an IPv4 or IPv6 address");

impl Address {
    fn check<E: Error>(self, text: &str) -> Result<IpAddr, E> {
        text.parse().map_err(|_| {
            let shown = excerpt(text, SHOWN);
            E::custom(format!("`{shown}` is no IPv4 or IPv6 address"))
        })
    }
}

/// A name that needs not be there.
pub(super) struct Site;

text_seed!(Site, String, "a name");

impl Site {
    fn check<E: Error>(self, name: &str) -> Result<String, E> {
        text::check_name("site", name).map_err(E::custom)?;
        Ok(name.to_owned())
    }
}

/// A value, or null.
pub(super) struct Maybe<S>(pub S);

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

/// A role's id, known to the catalogue and not there already.
pub(super) struct RoleName<'c> {
    pub catalogue: &'c Catalogue,
    pub seen: Option<&'c Seen>,
}

text_seed!(RoleName<'c>, RoleId, "the id of a role");

impl RoleName<'_> {
    fn check<E: Error>(self, id: &str) -> Result<RoleId, E> {
        if self.catalogue.role(id).is_none() {
            let known: Vec<&str> = self.catalogue.roles.iter().map(|role| role.id.as_str()).collect();
            let shown = excerpt(id, SHOWN);
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

/// A setting's value; whether it makes sense is for the rules.
pub(crate) struct Value<'k> {
    pub key: &'k str,
    pub names_group: bool,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = SettingValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<SettingValue, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Value<'_> {
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
        let value = SettingValue::Text(value.to_owned());
        check_value(self.key, &value, self.names_group).map_err(E::custom)?;
        Ok(value)
    }
}
