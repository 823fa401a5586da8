//! One cell's text into a node.

use std::net::IpAddr;

use super::column::Column;
use super::figure::{Counted, figure};
use super::roles::{self, Bare};
use super::{CellError, cut, letters, same_word, shown};
use crate::catalogue::Catalogue;
use crate::edit::{EditError, hostname_problem};
use crate::file::suggest::suggestion;
use crate::text::{self, TextProblem};
use crate::topology::{Container, DiskKind, Node, Platform};

/// Makes the node have what the cell says; on an error the node stays as it was.
pub(super) fn put(
    node: &mut Node,
    column: Column,
    text: &str,
    catalogue: &Catalogue,
    bare: Bare,
) -> Result<(), CellError> {
    // What the cell says already is no change, even where people could not type it: a role that the catalogue lost, or
    // a number where a text should be.
    if text == column.text(node) {
        return Ok(());
    }
    let text = text.trim();
    match column {
        Column::Hostname => node.hostname = hostname(text)?,
        Column::PrivateIp => node.private_ip = private_ip(text)?,
        Column::PublicIp => node.public_ip = known(text).map(address).transpose()?,
        Column::Site => node.site = known(text).map(site).transpose()?,
        Column::Platform => {
            let ha = node.container.is_some_and(|container| container.ha);
            let platform = known(text).map(platform).transpose()?;
            node.container = platform.map(|platform| Container { platform, ha });
        }
        Column::Ha => set_ha(node, text)?,
        Column::Vcpus => node.hardware.vcpus = number(text, Counted::Vcpus)?,
        Column::MemoryMib => node.hardware.memory_mib = number(text, Counted::MemoryMib)?,
        Column::Disk => node.hardware.disk = known(text).map(disk).transpose()?,
        Column::DiskGib => node.hardware.disk_gib = number(text, Counted::DiskGib)?,
        Column::Iops => node.hardware.iops = number(text, Counted::Iops)?,
        Column::Roles => node.roles = roles::read(text, &node.roles, catalogue, bare)?,
        Column::Id => {
            return Err(CellError::new("An id is given by Strata and kept for life; it cannot be edited."));
        }
    }
    Ok(())
}

fn site(text: &str) -> Result<String, CellError> {
    text::check_name("site", text)
        .map_err(|fault| CellError::new(format!("{} is no site: {}", shown(text), fault.problem)))?;
    Ok(text.to_owned())
}

/// A hostname that is one; whether it is free is not asked here.
pub(super) fn hostname(text: &str) -> Result<String, CellError> {
    if text.is_empty() {
        return Err(CellError::new("A node needs a hostname."));
    }
    if let Some(problem @ (TextProblem::Character { .. } | TextProblem::TooLong { .. })) = text::name_problem(text) {
        return Err(CellError::new(format!("{} is no hostname: {problem}", shown(text))));
    }
    match hostname_problem(text) {
        None => Ok(text.to_owned()),
        Some(problem) => Err(CellError::new(EditError::BadHostname { hostname: cut(text), problem }.to_string())),
    }
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn private_ip(text: &str) -> Result<IpAddr, CellError> {
    address(known(text).ok_or_else(|| CellError::new("A node needs a private address, such as 10.0.0.5 or fd00::5."))?)
}

fn address(text: &str) -> Result<IpAddr, CellError> {
    text.parse().map_err(|_| {
        CellError::new(format!("{} is no address: write IPv4 such as 10.0.0.5 or IPv6 such as fd00::5.", shown(text)))
    })
}

fn number<T: TryFrom<u128>>(text: &str, counted: Counted) -> Result<Option<T>, CellError> {
    known(text).map(|text| figure(text, counted)).transpose()
}

fn platform(text: &str) -> Result<Platform, CellError> {
    word(text, &Platform::ALL, Platform::as_str, "platform")
}

fn disk(text: &str) -> Result<DiskKind, CellError> {
    word(text, &DiskKind::ALL, DiskKind::as_str, "kind of disk")
}

/// The value whose word the text is, but for case, hyphens and spaces.
fn word<T: Copy>(text: &str, all: &[T], as_str: fn(T) -> &'static str, what: &str) -> Result<T, CellError> {
    all.iter().copied().find(|value| same_word(as_str(*value), text)).ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|value| as_str(*value)).collect();
        CellError::new(format!("{} is no {what}; {}", shown(text), suggested(text, &words)))
    })
}

/// The end of a sentence that says what somebody may have meant.
pub(super) fn suggested(text: &str, words: &[&str]) -> String {
    let suggestion = suggestion(text, words);
    if suggestion.ends_with('?') { suggestion } else { suggestion + "." }
}

/// High availability is a fact of the machine, so there has to be one; that none has it changes nothing.
fn set_ha(node: &mut Node, text: &str) -> Result<(), CellError> {
    let ha = match letters(text).collect::<String>().as_str() {
        "yes" | "y" | "true" | "on" | "1" => true,
        "no" | "n" | "false" | "off" | "0" => false,
        _ if text.is_empty() => false,
        _ => return Err(CellError::new(format!("{} is no answer: write yes or no.", shown(text)))),
    };
    match &mut node.container {
        Some(container) => container.ha = ha,
        None if ha => {
            return Err(CellError::new("High availability needs a platform: say first what the node runs on."));
        }
        None => {}
    }
    Ok(())
}
