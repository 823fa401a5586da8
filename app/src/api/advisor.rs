//! The advisor: a first topology from a few figures.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use serde::{Deserialize, Serialize};
use strata_domain::advisor::{Choice, FigureError, LeftOut};
use strata_domain::findings::{Finding, Summary};

use crate::error::AppError;

/// Everything that the page `/advisor` shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdvisorView {
    /// The environment's slug.
    pub environment: String,
    /// The figures as texts, by name: what was given, the defaults for the rest.
    pub figures: BTreeMap<String, String>,
    /// What came of them.
    pub proposal: Proposed,
    /// Number of the live revision; none where nothing was imported yet.
    pub live: Option<i64>,
    /// Why nothing can be started with it, if so.
    pub start_refused: Option<String>,
}

/// What came of the figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Proposed {
    /// Nothing was given yet.
    Nothing,
    /// Figures that do not fit.
    Unfit(Vec<FigureError>),
    /// A topology.
    Topology(Box<ProposalView>),
}

/// A proposed topology, for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProposalView {
    /// Number of its nodes.
    pub nodes: usize,
    /// What was chosen, and why.
    pub choices: Vec<Choice>,
    /// Roles that it lacks.
    pub left_out: Vec<LeftOut>,
    /// Its findings.
    pub findings: Vec<Finding>,
    /// They, counted.
    pub summary: Summary,
}

/// A first topology from figures, by name; with none given, the form with its defaults.
#[server(prefix = "/api", endpoint = "advisor_load", input = GetUrl)]
pub async fn advisor_load(
    environment: Option<String>,
    figures: Option<BTreeMap<String, String>>,
) -> Result<AdvisorView, AppError> {
    use strata_backend::catalogues::{OwnView, own_load};
    use strata_backend::ctx::Scope;
    use strata_domain::advisor::{Figures, propose};
    use strata_domain::authz::{Permission, allow};
    use strata_domain::findings::{check, summary};

    use crate::server_context::{actor, answer, backend};

    let scope = Scope::asked(environment.as_deref());
    let OwnView { environment, live, own, standing } = answer(own_load(&backend(), &actor(), scope).await)?;
    let catalogue = own.catalogue();
    let given = figures.unwrap_or_default();
    let proposal = match Figures::read_for(&environment, &given) {
        _ if given.is_empty() => Proposed::Nothing,
        Err(errors) => Proposed::Unfit(errors),
        Ok(figures) => match propose(&figures, &catalogue) {
            Err(errors) => Proposed::Unfit(errors),
            Ok(proposal) => {
                let findings = check(&proposal.topology, &catalogue);
                Proposed::Topology(Box::new(ProposalView {
                    nodes: proposal.topology.nodes.len(),
                    choices: proposal.choices,
                    left_out: proposal.left_out,
                    summary: summary(&findings),
                    findings,
                }))
            }
        },
    };
    let defaults = Figures::default();
    let figures = Figures::fields().iter().map(|field| {
        let text = given.get(field.name).cloned().or_else(|| defaults.get(field.name)).unwrap_or_default();
        (field.name.to_owned(), text)
    });
    Ok(AdvisorView {
        figures: figures.collect(),
        environment,
        proposal,
        live,
        start_refused: allow(&standing, Permission::ImportTopology).err().map(|refused| refused.reason),
    })
}

/// Imports the topology that the figures give: the first revision of an empty environment, a draft in any other.
#[server(prefix = "/api", endpoint = "advisor_start")]
pub async fn advisor_start(environment: String, figures: BTreeMap<String, String>) -> Result<(), AppError> {
    use strata_backend::ctx::Scope;
    use strata_backend::environments::{Imported, topology_import};
    use strata_domain::advisor::{Figures, propose};
    use strata_domain::file::write_yaml;

    use crate::paths;
    use crate::server_context::{actor, answer, backend, fail};

    let (backend, actor) = (backend(), actor());
    let scope = Scope::Environment(&environment);
    let catalogue = answer(strata_backend::catalogues::own_load(&backend, &actor, scope).await)?.own.catalogue();
    let proposal = Figures::read_for(&environment, &figures).and_then(|figures| propose(&figures, &catalogue));
    let proposal = proposal.map_err(|errors| {
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        fail(AppError::Invalid { field: "figures".to_owned(), message: told.join("\n") })
    })?;
    let file = write_yaml(&proposal.topology);
    let title = "A first topology from the advisor";
    let imported = answer(topology_import(&backend, &actor, &environment, file.as_bytes(), title).await)?;
    leptos_axum::redirect(&match imported {
        Imported::Revision(_) | Imported::Unchanged => paths::role_map(&environment),
        Imported::Change(id) => paths::change(id),
    });
    Ok(())
}
