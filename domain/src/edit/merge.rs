//! Brings together what the author of an edit changed and what others changed of the same thing.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Conflict, NodeFacts};
use crate::topology::{Container, DiskKind, Hardware, RoleId, SettingValue, Settings};

/// What becomes of a value that both changed.
#[derive(Clone, Copy)]
pub(super) enum Both {
    /// It is a conflict.
    Conflict,
    /// It is as the author wanted.
    AuthorWins,
}

impl Both {
    /// What the author wanted where they changed it, what it is now where they did not.
    pub(super) fn value<T: Clone + PartialEq + Tell>(
        self,
        before: &T,
        wanted: &T,
        now: &T,
        what: &str,
        of: &str,
    ) -> Result<T, Conflict> {
        if wanted == before || wanted == now {
            return Ok(now.clone());
        }
        match self {
            Self::Conflict if now != before => {
                Err(Conflict::BothChanged { what: what.to_owned(), of: of.to_owned(), theirs: now.tell() })
            }
            Self::Conflict | Self::AuthorWins => Ok(wanted.clone()),
        }
    }

    /// Each fact of a node by itself.
    pub(super) fn facts(
        self,
        before: &NodeFacts,
        wanted: &NodeFacts,
        now: &NodeFacts,
        of: &str,
    ) -> Result<NodeFacts, Conflict> {
        let NodeFacts { private_ip, public_ip, site, container, hardware } = wanted;
        let Hardware { vcpus, memory_mib, disk, disk_gib, iops } = hardware;
        let (was, is) = (&before.hardware, &now.hardware);
        Ok(NodeFacts {
            private_ip: self.value(&before.private_ip, private_ip, &now.private_ip, "private address", of)?,
            public_ip: self.value(&before.public_ip, public_ip, &now.public_ip, "public address", of)?,
            site: self.value(&before.site, site, &now.site, "site", of)?,
            container: self.value(&before.container, container, &now.container, "container", of)?,
            hardware: Hardware {
                vcpus: self.value(&was.vcpus, vcpus, &is.vcpus, "vCPUs", of)?,
                memory_mib: self.value(&was.memory_mib, memory_mib, &is.memory_mib, "memory", of)?,
                disk: self.value(&was.disk, disk, &is.disk, "disk", of)?,
                disk_gib: self.value(&was.disk_gib, disk_gib, &is.disk_gib, "disk size", of)?,
                iops: self.value(&was.iops, iops, &is.iops, "IOPS", of)?,
            },
        })
    }

    /// Each setting by itself.
    pub(super) fn settings(
        self,
        before: &Settings,
        wanted: &Settings,
        now: &Settings,
        role: &RoleId,
        of: &str,
    ) -> Result<Settings, Conflict> {
        let mut settings = Settings::new();
        let names: BTreeSet<&String> = before.keys().chain(wanted.keys()).chain(now.keys()).collect();
        for name in names {
            let (was, want, is) = (before.get(name), wanted.get(name), now.get(name));
            let what = format!("{name} of {role}");
            if let Some(value) = self.value(&was.cloned(), &want.cloned(), &is.cloned(), &what, of)? {
                settings.insert(name.clone(), value);
            }
        }
        Ok(settings)
    }
}

/// Settings in a sentence.
pub(super) fn told(settings: &Settings) -> String {
    if settings.is_empty() { "nothing".to_owned() } else { super::settings_text(settings) }
}

/// A value in a sentence.
pub(super) trait Tell {
    /// As text; `nothing` where there is none.
    fn tell(&self) -> String;
}

macro_rules! tell_as_displayed {
    ($($kind:ty),*) => {
        $(impl Tell for $kind {
            fn tell(&self) -> String {
                self.to_string()
            }
        })*
    };
}
tell_as_displayed!(IpAddr, String, SettingValue, u32, u64);

impl Tell for DiskKind {
    fn tell(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Tell for Container {
    fn tell(&self) -> String {
        crate::diff::container_text(self)
    }
}

impl<T: Tell> Tell for Option<T> {
    fn tell(&self) -> String {
        self.as_ref().map_or_else(|| "nothing".to_owned(), Tell::tell)
    }
}
