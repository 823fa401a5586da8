//! Whole numbers as people and spreadsheets write them: `65,536`, `65 536`, `64 GiB`.

use super::{CellError, shown};

/// What a column of numbers counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Virtual CPUs.
    Vcpus,
    /// Memory in MiB.
    MemoryMib,
    /// Disk size in GiB.
    DiskGib,
    /// Input and output operations a second.
    Iops,
}

/// Between groups of three digits: commas, spaces of four widths, apostrophes, underscores. A point is none of them,
/// because half of the world writes fractions with it.
const SEPARATORS: [char; 8] = [',', ' ', '\u{a0}', '\u{2009}', '\u{202f}', '\'', '’', '_'];

/// Powers of 1024 by the letter of their unit.
const POWERS: [(char, u32); 5] = [('k', 1), ('m', 2), ('g', 3), ('t', 4), ('p', 5)];

/// The number that a text says, in the unit of its column.
pub(super) fn figure<T: TryFrom<u128>>(text: &str, counted: Counted) -> Result<T, CellError> {
    let text = text.trim();
    let cut = text.find(char::is_alphabetic).unwrap_or(text.len());
    let (number, unit) = text.split_at(cut);
    let unit: String = unit.to_lowercase().split_whitespace().collect();
    let unclear = || CellError::new(format!("{} is no {}.", shown(text), counted.what_fits()));
    let (digits, places) = decimal(number.trim_end()).ok_or_else(unclear)?;
    let (times, per) = match counted.factor(&unit) {
        Factor::Known { times, per } => (times, per),
        Factor::TwoSizes => {
            let message = format!("{} can mean two sizes: write the unit as GiB or TiB.", shown(text));
            return Err(CellError::new(message));
        }
        Factor::Unknown => return Err(unclear()),
    };
    let too_large = || CellError::new(format!("{} is too large: the most is {}.", shown(text), counted.max()));
    let all = digits.checked_mul(times).ok_or_else(too_large)?;
    let part = per * 10u128.pow(places);
    if all % part != 0 {
        return Err(CellError::new(format!("{} is no whole number of {}.", shown(text), counted.unit())));
    }
    let figure = all / part;
    if figure > counted.max() {
        return Err(too_large());
    }
    T::try_from(figure).map_err(|_| too_large())
}

/// How many of a column's unit one of the given unit is: `times / per`.
enum Factor {
    Known { times: u128, per: u128 },
    TwoSizes,
    Unknown,
}

impl Counted {
    fn factor(self, unit: &str) -> Factor {
        let one = Factor::Known { times: 1, per: 1 };
        match (self, unit) {
            (_, "") => one,
            (Self::Vcpus, "vcpu" | "vcpus" | "cpu" | "cpus" | "core" | "cores") | (Self::Iops, "iops") => one,
            (Self::Iops, "k" | "kiops") => Factor::Known { times: 1000, per: 1 },
            (Self::Vcpus | Self::Iops, _) => Factor::Unknown,
            (Self::MemoryMib, _) => binary(unit, 2),
            // Memory is only sold in powers of two, so that a GB of it is a GiB; disks are sold in powers of ten.
            (Self::DiskGib, "kb" | "mb" | "gb" | "tb" | "pb") => Factor::TwoSizes,
            (Self::DiskGib, _) => binary(unit, 3),
        }
    }

    const fn max(self) -> u128 {
        match self {
            Self::Vcpus => u32::MAX as u128,
            Self::MemoryMib | Self::DiskGib | Self::Iops => u64::MAX as u128,
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::Vcpus => "vCPUs",
            Self::MemoryMib => "MiB",
            Self::DiskGib => "GiB",
            Self::Iops => "operations a second",
        }
    }

    const fn what_fits(self) -> &'static str {
        match self {
            Self::Vcpus => "number of vCPUs: write a whole number such as 8",
            Self::MemoryMib => {
                "amount of memory: write MiB as a whole number such as 65536, or with a unit such as 64 GiB"
            }
            Self::DiskGib => "size of a disk: write GiB as a whole number such as 512, or with a unit such as 2 TiB",
            Self::Iops => "number of operations a second: write a whole number such as 50000",
        }
    }
}

/// `gib`, `gb` or `g`, counted in 1024 to that power.
fn binary(unit: &str, column: u32) -> Factor {
    let power = POWERS
        .iter()
        .find(|(letter, _)| unit.strip_prefix(*letter).is_some_and(|rest| matches!(rest, "" | "b" | "ib")));
    match power {
        None => Factor::Unknown,
        Some((_, power)) if *power >= column => Factor::Known { times: 1024u128.pow(power - column), per: 1 },
        Some((_, power)) => Factor::Known { times: 1, per: 1024u128.pow(column - power) },
    }
}

/// The digits of a number, and how many of them stand after its point. Three digits after a point can be a fraction or
/// thousands, depending on who writes; so they are no number here.
fn decimal(text: &str) -> Option<(u128, u32)> {
    let Some((whole, fraction)) = text.split_once('.') else { return Some((grouped(text)?, 0)) };
    let places = u32::try_from(fraction.len()).ok().filter(|places| matches!(places, 1 | 2 | 4..=9))?;
    let fraction = plain(fraction)?;
    Some((grouped(whole)?.saturating_mul(10u128.pow(places)).saturating_add(fraction), places))
}

/// Digits, all together or in groups of three with one and the same separator. A number past all bounds is the largest.
pub(super) fn grouped(text: &str) -> Option<u128> {
    let Some(separator) = text.chars().find(|letter| SEPARATORS.contains(letter)) else { return plain(text) };
    let mut groups = text.split(separator);
    let first = groups.next()?;
    let whole = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    if whole { plain(&text.replace(separator, "")) } else { None }
}

fn plain(digits: &str) -> Option<u128> {
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Only digits: what does not parse is too long.
    all.then(|| digits.parse().unwrap_or(u128::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, counted: Counted) -> Result<u64, String> {
        figure(text, counted).map_err(|error| error.message)
    }

    #[test]
    fn numbers_as_spreadsheets_paste_them() {
        for text in ["65536", "65,536", "65 536", "65\u{a0}536", "65\u{202f}536", "65'536", "65’536", " 65536.0 "] {
            assert_eq!(said(text, Counted::MemoryMib), Ok(65_536), "{text:?}");
        }
        assert_eq!(said("1,048,576", Counted::MemoryMib), Ok(1_048_576));
        assert_eq!(said("18446744073709551615", Counted::Iops), Ok(u64::MAX));
        assert_eq!(said("0", Counted::Vcpus), Ok(0));
    }

    #[test]
    fn units_where_they_are_clear() {
        for text in ["64 GiB", "64GiB", "64 gb", "64G", "65,536 MiB", "0.0625 TiB", "67108864 KiB", "65536mb"] {
            assert_eq!(said(text, Counted::MemoryMib), Ok(65_536), "{text:?}");
        }
        for text in ["1 TiB", "1T", "1024 GiB", "1,024 g", "1048576 MiB"] {
            assert_eq!(said(text, Counted::DiskGib), Ok(1024), "{text:?}");
        }
        assert_eq!(said("1.5 TiB", Counted::DiskGib), Ok(1536));
        assert_eq!(said("8 vCPUs", Counted::Vcpus), Ok(8));
        assert_eq!(said("8 cores", Counted::Vcpus), Ok(8));
        assert_eq!(said("50k", Counted::Iops), Ok(50_000));
        assert_eq!(said("2.5k IOPS", Counted::Iops), Ok(2_500));
    }

    #[test]
    fn what_is_no_number_is_told() {
        let cases = [
            ("lots", Counted::MemoryMib),
            ("-1", Counted::Vcpus),
            ("8 GiB", Counted::Vcpus),
            ("65.536", Counted::MemoryMib),
            ("6,5536", Counted::MemoryMib),
            ("1,234 567", Counted::DiskGib),
            ("fast", Counted::Iops),
            ("500 GB", Counted::DiskGib),
            ("100 KiB", Counted::MemoryMib),
            ("1.5", Counted::DiskGib),
            ("0.5", Counted::Vcpus),
            ("1.00001", Counted::Iops),
            ("4294967296", Counted::Vcpus),
            ("99999999999999 PiB", Counted::MemoryMib),
            ("99999999999999999999999999999999999999999999", Counted::Iops),
            (".", Counted::Iops),
            ("1.", Counted::Iops),
            ("٣", Counted::Iops),
        ];
        let told = cases.map(|(text, counted)| said(text, counted).expect_err(text)).join("\n");
        insta::assert_snapshot!(told, @r#"
        "lots" is no amount of memory: write MiB as a whole number such as 65536, or with a unit such as 64 GiB.
        "-1" is no number of vCPUs: write a whole number such as 8.
        "8 GiB" is no number of vCPUs: write a whole number such as 8.
        "65.536" is no amount of memory: write MiB as a whole number such as 65536, or with a unit such as 64 GiB.
        "6,5536" is no amount of memory: write MiB as a whole number such as 65536, or with a unit such as 64 GiB.
        "1,234 567" is no size of a disk: write GiB as a whole number such as 512, or with a unit such as 2 TiB.
        "fast" is no number of operations a second: write a whole number such as 50000.
        "500 GB" can mean two sizes: write the unit as GiB or TiB.
        "100 KiB" is no whole number of MiB.
        "1.5" is no whole number of GiB.
        "0.5" is no whole number of vCPUs.
        "1.00001" is no whole number of operations a second.
        "4294967296" is too large: the most is 4294967295.
        "99999999999999 PiB" is too large: the most is 18446744073709551615.
        "99999999999999999999999999999999999999999999" is too large: the most is 18446744073709551615.
        "." is no number of operations a second: write a whole number such as 50000.
        "1." is no number of operations a second: write a whole number such as 50000.
        "٣" is no number of operations a second: write a whole number such as 50000.
        "#);
    }
}
