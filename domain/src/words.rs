//! Words: how things are counted, and enums that are stored, of which each variant has one word, and each word one variant.

/// `1 node`, `2 nodes`.
pub fn counted<N: Copy + PartialEq + From<u8> + std::fmt::Display>(count: N, thing: &str) -> String {
    if count == N::from(1) { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// A word is none of those that an enum is stored as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{word}\" is no {what}")]
pub struct UnknownWord {
    /// The word.
    pub word: String,
    /// What it was to be.
    pub what: &'static str,
}

/// Gives an enum `ALL`, `as_str`, `Display` and `FromStr` over its words; the match is exhaustive.
macro_rules! words {
    ($type:ident, $what:literal { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the database, the API and the page.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|value| value.as_str() == word)
                    .ok_or_else(|| crate::words::UnknownWord { word: word.to_owned(), what: $what })
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use crate::audit::AuditAction;
    use crate::change::ChangeState;
    use crate::notice::{Channel, DeliveryState, Kind as NoticeKind, Means, Sooner, Topic};
    use crate::plan::{Impact, Risk, StepKind};
    use crate::proposal::Kind as ProposalKind;
    use crate::review::Verdict;
    use crate::run::{ExecutorKind, RunState, StepState};
    use crate::schedule::{Day, Kind};

    /// The word of serde and the word of `as_str` are the same, and both lead back.
    #[test]
    fn words_lead_back() {
        macro_rules! check {
            ($($type:ty),+) => {$(
                for &value in <$type>::ALL {
                    assert_eq!(value.as_str().parse::<$type>(), Ok(value));
                    assert_eq!(serde_json::to_value(value).expect("serialises"), value.as_str());
                }
                assert!("no such word".parse::<$type>().is_err());
            )+};
        }
        check!(Verdict, AuditAction, ChangeState, Impact, Risk, StepKind, ExecutorKind, RunState, StepState, Day, Kind);
        check!(Topic, Channel, NoticeKind, DeliveryState, Means, ProposalKind, Sooner);
    }
}
