//! Colours on a terminal; none in a pipe, in a file, or where `NO_COLOR` is set.

use anstyle::{AnsiColor, Style};
use strata_domain::findings::Severity;
use strata_domain::plan::{Impact, Risk};
use strata_domain::whatif::Extent;

/// Standard output that leaves colours out where they do not belong.
pub(super) fn out() -> anstream::AutoStream<std::io::StdoutLock<'static>> {
    anstream::AutoStream::auto(std::io::stdout().lock())
}

const PLAIN: Style = Style::new();
const BAD: Style = AnsiColor::Red.on_default().bold();
const WORSE: Style = AnsiColor::Yellow.on_default().bold();
const FAIR: Style = AnsiColor::Yellow.on_default();
const TOLD: Style = AnsiColor::Cyan.on_default();
/// For what matters least.
pub(super) const FAINT: Style = Style::new().dimmed();
/// For headings.
pub(super) const STRONG: Style = Style::new().bold();

/// How a severity looks.
pub(super) const fn severity(severity: Severity) -> Style {
    match severity {
        Severity::Blocker => BAD,
        Severity::Warning => WORSE,
        Severity::Advice => TOLD,
    }
}

/// How an impact looks.
pub(super) const fn impact(impact: Impact) -> Style {
    match impact {
        Impact::None | Impact::LiveUpgrade => PLAIN,
        Impact::Degraded | Impact::Manual => FAIR,
        Impact::Reindex | Impact::Rebalance | Impact::RedundancyLost => WORSE,
        Impact::Outage => BAD,
    }
}

/// How a risk looks.
pub(super) const fn risk(risk: Risk) -> Style {
    match risk {
        Risk::Low => PLAIN,
        Risk::Medium => FAIR,
        Risk::High => WORSE,
        Risk::Critical => BAD,
    }
}

/// How the extent of a loss looks.
pub(super) const fn extent(extent: Extent) -> Style {
    match extent {
        Extent::Nothing => PLAIN,
        Extent::RedundancyLost | Extent::Degraded => FAIR,
        Extent::RoleLost => WORSE,
        Extent::TotalOutage => BAD,
    }
}

/// Pads a word to a width, then paints it: escape codes would be counted as letters otherwise.
pub(super) fn padded(style: Style, word: &str, width: usize) -> String {
    format!("{style}{word:<width$}{style:#}")
}
