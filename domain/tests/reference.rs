//! The pages in `docs/` that are written from the code say what the code says.

mod committed;

use std::path::{Path, PathBuf};

use strata_domain::catalogue::Catalogue;
use strata_domain::reference::{roles_markdown, rules_markdown};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

#[test]
fn the_pages_are_up_to_date() {
    committed::compare(&docs().join("rules.md"), &rules_markdown());
    committed::compare(&docs().join("roles.md"), &roles_markdown(Catalogue::built_in()));
}

#[test]
fn links_lead_to_files() {
    for page in [rules_markdown(), roles_markdown(Catalogue::built_in())] {
        let targets = page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        let mut files = 0;
        for target in targets.filter(|target| !target.starts_with('#')) {
            assert!(docs().join(target).exists(), "{target} is not there");
            files += 1;
        }
        assert!(files > 0, "there is a link at least");
    }
}
