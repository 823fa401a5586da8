//! What is lost without parts of the live topology.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::catalogue::Catalogue;
use strata_domain::whatif::{Extent, Loss};

use crate::error::AppError;

/// Most nodes that the list of single nodes shows; the counts cover all.
#[cfg(feature = "ssr")]
const LISTED: usize = 50;

/// What the page takes away, as its form sends it; empty fields take nothing away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Taken {
    /// Hostnames between spaces, commas or lines.
    pub nodes: String,
    /// An availability group.
    pub group: String,
    /// A site.
    pub site: String,
    /// A container platform.
    pub platform: String,
}

/// Everything that the page `/what-if` shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhatIfView {
    /// The environment's slug.
    pub environment: String,
    /// Number of the live revision; none where nothing was imported yet.
    pub revision: Option<i64>,
    /// What was asked for; none where nothing was.
    pub answer: Option<WhatIfAnswer>,
    /// How many single nodes lose how much, the worst first.
    pub counts: Vec<(Extent, usize)>,
    /// The nodes whose loss is worst, with what it is; those that nobody would miss left out.
    pub worst: Vec<(String, Extent)>,
    /// The two nodes whose loss together is worst.
    pub pair: Option<([String; 2], LossView)>,
    /// Names of the availability groups.
    pub groups: Vec<String>,
    /// Names of the sites.
    pub sites: Vec<String>,
    /// Words of the platforms that are in use.
    pub platforms: Vec<String>,
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WhatIfAnswer {
    /// What is lost.
    Lost(LossView),
    /// The topology has no such thing.
    Unknown(String),
}

/// A loss with the names that people know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossView {
    /// For the whole platform.
    pub extent: Extent,
    /// In a few sentences.
    pub said: String,
    /// Each role that has less than before, the worst first.
    pub roles: Vec<RoleLossView>,
}

/// What one role loses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleLossView {
    /// Its name for people.
    pub name: String,
    /// How much.
    pub extent: Extent,
    /// Instances that are left, and that it had.
    pub left: usize,
    /// Instances that it had.
    pub of: usize,
    /// Why.
    pub reasons: Vec<String>,
}

impl LossView {
    /// With the catalogue's names.
    pub fn of(loss: &Loss, catalogue: &Catalogue) -> Self {
        let roles = loss.roles.iter().map(|lost| RoleLossView {
            name: catalogue.role_name(&lost.role).to_owned(),
            extent: lost.extent,
            left: lost.left,
            of: lost.of,
            reasons: lost.reasons.clone(),
        });
        Self { extent: loss.extent, said: loss.describe(catalogue), roles: roles.collect() }
    }
}

/// What is lost without these parts of the live topology; and which single nodes, and which two, are missed most.
#[server(prefix = "/api", endpoint = "what_if_load", input = GetUrl)]
pub async fn what_if_load(environment: Option<String>, taken: Option<Taken>) -> Result<WhatIfView, AppError> {
    use strata_backend::environments::{TopologyView, topology_load};
    use strata_backend::heavy;

    use crate::server_context::{actor, answer, backend};

    let (backend, actor) = (backend(), actor());
    let view = answer(topology_load(&backend, &actor, environment.as_deref(), None).await)?;
    let TopologyView { environment, live, checked, made_of, .. } = view;
    let Some(taken) = taken.filter(|taken| *taken != Taken::default()) else {
        let parts = heavy::parts_left(&checked);
        let work = move || WhatIfView::of(environment, live, &checked, &Taken::default());
        return answer(backend.once(&actor, made_of, parts, work).await);
    };
    // A question of one's own is worked out each time.
    let parts = heavy::parts_of(&checked.topology);
    answer(heavy::run(&actor, parts, move || WhatIfView::of(environment, live, &checked, &taken)).await)
}

#[cfg(feature = "ssr")]
impl WhatIfView {
    /// All of the page.
    fn of(
        environment: String,
        revision: Option<i64>,
        checked: &strata_domain::checked::Checked,
        taken: &Taken,
    ) -> Self {
        use std::collections::BTreeSet;

        use strata_domain::whatif::without;

        let (topology, catalogue) = (&*checked.topology, &*checked.catalogue);
        let targets = taken.targets();
        let answer = (!targets.is_empty()).then(|| match without(topology, catalogue, &targets) {
            Ok(loss) => WhatIfAnswer::Lost(LossView::of(&loss, catalogue)),
            Err(unknown) => WhatIfAnswer::Unknown(unknown.to_string()),
        });
        let mut nodes: Vec<(Extent, &str)> = checked
            .losses()
            .iter()
            .copied()
            .zip(&topology.nodes)
            .map(|(extent, node)| (extent, node.hostname.as_str()))
            .collect();
        nodes.sort_by(|(a, a_name), (b, b_name)| b.cmp(a).then_with(|| a_name.cmp(b_name)));
        let count = |extent: Extent| nodes.iter().filter(|(found, _)| *found == extent).count();
        let counts = Extent::ALL.iter().rev().map(|&extent| (extent, count(extent))).collect();
        let worst = nodes
            .iter()
            .filter(|(extent, _)| *extent > Extent::Nothing)
            .take(LISTED)
            .map(|(extent, name)| ((*name).to_owned(), *extent))
            .collect();
        let pair = checked.worst_pair().map(|pair| (pair.nodes.clone(), LossView::of(&pair.loss, catalogue)));
        let sites: BTreeSet<String> = topology.nodes.iter().filter_map(|node| node.site.clone()).collect();
        let platforms: BTreeSet<String> = topology
            .nodes
            .iter()
            .filter_map(|node| node.container.map(|container| container.platform.as_str().to_owned()))
            .collect();
        let mut groups = topology.availability_groups.clone();
        groups.sort();
        Self {
            environment,
            revision,
            answer,
            counts,
            worst,
            pair,
            groups,
            sites: sites.into_iter().collect(),
            platforms: platforms.into_iter().collect(),
        }
    }
}

#[cfg(feature = "ssr")]
impl Taken {
    /// What the fields name. A platform that is none of the known words names nothing that could be taken.
    fn targets(&self) -> Vec<strata_domain::whatif::Target> {
        use strata_domain::topology::Platform;
        use strata_domain::whatif::Target;

        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let nodes = self.nodes.split([',', ' ', '\n', '\r', '\t']).filter_map(given).map(Target::Node);
        let platform = Platform::ALL.into_iter().find(|platform| platform.as_str() == self.platform);
        nodes
            .chain(given(&self.group).map(Target::Group))
            .chain(given(&self.site).map(Target::Site))
            .chain(platform.map(Target::Platform))
            .collect()
    }
}
