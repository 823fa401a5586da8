//! What is measured, natively and in wasm: one large topology, its JSON, and 500 edits of it.

#[path = "../../examples/large_topology.rs"]
#[expect(dead_code, reason = "its main function is for the command line")]
mod large_topology;

use std::net::{IpAddr, Ipv4Addr};

use strata_domain::catalogue::Catalogue;
use strata_domain::edit::{Edit, NodeFacts, replay};
use strata_domain::file;
use strata_domain::topology::{Assignment, Node, SettingValue, Settings, Topology};

/// Numbers of nodes that are measured.
#[cfg_attr(target_family = "wasm", expect(dead_code, reason = "there the caller says how many"))]
pub const SIZES: [u32; 3] = [1_000, 10_000, 100_000];

/// Number of edits between base and desired topology.
const EDITS: usize = 500;

/// A topology of a size, and the same after 500 edits.
pub struct Workload {
    /// The base in JSON with no space in it.
    pub json: String,
    /// Where the plan starts.
    pub base: Topology,
    /// Where it ends.
    pub desired: Topology,
}

impl Workload {
    /// That many nodes; the same figures each time.
    ///
    /// # Panics
    /// When an edit does not fit, which says that this file is wrong.
    pub fn of(nodes: u32) -> Self {
        let base = large_topology::large(nodes);
        let desired = replay(&base, &edits(&base), Catalogue::built_in()).expect("the edits fit the topology");
        let file: serde_json::Value = serde_json::from_str(&file::write_json(&base)).expect("own JSON");
        Self { json: file.to_string(), base, desired }
    }
}

/// A hundred of each, spread over all nodes: more memory, other settings (another site where the role has none), a
/// further role, a node removed, a node added.
fn edits(base: &Topology) -> Vec<Edit> {
    let count = base.nodes.len();
    (0..EDITS).map(|number| edit(number, &base.nodes[number * count / EDITS])).collect()
}

fn edit(number: usize, node: &Node) -> Edit {
    let hostname = node.hostname.clone();
    let assignment = node.roles.first().expect("each node of the topology has a role");
    match number % 5 {
        0 => {
            let mut facts = NodeFacts::from(node);
            facts.hardware.memory_mib = facts.hardware.memory_mib.map(|memory| memory * 2);
            Edit::UpdateNode { hostname, facts }
        }
        1 => match other_settings(assignment) {
            Some(settings) => Edit::UpdateSettings { hostname, role: assignment.role.clone(), settings },
            None => Edit::UpdateNode {
                hostname,
                facts: NodeFacts { site: Some("dc9".to_owned()), ..NodeFacts::from(node) },
            },
        },
        2 => {
            let role = if assignment.role.as_str() == "queue" { "worker" } else { "queue" };
            Edit::AssignRole { hostname, role: role.into(), settings: Settings::new() }
        }
        3 => Edit::RemoveNode { hostname },
        _ => {
            let last = u32::try_from(number).expect("a small number");
            let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 200, 0, 0).to_bits() + last);
            Edit::AddNode {
                node: Node {
                    hostname: format!("new-{number}.large.example.net"),
                    private_ip: IpAddr::V4(address),
                    public_ip: None,
                    ..node.clone()
                },
            }
        }
    }
}

/// Other settings, where the role has any.
fn other_settings(assignment: &Assignment) -> Option<Settings> {
    let (name, value) = match assignment.role.as_str() {
        "distributed-database" => ("availability_group", SettingValue::Text("ag-001".to_owned())),
        "worker" => ("concurrency", SettingValue::Integer(16)),
        "web" => ("load_balancer", SettingValue::Text("lb.example.net".to_owned())),
        _ => return None,
    };
    let mut settings = assignment.settings.clone();
    settings.insert(name.to_owned(), value);
    Some(settings)
}
