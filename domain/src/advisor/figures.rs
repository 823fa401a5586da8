//! The figures that a first topology is proposed from; this list is what forms and command lines are made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::FigureError;
use super::field::{Field, FieldKind, Value};
use crate::text::NAME_MAX;
use crate::topology::Platform;

/// The platforms that can start a machine elsewhere when its host fails.
pub(super) const HA_PLATFORMS: &[&str] = &["vmware", "kvm", "xen", "hyper-v", "cloud"];

const NAME: FieldKind = FieldKind::Text { max_chars: 63 };
/// Leaves room for a label of 63 characters and a dot in a hostname, which is a name.
const DOMAIN: FieldKind = FieldKind::Text { max_chars: NAME_MAX - 64 };
const SITES: FieldKind = FieldKind::Names { most: 32, max_chars: 63 };
const LOAD: FieldKind = FieldKind::Number { min: 1, max: 1_000_000_000 };
const SPARE: FieldKind = FieldKind::Number { min: 0, max: 100 };
const COUNT: FieldKind = FieldKind::Number { min: 2, max: 1_000 };
const SEARCH: FieldKind = FieldKind::Number { min: 3, max: 1_000 };
const SLAVES: FieldKind = FieldKind::Number { min: 0, max: 4 };
const IN_GROUP: FieldKind = FieldKind::Number { min: 2, max: 4 };
const MEMORY: FieldKind = FieldKind::Number { min: 512, max: 16_777_216 };
const DISK: FieldKind = FieldKind::Number { min: 10, max: 1_048_576 };
const IOPS: FieldKind = FieldKind::Number { min: 100, max: 100_000_000 };
const STORAGE: FieldKind = FieldKind::Number { min: 1, max: 100_000 };
const LINE: FieldKind = FieldKind::Text { max_chars: 255 };
const PLATFORM: FieldKind = FieldKind::Choice { words: HA_PLATFORMS };

/// Each figure: its help as its documentation, what serde should know beside, its type and default, its label, unit
/// and bounds, and whether the default is a placeholder.
macro_rules! figures {
    ($($section:literal { $(
        $(#[doc = $doc:literal])+
        $([$attribute:meta])?
        $name:ident: $type:ty = $default:expr, $label:literal, $unit:literal, $kind:expr $(, $placeholder:ident)?;
    )+ })+) => {
        /// What an admin knows before there is a topology. As a file, a key that is left out has its default; only
        /// the load and the store for files have none, because there one figure takes the place of another.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Figures {
            $($( $(#[doc = $doc])+ $(#[$attribute])? pub $name: $type, )+)+
        }

        impl Default for Figures {
            fn default() -> Self {
                Self { $($( $name: $default, )+)+ }
            }
        }

        const FIELDS: &[Field] = &[$($( Field {
            name: stringify!($name),
            section: $section,
            label: $label,
            unit: $unit,
            help: concat!($($doc),+).trim_ascii(),
            kind: $kind,
            required: !<$type as Value>::OPTIONAL,
            placeholder: { let marks: &[&str] = &[$(stringify!($placeholder))?]; !marks.is_empty() },
        }, )+)+];

        impl Figures {
            /// The figure of that name as text, empty where it is not given; none if there is no such figure.
            pub fn get(&self, name: &str) -> Option<String> {
                match name {
                    $($( stringify!($name) => Some(self.$name.show()), )+)+
                    _ => None,
                }
            }

            /// Takes the text of one figure; an optional one is cleared by an empty text. Bounds are looked at by
            /// [`super::propose`], an error here means that the text is none of the figure's type.
            pub fn set(&mut self, name: &str, text: &str) -> Result<(), FigureError> {
                match name {
                    $($( stringify!($name) => {
                        self.$name = Value::read(text, &$kind).map_err(|message| FigureError::of(name, message))?;
                    } )+)+
                    _ => return Err(FigureError::of(name, "There is no such figure.")),
                }
                Ok(())
            }

            /// Every figure that is out of its bounds by itself.
            pub(super) fn out_of_bounds(&self) -> Vec<FigureError> {
                let mut errors = Vec::new();
                $($( if let Some(message) = self.$name.problem(&$kind) {
                    errors.push(FigureError::of(stringify!($name), message));
                } )+)+
                errors
            }
        }
    };
}

figures! {
    "Environment" {
        /// Name of the environment: lower-case letters, digits and hyphens.
        environment: String = "production".to_owned(), "Environment", "", NAME;
        /// What hostnames end with: `example.net` gives `sip-1.example.net`.
        domain: String = "example.net".to_owned(), "Domain", "", DOMAIN, placeholder;
        /// Data centres or rooms to spread over. The first holds the SQL master and the controller.
        sites: Vec<String> = vec!["dc1".to_owned()], "Sites", "", SITES;
    }
    "Load" {
        /// Subscribers in total. Give these, or concurrent calls, or both; the greater need counts.
        [serde(default)]
        subscribers: Option<u64> = Some(5_000), "Subscribers", "subscribers", LOAD, placeholder;
        /// Calls at the same time, at the busiest moment. Give these, or subscribers, or both.
        [serde(default)]
        concurrent_calls: Option<u64> = None, "Concurrent calls", "calls", LOAD;
        /// Nodes of SIP, PBX and web beyond what the load needs: so many can be down while the rest carries it.
        spare_nodes: u64 = 1, "Spare nodes", "nodes", SPARE;
    }
    "What one node carries" {
        /// Subscribers that one of your SIP nodes carries. The default is a placeholder: measure it.
        sip_subscribers: u64 = 5_000, "Subscribers for each SIP node", "subscribers", LOAD, placeholder;
        /// Concurrent calls that one of your SIP nodes carries. The default is a placeholder: measure it.
        sip_calls: u64 = 500, "Calls for each SIP node", "calls", LOAD, placeholder;
        /// Subscribers that one of your PBX nodes carries. The default is a placeholder: measure it.
        pbx_subscribers: u64 = 2_500, "Subscribers for each PBX node", "subscribers", LOAD, placeholder;
        /// Concurrent calls that one of your PBX nodes carries. The default is a placeholder: measure it.
        pbx_calls: u64 = 250, "Calls for each PBX node", "calls", LOAD, placeholder;
        /// Subscribers that one of your web nodes carries. The default is a placeholder: measure it.
        web_subscribers: u64 = 10_000, "Subscribers for each web node", "subscribers", LOAD, placeholder;
        /// Concurrent calls that one of your web nodes goes along with. The default is a placeholder: measure it.
        web_calls: u64 = 1_000, "Calls for each web node", "calls", LOAD, placeholder;
    }
    "Infrastructure management" {
        /// Workers; more of them get through more background tasks at once.
        worker_nodes: u64 = 2, "Workers", "nodes", COUNT;
        /// Queues.
        queue_nodes: u64 = 2, "Queues", "nodes", COUNT;
    }
    "SQL" {
        /// The virtualisation platform with high availability that the SQL master runs on.
        sql_platform: Platform = Platform::Vmware, "Platform of the SQL master", "", PLATFORM;
        /// SQL slaves; more than four seldom make it faster.
        sql_slaves: u64 = 2, "SQL slaves", "nodes", SLAVES;
        /// Memory of each SQL node.
        sql_memory_mib: u64 = 32_768, "Memory of an SQL node", "MiB", MEMORY, placeholder;
        /// Disk of each SQL node, on NVMe.
        sql_disk_gib: u64 = 500, "Disk of an SQL node", "GiB", DISK, placeholder;
        /// Input and output operations a second that the disk of an SQL node does.
        sql_iops: u64 = 20_000, "IOPS of an SQL node", "operations a second", IOPS, placeholder;
    }
    "Distributed database and search" {
        /// Availability groups of the distributed database. Without a number, enough are taken for 18 nodes.
        availability_groups: Option<u64> = None, "Availability groups", "groups", COUNT;
        /// Nodes in each availability group: two to fail over, at most four, because replication costs.
        nodes_per_group: u64 = 3, "Nodes in each group", "nodes", IN_GROUP;
        /// Memory of each node of the distributed database; it can grow later without moving data.
        database_memory_mib: u64 = 512, "Memory of a database node", "MiB", MEMORY;
        /// Elasticsearch nodes; better some more than to reindex later.
        search_nodes: u64 = 6, "Elasticsearch nodes", "nodes", SEARCH, placeholder;
        /// Memory of each Elasticsearch node; it can grow later without reindexing.
        search_memory_mib: u64 = 2_048, "Memory of an Elasticsearch node", "MiB", MEMORY, placeholder;
    }
    "Files" {
        /// Room for voicemails, recordings, faxes and other files.
        storage_tib: u64 = 20, "Room for files", "TiB", STORAGE, placeholder;
        /// Address of the object store: Amazon S3 or any other with its interface. Give this, or an NFS path.
        [serde(default)]
        s3_endpoint: Option<String> = Some("https://s3.example.net".to_owned()), "S3 endpoint", "", LINE, placeholder;
        /// Bucket in the object store.
        [serde(default)]
        s3_bucket: Option<String> = Some("media".to_owned()), "S3 bucket", "", NAME, placeholder;
        /// Region of the object store, where it has regions.
        [serde(default)]
        s3_region: Option<String> = None, "S3 region", "", NAME;
        /// Where there is no object store: a file system on the network, such as `nfs.example.net:/media`.
        [serde(default)]
        nfs_path: Option<String> = None, "NFS path", "", LINE;
    }
    "Network" {
        /// Network for private addresses, with its prefix length. Its first address is left to the router.
        private_network: String = "10.0.0.0/16".to_owned(), "Private network", "", NAME, placeholder;
        /// Network for the public addresses of web, SIP and PBX. Its first address is left to the router.
        public_network: String = "203.0.113.0/24".to_owned(), "Public network", "", NAME, placeholder;
    }
}

impl Figures {
    /// All figures, in the order that forms ask for them.
    pub fn fields() -> &'static [Field] {
        FIELDS
    }

    /// Figures from names and texts, as a command line or a form has them; what is not there has its default. Where
    /// one figure takes the place of another, the default of the other goes: calls given alone are not sized by the
    /// subscribers of the default as well, and an NFS path takes the object store's place.
    pub fn read<'t>(given: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, Vec<FigureError>> {
        let given: Vec<(&str, &str)> = given.into_iter().collect();
        let names = |wanted: &[&str]| given.iter().any(|(name, text)| wanted.contains(name) && !text.trim().is_empty());
        let mut figures = Self::default();
        if names(&["subscribers", "concurrent_calls"]) {
            figures.subscribers = None;
        }
        if names(&["nfs_path"]) {
            (figures.s3_endpoint, figures.s3_bucket) = (None, None);
        }
        let set = |(name, text): &(&str, &str)| figures.set(name, text).err();
        let errors: Vec<FigureError> = given.iter().filter_map(set).collect();
        if errors.is_empty() { Ok(figures) } else { Err(errors) }
    }

    /// Figures of a form or an address for that environment: whatever environment is among them does not count.
    pub fn read_for(environment: &str, given: &BTreeMap<String, String>) -> Result<Self, Vec<FigureError>> {
        let given = given.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let given = given.filter(|(name, _)| *name != "environment");
        Self::read(given.chain([("environment", environment)]))
    }
}
