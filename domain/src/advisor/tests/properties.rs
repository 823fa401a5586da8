//! What holds for all figures that fit.

use proptest::collection::btree_set;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::edit::hostname_problem;
use crate::file;
use crate::findings::summary;

/// Figures within their bounds and with room for them; sites are called as YAML would misread them.
fn figures() -> impl Strategy<Value = Figures> {
    let load = (option::of(1u64..300_000), option::of(1u64..20_000), 0u64..5);
    let carries = [500u64..20_000, 50..2_000, 500..20_000, 50..2_000, 500..20_000, 50..2_000];
    let sites = btree_set(select(vec!["dc1", "null", "1", "yes", "Köln", "a: b", "# x", "~"]), 1..5);
    let management = (2u64..20, 2u64..10);
    let sql = (select(figures::HA_PLATFORMS), 0u64..=4, 512u64..1_000_000, 100u64..1_000_000);
    let database = (option::of(2u64..60), 2u64..=4, 512u64..100_000, 3u64..60);
    let files = (1u64..1_000, any::<bool>());
    let networks = select(vec![
        ("10.0.0.0/8", "198.18.0.0/15"),
        ("fd00::/64", "203.0.112.0/20"),
        ("172.16.0.0/16", "2001:db8::/64"),
    ]);
    (load, carries, sites, management, sql, database, files, networks).prop_map(
        |(load, carries, sites, management, sql, database, files, networks)| {
            let (subscribers, concurrent_calls, spare_nodes) = load;
            let subscribers = if concurrent_calls.is_none() { subscribers.or(Some(1)) } else { subscribers };
            let [sip_subscribers, sip_calls, pbx_subscribers, pbx_calls, web_subscribers, web_calls] = carries;
            let mut figures = Figures {
                sites: sites.into_iter().map(str::to_owned).collect(),
                subscribers,
                concurrent_calls,
                spare_nodes,
                sip_subscribers,
                sip_calls,
                pbx_subscribers,
                pbx_calls,
                web_subscribers,
                web_calls,
                worker_nodes: management.0,
                queue_nodes: management.1,
                sql_slaves: sql.1,
                sql_memory_mib: sql.2,
                sql_iops: sql.3,
                availability_groups: database.0,
                nodes_per_group: database.1,
                database_memory_mib: database.2,
                search_nodes: database.3,
                storage_tib: files.0,
                private_network: networks.0.to_owned(),
                public_network: networks.1.to_owned(),
                ..Figures::default()
            };
            figures.set("sql_platform", sql.0).expect("one of the words");
            if files.1 {
                (figures.storage_tib, figures.s3_endpoint) = (figures.storage_tib % 9 + 1, None);
                figures.nfs_path = Some("nfs.example.net:/media".to_owned());
            }
            figures
        },
    )
}

fn counts(topology: &Topology) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for instance in topology.instances() {
        *counts.entry(instance.role.as_str()).or_insert(0) += 1;
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_above_advice_is_found(figures in figures()) {
        let proposal = proposed(&figures);
        let findings = check(&proposal.topology, Catalogue::built_in());
        let summary = summary(&findings);
        prop_assert_eq!((summary.blocker, summary.warning), (0, 0), "{:?}", findings.first());
        prop_assert_eq!(&proposal.left_out, &Vec::new());
        prop_assert_eq!(&proposal, &proposed(&figures), "the same figures, the same proposal");
    }

    #[test]
    fn the_file_leads_back(figures in figures()) {
        let topology = proposed(&figures).topology;
        let written = file::write_yaml(&topology);
        prop_assert_eq!(file::read(written.as_bytes(), Catalogue::built_in()), Ok(topology));
    }

    #[test]
    fn groups_are_equal_and_outlive_a_site(figures in figures()) {
        let topology = proposed(&figures).topology;
        let groups = groups_of(&topology, "distributed-database");
        prop_assert!(groups.len() >= 2);
        prop_assert_eq!(groups.len(), topology.availability_groups.len());
        for members in groups.values() {
            prop_assert_eq!(members.len() as u64, figures.nodes_per_group);
            let sites: BTreeSet<_> = members.iter().map(|node| node.site.as_ref()).collect();
            prop_assert_eq!(sites.len(), members.len().min(figures.sites.len()));
        }
    }

    #[test]
    fn names_and_addresses_are_distinct(figures in figures()) {
        let topology = proposed(&figures).topology;
        let nodes = topology.nodes.len();
        let names: BTreeSet<&str> = topology.nodes.iter().map(|node| node.hostname.as_str()).collect();
        prop_assert!(names.iter().all(|name| hostname_problem(name).is_none()));
        let public = topology.nodes.iter().filter_map(|node| node.public_ip);
        let addresses: Vec<_> = topology.nodes.iter().map(|node| node.private_ip).chain(public).collect();
        let distinct: BTreeSet<_> = addresses.iter().collect();
        prop_assert_eq!((names.len(), distinct.len()), (nodes, addresses.len()));
    }

    #[test]
    fn twice_the_load_takes_no_node_away(figures in figures()) {
        let twice = Figures {
            subscribers: figures.subscribers.map(|count| count * 2),
            concurrent_calls: figures.concurrent_calls.map(|count| count * 2),
            ..figures.clone()
        };
        let (once, twice) = (proposed(&figures).topology, proposed(&twice).topology);
        let (once, twice) = (counts(&once), counts(&twice));
        prop_assert!(once.iter().all(|(role, count)| twice[role] >= *count), "{once:?} {twice:?}");
        let load = |counts: &BTreeMap<&str, usize>| counts["sip"] + counts["pbx"] + counts["web"];
        prop_assert!(load(&twice) <= 2 * load(&once), "and no more than twice as many");
    }

    #[test]
    fn figures_lead_back_as_texts_and_as_json(figures in figures()) {
        let mut read = Figures::default();
        for field in Figures::fields() {
            let text = figures.get(field.name).expect("there is one");
            prop_assert_eq!(read.set(field.name, &text), Ok(()));
        }
        prop_assert_eq!(&read, &figures);
        let json = serde_json::to_string(&figures).expect("serialises");
        prop_assert_eq!(serde_json::from_str::<Figures>(&json).expect("reads"), figures);
    }
}
