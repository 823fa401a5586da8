//! What an environment adds to the built-in catalogue as a file, YAML or JSON: for files that are checked with no
//! database beside.

use serde::Deserialize;
use serde::de::Error;

use super::{Own, accept};
use crate::file::{FileError, check_raw, place, text_of};
use crate::inventory::check_keys;
use crate::text::yaml_for_showing;

/// Reads the file that [`write_yaml`] writes, or the same as JSON.
///
/// # Errors
/// The first thing that is wrong, with its line and column where it has one; a role that could not be
/// [accepted](super::accept) is one of them.
pub fn read(bytes: &[u8]) -> Result<Own, FileError> {
    let text = text_of(bytes)?;
    check_raw(text)?;
    check_keys(text)?;
    let read =
        Own::deserialize(serde_norway::Deserializer::from_str(text)).map_err(|error| place::of_yaml(error, text))?;
    let mut own = Own { roles: Vec::new(), ..read };
    for role in read.roles {
        own = accept(&role, &own).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            FileError::from(serde_norway::Error::custom(format!("role {}: {}", role.id, told.join(" "))))
        })?;
    }
    Ok(own)
}

/// The file; [`read`] gives the same again.
pub fn write_yaml(own: &Own) -> String {
    yaml_for_showing(own).expect("all keys of a catalogue are texts")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, Layer, Level, Levels, Role};
    use crate::findings::RuleId;
    use crate::topology::RoleId;

    #[test]
    fn what_is_written_is_read_again() {
        let queue = Catalogue::built_in().role("queue").expect("built in").clone();
        let cache = Role {
            id: RoleId::from("cache"),
            name: "Cache".to_owned(),
            layer: Layer::Storage,
            depends_on: Vec::new(),
            ..queue
        };
        let levels = Levels::from([(RuleId::NodeIdle, Level::Off)]);
        let own = Own { version: 2, roles: vec![cache], levels };
        assert_eq!(read(write_yaml(&own).as_bytes()), Ok(own.clone()));
        let json = serde_json::to_string(&own).expect("serialises");
        assert_eq!(read(json.as_bytes()), Ok(own));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let unknown = read(b"version: 2\nrole: []\n").expect_err("there is no such key");
        assert_eq!(unknown.line, Some(2));
        let level = read(b"levels: {node.idle: never}\n").expect_err("there is no such level");
        assert!(level.message.contains("never"), "{level}");
        let twice = read(b"levels: {node.idle: off, node.idle: blocker}\n").expect_err("the second would win");
        assert!(
            (twice.line, twice.column) == (Some(1), Some(26)) && twice.message.contains("`node.idle` is there twice"),
            "{twice}"
        );
        let built_in = serde_json::json!({ "roles": [Catalogue::built_in().role("sql")] }).to_string();
        let taken = read(built_in.as_bytes()).expect_err("sql is built in");
        assert!(taken.message.contains("sql is a built-in role"), "{taken}");
    }
}
