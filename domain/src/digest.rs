//! Content hashes: SHA-256 over a canonical, length-prefixed encoding.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use crate::edit::NodeFacts;
use crate::topology::{Assignment, Container, Hardware, Node, Service, SettingValue, Settings, Topology};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The first 12 hexadecimal digits, for people.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(12);
        text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text is not 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 64 hexadecimal digits")]
pub struct BadDigest;

impl FromStr for Digest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadDigest)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// The content hash of a topology: the same for any order of its nodes, groups, roles and services, and for nothing else.
pub fn of_topology(topology: &Topology) -> Digest {
    let Topology { environment, availability_groups, nodes, services } = topology;
    let mut encoding = Encoding::new("strata-topology-1");
    encoding.text(environment);
    encoding.sorted(availability_groups, |item, group| item.text(group));
    encoding.sorted(nodes, Encoding::node);
    encoding.sorted(services, Encoding::service);
    encoding.finish()
}

/// Bytes that say one thing only: every text and list carries its length, every choice a number.
#[derive(Default)]
pub(crate) struct Encoding {
    bytes: Vec<u8>,
    /// Whether numbers take as few bytes as they need (LEB128) instead of eight.
    is_short: bool,
}

impl Encoding {
    /// Starts with a tag that names what is encoded and its version.
    pub(crate) fn new(tag: &str) -> Self {
        let mut encoding = Self::default();
        encoding.text(tag);
        encoding
    }

    /// The same, with numbers in as few bytes as they need: half as much to hash where texts are short.
    pub(crate) fn short(tag: &str) -> Self {
        let mut encoding = Self { bytes: Vec::new(), is_short: true };
        encoding.text(tag);
        encoding
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(Sha256::digest(&self.bytes).into())
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        if !self.is_short {
            self.bytes.extend_from_slice(&number.to_be_bytes());
            return;
        }
        while number > 0x7f {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn choice(&mut self, number: u8) {
        self.bytes.push(number);
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, encode: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.choice(0),
            Some(value) => {
                self.choice(1);
                encode(self, value);
            }
        }
    }

    pub(crate) fn list<T>(&mut self, items: &[T], encode: impl Fn(&mut Self, &T)) {
        self.count(items.len());
        for item in items {
            encode(self, item);
        }
    }

    /// A list whose order carries no meaning: its items in the order of their encodings.
    pub(crate) fn sorted<T>(&mut self, items: &[T], encode: impl Fn(&mut Self, &T)) {
        let mut encodings: Vec<Vec<u8>> = items
            .iter()
            .map(|item| {
                let mut encoding = Self { bytes: Vec::new(), is_short: self.is_short };
                encode(&mut encoding, item);
                encoding.bytes
            })
            .collect();
        encodings.sort_unstable();
        self.count(encodings.len());
        for encoding in encodings {
            self.count(encoding.len());
            self.bytes.extend_from_slice(&encoding);
        }
    }

    pub(crate) fn settings(&mut self, settings: &Settings) {
        self.count(settings.len());
        for (name, value) in settings {
            self.text(name);
            match value {
                SettingValue::Boolean(value) => {
                    self.choice(0);
                    self.choice(u8::from(*value));
                }
                SettingValue::Integer(number) => {
                    self.choice(1);
                    self.bytes.extend_from_slice(&number.to_be_bytes());
                }
                SettingValue::Text(text) => {
                    self.choice(2);
                    self.text(text);
                }
            }
        }
    }

    pub(crate) fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                self.choice(4);
                self.bytes.extend_from_slice(&address.octets());
            }
            IpAddr::V6(address) => {
                self.choice(6);
                self.bytes.extend_from_slice(&address.octets());
            }
        }
    }

    pub(crate) fn container(&mut self, container: &Container) {
        let Container { platform, ha } = container;
        self.text(platform.as_str());
        self.choice(u8::from(*ha));
    }

    pub(crate) fn hardware(&mut self, hardware: &Hardware) {
        let Hardware { vcpus, memory_mib, disk, disk_gib, iops } = hardware;
        self.option(vcpus.map(u64::from), Self::number);
        self.option(*memory_mib, Self::number);
        self.option(*disk, |encoding, disk| encoding.text(disk.as_str()));
        self.option(*disk_gib, Self::number);
        self.option(*iops, Self::number);
    }

    pub(crate) fn facts(&mut self, facts: &NodeFacts) {
        let NodeFacts { private_ip, public_ip, site, container, hardware } = facts;
        self.address(*private_ip);
        self.option(*public_ip, Self::address);
        self.option(site.as_deref(), Self::text);
        self.option(container.as_ref(), Self::container);
        self.hardware(hardware);
    }

    pub(crate) fn node(&mut self, node: &Node) {
        let Node { id, hostname, private_ip: _, public_ip: _, site: _, container: _, hardware: _, roles } = node;
        self.option(id.as_deref(), Self::text);
        self.text(hostname);
        self.facts(&NodeFacts::from(node));
        self.sorted(roles, |item, Assignment { role, settings }| {
            item.text(role.as_str());
            item.settings(settings);
        });
    }

    pub(crate) fn service(&mut self, service: &Service) {
        let Service { name, role, settings } = service;
        self.text(name);
        self.text(role.as_str());
        self.settings(settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn order_does_not_count() {
        let topology = sample::healthy();
        let mut turned = topology.clone();
        turned.nodes.reverse();
        turned.availability_groups.reverse();
        turned.services.reverse();
        for node in &mut turned.nodes {
            node.roles.reverse();
        }
        assert_eq!(of_topology(&topology), of_topology(&turned));
    }

    #[test]
    fn everything_else_counts() {
        let topology = sample::healthy();
        let mut digests = vec![of_topology(&topology)];
        let mut changed = |change: &dyn Fn(&mut Topology)| {
            let mut other = topology.clone();
            change(&mut other);
            digests.push(of_topology(&other));
        };
        changed(&|t| t.environment.push('x'));
        changed(&|t| t.availability_groups.push("x".to_owned()));
        changed(&|t| t.nodes[0].id = Some("x".to_owned()));
        changed(&|t| t.nodes[0].hostname.push('x'));
        changed(&|t| t.nodes[0].private_ip = "10.9.9.9".parse().expect("address"));
        changed(&|t| t.nodes[0].public_ip = Some("203.0.113.250".parse().expect("address")));
        changed(&|t| t.nodes[0].site = Some("x".to_owned()));
        changed(&|t| t.nodes[0].container = None);
        changed(&|t| t.nodes[0].hardware.vcpus = Some(77));
        changed(&|t| t.nodes[0].hardware.memory_mib = Some(77));
        changed(&|t| t.nodes[0].roles.clear());
        changed(&|t| t.services.clear());
        changed(&|t| {
            t.services[0].settings.insert("region".to_owned(), SettingValue::Integer(1));
        });
        let all = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), all);
    }

    #[test]
    fn reads_what_it_writes() {
        let digest = of_topology(&Topology::empty("lab"));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(digest.short().len(), 12);
        assert_eq!("xyz".parse::<Digest>(), Err(BadDigest));
        assert_eq!("é".repeat(32).parse::<Digest>(), Err(BadDigest));
        let json = serde_json::to_string(&digest).expect("serialises");
        assert_eq!(serde_json::from_str::<Digest>(&json).expect("reads"), digest);
    }
}
