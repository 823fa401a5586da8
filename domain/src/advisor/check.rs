//! What has to hold of figures before anything is proposed from them.

use super::FigureError;
use super::figures::Figures;
use super::ids;
use super::subnet::Subnet;
use crate::catalogue::Catalogue;
use crate::edit::{dns_name_problem, hostname_problem};
use crate::findings::is_http_url;

/// GiB in a TiB.
pub(super) const GIB: u64 = 1024;

/// What figures say in texts, read.
pub(super) struct Inputs<'f> {
    pub private: Subnet,
    pub public: Subnet,
    pub files: Files<'f>,
}

/// Where files are kept.
#[derive(Clone, Copy)]
pub(super) enum Files<'f> {
    /// In an object store.
    Object { endpoint: &'f str, bucket: &'f str, region: Option<&'f str> },
    /// On a file system on the network.
    Network { path: &'f str },
}

/// Errors of figures, one for each figure at most: the first is what to mend first.
#[derive(Default)]
struct Errors(Vec<FigureError>);

impl Errors {
    fn add(&mut self, field: &str, message: impl Into<String>) {
        if self.0.iter().all(|error| error.field != field) {
            self.0.push(FigureError::of(field, message));
        }
    }
}

/// Looks at every figure by itself, at figures beside each other, and at what the catalogue asks.
pub(super) fn inputs<'f>(figures: &'f Figures, catalogue: &Catalogue) -> Result<Inputs<'f>, Vec<FigureError>> {
    let mut errors = Errors(figures.out_of_bounds());
    names(figures, &mut errors);
    against_catalogue(figures, catalogue, &mut errors);
    let networks = networks(figures, &mut errors);
    let files = files(figures, catalogue, &mut errors);
    match (networks, files, errors.0) {
        (Some((private, public)), Some(files), errors) if errors.is_empty() => Ok(Inputs { private, public, files }),
        (_, _, errors) => Err(errors),
    }
}

fn names(figures: &Figures, errors: &mut Errors) {
    let environment = figures.environment.as_str();
    let is_slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !environment.bytes().all(is_slug) || environment.starts_with('-') {
        errors.add("environment", "It has to be lower-case letters, digits and hyphens, with no hyphen first.");
    }
    if let Some(problem) = hostname_problem(&figures.domain) {
        errors.add("domain", format!("It is no domain: {problem}."));
    }
    for (index, site) in figures.sites.iter().enumerate() {
        if figures.sites[..index].iter().any(|earlier| earlier.to_lowercase() == site.to_lowercase()) {
            errors.add("sites", format!("{site} is there twice."));
        }
    }
    if figures.subscribers.is_none() && figures.concurrent_calls.is_none() {
        errors.add("subscribers", "Give subscribers, or concurrent calls, or both.");
    }
}

/// The catalogue's own limits, which an admin can have moved.
fn against_catalogue(figures: &Figures, catalogue: &Catalogue, errors: &mut Errors) {
    if let Some(replication) = catalogue.role(ids::SQL).and_then(|role| role.replication.as_ref())
        && figures.sql_slaves > size(replication.useful_slaves)
    {
        errors.add("sql_slaves", format!("More than {} slaves bring no more speed.", replication.useful_slaves));
    }
    if let Some(rule) = catalogue.role(ids::DATABASE).and_then(|role| role.group.as_ref())
        && !(size(rule.min)..=size(rule.max)).contains(&figures.nodes_per_group)
    {
        let (min, max) = (rule.min, rule.max);
        errors.add("nodes_per_group", format!("The catalogue wants {min} to {max} nodes in each group."));
    }
    for (field, role, memory_mib) in [
        ("sql_memory_mib", ids::SQL, figures.sql_memory_mib),
        ("database_memory_mib", ids::DATABASE, figures.database_memory_mib),
        ("search_memory_mib", ids::SEARCH, figures.search_memory_mib),
    ] {
        if let Some(floor) = catalogue.role(role).and_then(|role| role.memory_floor_mib)
            && memory_mib < floor
        {
            errors.add(field, format!("The role needs {floor} MiB at least."));
        }
    }
}

fn networks(figures: &Figures, errors: &mut Errors) -> Option<(Subnet, Subnet)> {
    let mut read = |field: &str, text: &str| match Subnet::read(text) {
        Ok(subnet) => Some(subnet),
        Err(message) => {
            errors.add(field, message);
            None
        }
    };
    let private = read("private_network", &figures.private_network);
    let public = read("public_network", &figures.public_network);
    let (private, public) = (private?, public?);
    if private.overlaps(&public) {
        errors.add("public_network", format!("It has addresses of the private network {private}."));
        return None;
    }
    Some((private, public))
}

fn files<'f>(figures: &'f Figures, catalogue: &Catalogue, errors: &mut Errors) -> Option<Files<'f>> {
    match (figures.s3_endpoint.as_deref(), figures.nfs_path.as_deref()) {
        (None, None) => {
            errors.add("s3_endpoint", "Give the address of an object store, or an NFS path.");
            None
        }
        (Some(_), Some(_)) => {
            errors.add("nfs_path", "Files are kept in one place: clear the S3 endpoint, or the NFS path.");
            None
        }
        (Some(endpoint), None) => {
            if !is_http_url(endpoint) {
                errors.add("s3_endpoint", "It has to be an address that starts with https:// or http://.");
            }
            let bucket = figures.s3_bucket.as_deref();
            match bucket {
                None => errors.add("s3_bucket", "The object store needs a bucket."),
                Some(bucket) if bucket.contains(char::is_whitespace) => {
                    errors.add("s3_bucket", "A bucket's name has no spaces.");
                }
                Some(_) => {}
            }
            Some(Files::Object { endpoint, bucket: bucket?, region: figures.s3_region.as_deref() })
        }
        (None, Some(path)) => {
            if !is_nfs_path(path) {
                errors.add("nfs_path", "It has to be server:/path, or the path that it is mounted at: /path.");
            }
            let store = catalogue.role(ids::FILES).and_then(|role| role.file_store.as_ref());
            if let Some(large_gib) = store.and_then(|store| u64::try_from(store.large_gib).ok())
                && figures.storage_tib.saturating_mul(GIB) >= large_gib
            {
                let tib = figures.storage_tib;
                let message = format!("{tib} TiB of files belong in an object store, not on a file system: name one.");
                errors.add("nfs_path", message);
            }
            Some(Files::Network { path })
        }
    }
}

/// `server:/path`, or an absolute path.
fn is_nfs_path(text: &str) -> bool {
    let path = match text.split_once(":/") {
        Some((server, _)) if !server.starts_with('/') => {
            let literal = server.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            return match literal {
                Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
                None => dns_name_problem(server).is_none(),
            };
        }
        _ => text,
    };
    path.starts_with('/')
}

/// A count of the catalogue as figures have them.
pub(super) fn size(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::is_nfs_path;

    #[test]
    fn nfs_paths() {
        for good in ["nfs.example.net:/media", "10.0.0.9:/srv/media", "/mnt/media", "[2001:db8::9]:/media", "/a:/b"] {
            assert!(is_nfs_path(good), "{good}");
        }
        for bad in ["", "media", "nfs:media", ":/media", "a b:/media", "[x]:/media", "./media"] {
            assert!(!is_nfs_path(bad), "{bad}");
        }
    }
}
