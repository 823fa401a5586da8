//! Inputs that fuzzing has found, and the seeds it starts from: what was mended stays mended.

#[path = "../../fuzz/src/lib.rs"]
mod strata_fuzz;

use std::path::Path;

/// A target's name and what it runs.
type Target = (&'static str, fn(&[u8]));

#[test]
fn what_was_found_holds() {
    let targets: [Target; 6] = [
        ("topology_yaml", strata_fuzz::topology_yaml),
        ("topology_json", strata_fuzz::topology_json),
        ("inventory_ini", strata_fuzz::inventory_ini),
        ("inventory_yaml", strata_fuzz::inventory_yaml),
        ("inventory_json", strata_fuzz::inventory_json),
        ("mapping", strata_fuzz::mapping),
    ];
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (target, run) in targets {
        let seeds = files(&top.join("../fuzz/corpus").join(target));
        assert!(!seeds.is_empty(), "{target} has no seed");
        for path in seeds.into_iter().chain(files(&top.join("tests/found").join(target))) {
            println!("{}", path.display());
            run(&std::fs::read(&path).expect("it was listed"));
        }
    }
}

/// The files of a folder; none where there is no such folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    paths
}
