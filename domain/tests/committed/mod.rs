//! Files that are made from the code and committed: compared, or written anew when that is asked for.

use std::path::Path;

/// The environment variable that has such files written anew.
const RENEW: &str = "STRATA_RENEW";

/// Panics where the committed file does not say what the code says; with `STRATA_RENEW=1` writes it instead.
pub fn compare(path: &Path, expected: &str) {
    if std::env::var_os(RENEW).is_some_and(|value| value == "1") {
        std::fs::write(path, expected).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let differing = || {
        let mut lines = committed.lines().zip(expected.lines()).enumerate();
        let (at, lines) = lines.find(|(_, (had, has))| had != has).unzip();
        let (had, has) = lines.unwrap_or(("(one of them ends)", "(one of them ends)"));
        format!("from line {} on:\n  committed: {had}\n  the code:  {has}", at.map_or(0, |index| index + 1))
    };
    assert!(
        committed == expected,
        "{} is stale {}\nWrite it anew with `{RENEW}=1 cargo test -p strata-domain --no-fail-fast`, and review what changed.",
        path.display(),
        differing()
    );
}
