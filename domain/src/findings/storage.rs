//! Rules about roles that keep files.

use std::collections::HashSet;

use super::text::Problem;
use super::view::{RoleView, View, set};
use super::{Fix, Report, Subject};
use crate::catalogue::{FileStore, Layer, Role};
use crate::topology::{Instance, SettingValue};

pub(super) fn check(view: &View<'_>, report: &mut Report<'_>) {
    let readers = functional_nodes(view);
    for RoleView { role, instances, .. } in &view.roles {
        let Some(store) = &role.file_store else { continue };
        for &instance in instances {
            let Some(backend) = instance.settings.get(&store.setting).and_then(SettingValue::as_text) else { continue };
            if backend == store.object {
                bad_endpoint(view, role, store, instance, report);
            } else if backend == store.local || backend == store.network {
                file_system(role, store, instance, backend, readers, report);
            }
        }
    }
}

/// Number of nodes with a role of the functionality layer: those that need the files.
fn functional_nodes(view: &View<'_>) -> usize {
    let functional: HashSet<&str> = view
        .roles
        .iter()
        .filter(|known| known.role.layer == Layer::Functionality)
        .map(|known| known.role.id.as_str())
        .collect();
    let reads = |role: &str| functional.contains(role);
    view.topology.nodes.iter().filter(|node| node.roles.iter().any(|assigned| reads(assigned.role.as_str()))).count()
}

/// `storage.prefer-object`, `storage.large-posix`, `storage.not-shared`. Files would have to be moved, which is no
/// matter of a click, so there is no fix.
fn file_system(
    role: &Role,
    store: &FileStore,
    instance: Instance<'_>,
    backend: &str,
    readers: usize,
    report: &mut Report<'_>,
) {
    let mut add = |problem: &Problem<'_>| report.add(problem, Subject::instance(instance), Some(&role.id), Vec::new());
    add(&Problem::PreferObject { backend });
    let capacity = instance.settings.get(&store.capacity).and_then(SettingValue::as_integer);
    if let Some(capacity_gib) = capacity.filter(|gib| *gib >= store.large_gib) {
        add(&Problem::LargePosix { backend, capacity_gib });
    }
    if backend == store.local && readers > 1 {
        add(&Problem::NotShared { nodes: readers });
    }
}

/// `storage.bad-endpoint`. A setting that is missing, or no text, is told by `role.settings`.
fn bad_endpoint(view: &View<'_>, role: &Role, store: &FileStore, instance: Instance<'_>, report: &mut Report<'_>) {
    let text = |name: &String| instance.settings.get(name).and_then(SettingValue::as_text);
    let endpoint = text(&store.endpoint).filter(|endpoint| !is_http_url(endpoint));
    let bucket_empty = text(&store.bucket).is_some_and(|bucket| bucket.trim().is_empty());
    if endpoint.is_none() && !bucket_empty {
        return;
    }
    let with_scheme = endpoint.map(|endpoint| format!("https://{}", endpoint.trim())).filter(|url| is_http_url(url));
    let fixes = match with_scheme {
        Some(url) if !bucket_empty && view.reachable(instance) => {
            vec![Fix::new(format!("Set the endpoint to {url}"), vec![set(instance, role, &store.endpoint, &url)])]
        }
        _ => Vec::new(),
    };
    report.add(&Problem::BadEndpoint { endpoint, bucket_empty }, Subject::instance(instance), Some(&role.id), fixes);
}

/// Whether a text is an address that an S3 client can call: http or https, a host, perhaps a port and a path.
pub(crate) fn is_http_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return false;
    }
    if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some(bracketed) = authority.strip_prefix('[') {
        let Some((address, after)) = bracketed.split_once(']') else { return false };
        return address.parse::<std::net::Ipv6Addr>().is_ok() && is_port_part(after);
    }
    let (host, port) = match authority.find(':') {
        Some(colon) => authority.split_at(colon),
        None => (authority, ""),
    };
    crate::edit::dns_name_problem(host).is_none() && is_port_part(port)
}

/// Nothing, or a colon and a port.
fn is_port_part(text: &str) -> bool {
    match text.strip_prefix(':') {
        None => text.is_empty(),
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::is_http_url;

    #[test]
    fn urls() {
        for good in ["https://s3.example.net", "http://10.0.0.1:9000/path", "HTTPS://a", "http://[::1]:9000"] {
            assert!(is_http_url(good), "{good}");
        }
        for bad in [
            "",
            "s3.example.net",
            "ftp://a",
            "https://",
            "https:///x",
            "http://a:b",
            "http://a:0",
            "http://a b",
            "http://[x]",
            "http://u@h",
        ] {
            assert!(!is_http_url(bad), "{bad}");
        }
    }
}
