//! What commands read: topologies, inventories and catalogues, from a path or from `-` for standard input.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use strata_domain::catalogue::{self, Catalogue, Own};
use strata_domain::file::{self, FileError, LIMIT_BYTES};
use strata_domain::inventory::{self, Mapping};
use strata_domain::text::visible;
use strata_domain::topology::Topology;

use super::Failure;

/// How files are read that are more than a topology by themselves.
#[derive(Args, Clone, Debug)]
pub(super) struct SourceArgs {
    /// The catalogue that the files are read under, as `strata export --format catalogue` writes it
    #[arg(long, value_name = "FILE")]
    catalogue: Option<String>,
    #[command(flatten)]
    inventory: InventoryArgs,
}

/// How an Ansible inventory is read in place of a topology file.
#[derive(Args, Clone, Debug)]
pub(super) struct InventoryArgs {
    /// The files are Ansible inventories: INI, YAML, or the JSON of ansible-inventory --list
    #[arg(long)]
    inventory: bool,
    /// Which group of the inventory is which role: a YAML or JSON file; common names are known
    #[arg(long, value_name = "FILE", requires = "inventory")]
    mapping: Option<String>,
}

/// Everything that files are read with.
pub(super) struct Sources {
    pub(super) catalogue: Catalogue,
    inventory: bool,
    mapping: Mapping,
}

impl Sources {
    /// Reads the catalogue and the mapping that the arguments name.
    pub(super) fn of(args: &SourceArgs) -> Result<Self, Failure> {
        let own = match &args.catalogue {
            None => Own::default(),
            Some(name) => {
                let source = |source| Failure::Wrong { file: said(name), source };
                catalogue::read(&bytes(name)?).map_err(source)?
            }
        };
        Self::with(own.catalogue(), &args.inventory)
    }

    /// With a catalogue that is known already.
    pub(super) fn with(catalogue: Catalogue, args: &InventoryArgs) -> Result<Self, Failure> {
        let mapping = match &args.mapping {
            None => Mapping::default(),
            Some(name) => Mapping::read(&bytes(name)?).map_err(|source| Failure::Wrong { file: said(name), source })?,
        };
        Ok(Self { catalogue, inventory: args.inventory, mapping })
    }

    /// Reads a topology. Inventories name no environment, so they get this one.
    pub(super) fn topology(&self, name: &str, environment: &str) -> Result<Topology, Failure> {
        self.parse(name, environment, &bytes(name)?)
    }

    /// Reads a topology; an empty file (`/dev/null`, an empty standard input) is none at all.
    pub(super) fn topology_or_none(&self, name: &str, environment: &str) -> Result<Option<Topology>, Failure> {
        let bytes = bytes(name)?;
        if bytes.is_empty() { Ok(None) } else { self.parse(name, environment, &bytes).map(Some) }
    }

    /// The topology in those bytes. What an inventory has beyond it is listed on standard error.
    pub(super) fn parse(&self, name: &str, environment: &str, bytes: &[u8]) -> Result<Topology, Failure> {
        let wrong = |source| Failure::Wrong { file: said(name), source };
        if self.inventory {
            let imported = inventory::read(bytes, &self.mapping, environment, &self.catalogue).map_err(wrong)?;
            for unmapped in &imported.unmapped {
                eprintln!("strata: not in the topology: {unmapped}");
            }
            for folder in variables_beside(name) {
                eprintln!(
                    "strata: not read: {}, whose variables Ansible adds to this inventory; to have them too, give \
                     what `ansible-inventory -i {} --list` prints",
                    visible(&folder),
                    visible(&said(name))
                );
            }
            return Ok(imported.topology);
        }
        file::read(bytes, &self.catalogue).map_err(|source| {
            if inventory::looks_like_inventory(bytes) {
                Failure::Usage(format!("{}: this looks like an Ansible inventory; add --inventory", said(name)))
            } else {
                wrong(source)
            }
        })
    }
}

/// The folders `host_vars` and `group_vars` beside an inventory, which Ansible reads with it.
fn variables_beside(name: &str) -> Vec<String> {
    if name == "-" {
        return Vec::new();
    }
    let beside = Path::new(name).parent().unwrap_or(Path::new(""));
    let has_files = |folder: &PathBuf| fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some());
    let folders = ["group_vars", "host_vars"].map(|folder| beside.join(folder));
    folders.into_iter().filter(has_files).map(|folder| folder.display().to_string()).collect()
}

/// What messages call a file.
fn said(name: &str) -> String {
    if name == "-" { "standard input".to_owned() } else { name.to_owned() }
}

/// Reads all of it, and one byte more than is allowed at most, so that the size is refused with the right words.
pub(super) fn bytes(name: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |source| Failure::Unreadable { file: name.to_owned(), source };
    if Path::new(name).is_dir() {
        let message = format!(
            "this is a folder; of one with inventories, give what `ansible-inventory -i {} --list` prints",
            visible(name)
        );
        return Err(Failure::Wrong { file: said(name), source: FileError { line: None, column: None, message } });
    }
    let limit = u64::try_from(LIMIT_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    match name {
        // Nobody types a topology: on a terminal there is nothing to wait for.
        "-" if io::stdin().is_terminal() => Ok(0),
        "-" => io::stdin().take(limit).read_to_end(&mut bytes),
        _ => File::open(name).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
    }
    .map_err(unreadable)?;
    Ok(bytes)
}
