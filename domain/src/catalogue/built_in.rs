//! The ten roles of the platform, with their requirements in our words.

use std::collections::BTreeMap;

use super::{
    Catalogue, FileStore, GroupRule, Growth, Layer, Levels, Network, PlaceKind, Replication, Requirement, Role,
    SettingKind, SettingSpec,
};
use crate::topology::{RoleId, SettingValue};

const MANAGEMENT: [&str; 3] = ["controller", "worker", "queue"];
const STORAGE: [&str; 4] = ["sql", "distributed-database", "elasticsearch", "unstructured-storage"];

/// The catalogue that every environment starts with.
pub(super) fn catalogue() -> Catalogue {
    Catalogue {
        version: 1,
        roles: vec![
            web(),
            sip(),
            pbx(),
            controller(),
            worker(),
            queue(),
            sql(),
            distributed_database(),
            elasticsearch(),
            unstructured_storage(),
        ],
        levels: Levels::new(),
    }
}

/// A role of that layer with the plain values; each role below says what differs.
fn role(id: &str, name: &str, layer: Layer, note: &str, requirements: &[&str]) -> Role {
    let below: Vec<&str> = match layer {
        Layer::Functionality => MANAGEMENT.into_iter().chain(STORAGE).collect(),
        Layer::Management => STORAGE.to_vec(),
        Layer::Storage => Vec::new(),
    };
    Role {
        id: RoleId::from(id),
        name: name.to_owned(),
        layer,
        note: note.to_owned(),
        requirements: requirements.iter().map(|&text| text.to_owned()).collect(),
        network: Network::PrivateOnly,
        min: 1,
        max: None,
        settings: Vec::new(),
        depends_on: below.into_iter().map(RoleId::from).collect(),
        on_service: false,
        group: None,
        replication: None,
        file_store: None,
        memory_floor_mib: None,
        growth: Growth::Free,
        start_with: None,
    }
}

fn setting(name: &str, label: &str, kind: SettingKind, required: Requirement) -> SettingSpec {
    SettingSpec {
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
        required,
        default: None,
        only_on: BTreeMap::new(),
    }
}

fn choice(words: &[&str]) -> SettingKind {
    SettingKind::Choice(words.iter().map(|&word| word.to_owned()).collect())
}

fn when_backend(is: &[&str]) -> Requirement {
    Requirement::When { setting: "backend".to_owned(), is: is.iter().map(|&word| word.to_owned()).collect() }
}

fn web() -> Role {
    Role {
        network: Network::PublicRequired { unless_setting: Some("load_balancer".to_owned()) },
        settings: vec![setting("load_balancer", "Load balancer", SettingKind::Text, Requirement::Never)],
        ..role(
            "web",
            "Web management interface",
            Layer::Functionality,
            "Serves the management interface to browsers, and SystemAPI and UnifiedAPI to programs.",
            &[
                "A public address, because browsers and programs of customers reach it from outside; or a load \
                 balancer in front that has one.",
                "Storage and management roles that work, because every page reads from them.",
            ],
        )
    }
}

fn sip() -> Role {
    Role {
        network: Network::PublicRequired { unless_setting: None },
        ..role(
            "sip",
            "SIP",
            Layer::Functionality,
            "Carries the telephony signalling of the infrastructure.",
            &["A public address, because phones and providers register with it from outside."],
        )
    }
}

fn pbx() -> Role {
    Role {
        network: Network::PublicRequired { unless_setting: None },
        ..role(
            "pbx",
            "PBX",
            Layer::Functionality,
            "Runs the telephony applications and the media; whatever uses telephony in any way goes through it.",
            &["A public address, because media streams come in from outside."],
        )
    }
}

fn controller() -> Role {
    Role {
        network: Network::PublicOptional,
        max: Some(1),
        ..role(
            "controller",
            "Infrastructure Controller",
            Layer::Management,
            "Runs, manages and controls the distributed infrastructure.",
            &["Exactly one instance, because two would steer the infrastructure against each other."],
        )
    }
}

fn worker() -> Role {
    Role {
        settings: vec![SettingSpec {
            default: Some(SettingValue::Integer(4)),
            ..setting("concurrency", "Tasks at once", SettingKind::Integer { min: 1, max: 1024 }, Requirement::Never)
        }],
        ..role(
            "worker",
            "Worker",
            Layer::Management,
            "Executes background tasks, many at the same time, so that a distributed setup gets through them faster.",
            &["A private network only: nobody outside talks to it."],
        )
    }
}

fn queue() -> Role {
    role(
        "queue",
        "Queue",
        Layer::Management,
        "Passes messages between the components of the system.",
        &["A private network only: nobody outside talks to it."],
    )
}

fn sql() -> Role {
    Role {
        settings: vec![setting("replication", "Replication", choice(&["master", "slave"]), Requirement::Always)],
        replication: Some(Replication {
            setting: "replication".to_owned(),
            master: "master".to_owned(),
            slave: "slave".to_owned(),
            useful_slaves: 4,
        }),
        ..role(
            "sql",
            "SQL",
            Layer::Storage,
            "Keeps structured data under transactions: atomic, consistent, isolated, durable.",
            &[
                "One master and any number of slaves; replication is set up by hand, because it is too intricate to \
                 automate safely.",
                "The master on a virtualisation platform with high availability: while it is down, everything is down. \
                 Virtual hardware can also be upgraded by live migration, without an interruption.",
                "Fast disks (IOPS), much memory and memory bandwidth, because the database is bound by input and output.",
                "At most four slaves: more seldom make the role faster. Scale by stronger hardware for the master.",
                "A slave may fail: the platform works on, perhaps slower.",
            ],
        )
    }
}

fn distributed_database() -> Role {
    Role {
        min: 2,
        settings: vec![setting("availability_group", "Availability group", SettingKind::Group, Requirement::Always)],
        group: Some(GroupRule { setting: "availability_group".to_owned(), min: 2, max: 4 }),
        memory_floor_mib: Some(512),
        growth: Growth::Rebalance,
        start_with: Some(4),
        ..role(
            "distributed-database",
            "Distributed Database",
            Layer::Storage,
            "Keeps semi-structured data that is asked for often, for good or for a while, spread over its nodes.",
            &[
                "Every node in an availability group, because redundancy and failover work inside groups.",
                "Two nodes or more in a group, so that one can fail; at most four, because replication costs more with \
                 each.",
                "Several groups with the same number of nodes, so that load and loss spread evenly.",
                "Many nodes of modest memory from the start: adding nodes later rebalances the data, which is \
                 expensive, while memory can simply grow. 18 nodes of 512 MiB are a sensible beginning.",
            ],
        )
    }
}

fn elasticsearch() -> Role {
    Role {
        growth: Growth::Reindex,
        start_with: Some(3),
        ..role(
            "elasticsearch",
            "Elasticsearch",
            Layer::Storage,
            "Keeps data in the shape that search and analysis need.",
            &["A larger number of nodes from the start: a new layout of the cluster may reindex or rebalance data. \
                 Grow the hardware of the nodes later instead."],
        )
    }
}

fn unstructured_storage() -> Role {
    Role {
        on_service: true,
        settings: vec![
            SettingSpec {
                only_on: BTreeMap::from([("posix".to_owned(), PlaceKind::Node), ("s3".to_owned(), PlaceKind::Service)]),
                ..setting("backend", "Backend", choice(&["posix", "nfs", "s3"]), Requirement::Always)
            },
            setting("path", "Path", SettingKind::Path, when_backend(&["posix", "nfs"])),
            setting("endpoint", "Endpoint", SettingKind::Url, when_backend(&["s3"])),
            setting("bucket", "Bucket", SettingKind::Text, when_backend(&["s3"])),
            setting("region", "Region", SettingKind::Text, Requirement::Never),
            setting(
                "capacity_gib",
                "Capacity in GiB",
                SettingKind::Integer { min: 1, max: 1_000_000_000 },
                Requirement::Never,
            ),
        ],
        file_store: Some(FileStore {
            setting: "backend".to_owned(),
            object: "s3".to_owned(),
            local: "posix".to_owned(),
            network: "nfs".to_owned(),
            endpoint: "endpoint".to_owned(),
            bucket: "bucket".to_owned(),
            capacity: "capacity_gib".to_owned(),
            large_gib: 10_240,
        }),
        ..role(
            "unstructured-storage",
            "Unstructured Storage",
            Layer::Storage,
            "Keeps content: voicemails, recordings, faxes and other files.",
            &[
                "An object store with the S3 interface, Amazon's or any other: it scales further, costs less and \
                 leaves less to manage than a file system. Tens of terabytes are not uncommon.",
                "A POSIX file system, also one on the network such as NFS, works too.",
            ],
        )
    }
}
