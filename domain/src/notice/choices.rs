//! What a person wants to be told, and where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::words::words;

/// What people choose about: few, and each one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Somebody applied without approval, or that was reviewed: told to everyone, whatever they chose.
    BreakGlass,
    /// A freeze that is on ends sooner: told to everyone, whatever they chose.
    Freeze,
    /// Somebody tries to sign in as this person: told to them alone, whatever they chose.
    Account,
    /// A change waits for one's vote.
    ToApprove,
    /// What becomes of a change that one wrote or submitted.
    MyChange,
    /// What is said about a change that one takes part in.
    Discussion,
    /// Who has to approve, or what is looked for, moved.
    Policy,
}

words!(Topic, "topic of notices" {
    BreakGlass => "break-glass",
    Freeze => "freeze",
    Account => "account",
    ToApprove => "to-approve",
    MyChange => "my-change",
    Discussion => "discussion",
    Policy => "policy",
});

/// Where a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// In the page, with a count of what is unread.
    Page,
    /// By e-mail.
    Mail,
}

words!(Channel, "channel of notices" {
    Page => "page",
    Mail => "mail",
});

impl Topic {
    /// The question's label in the page.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BreakGlass => "Applied without approval",
            Self::Freeze => "Freezes that end sooner",
            Self::Account => "My account",
            Self::ToApprove => "Waits for my vote",
            Self::MyChange => "My changes",
            Self::Discussion => "Discussion",
            Self::Policy => "Policy and rules",
        }
    }

    /// What it is about, as a sentence under the label.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::BreakGlass => {
                "A change was applied without approval, or a lead reviewed that. Everyone in the environment is told."
            }
            Self::Freeze => {
                "Somebody made a freeze that is on, or soon would be, end sooner. Everyone in the environment is told."
            }
            Self::Account => "Somebody fails to sign in as you, again and again. Only you are told.",
            Self::ToApprove => {
                "A change needs your vote: it was submitted, moved after your vote, or has waited for long."
            }
            Self::MyChange => {
                "A change that you wrote or submitted is approved, sent back, rejected, applied or failed."
            }
            Self::Discussion => "Somebody comments on a change that you wrote, voted on or commented on.",
            Self::Policy => "An approval policy, or something less strict, is proposed or decided about.",
        }
    }

    /// Whether people choose about it at all.
    pub const fn can_be_chosen(self) -> bool {
        !matches!(self, Self::BreakGlass | Self::Freeze | Self::Account)
    }

    /// Whether a webhook can be told of it: of what is one person's own, none is.
    pub const fn is_for_webhooks(self) -> bool {
        !matches!(self, Self::Account)
    }

    /// What holds for who never chose: everything in the page, and by mail what asks for an act.
    pub const fn by_default(self, channel: Channel) -> bool {
        match (channel, self) {
            (Channel::Page, _)
            | (Channel::Mail, Self::BreakGlass | Self::Freeze | Self::Account | Self::ToApprove | Self::MyChange) => {
                true
            }
            (Channel::Mail, Self::Discussion | Self::Policy) => false,
        }
    }
}

/// What one person chose; what is not in it is as by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices(BTreeMap<(Topic, Channel), bool>);

impl Choices {
    /// Whether the person is told of this topic there.
    pub fn wants(&self, topic: Topic, channel: Channel) -> bool {
        let chosen = self.0.get(&(topic, channel)).filter(|_| topic.can_be_chosen());
        chosen.copied().unwrap_or_else(|| topic.by_default(channel))
    }

    /// With this choice; one about a topic without a choice is left out.
    #[must_use]
    pub fn with(mut self, topic: Topic, channel: Channel, wanted: bool) -> Self {
        if topic.can_be_chosen() {
            self.0.insert((topic, channel), wanted);
        }
        self
    }

    /// Every choice that there is, made or not: what a form shows and what is stored.
    pub fn all(&self) -> impl Iterator<Item = (Topic, Channel, bool)> + '_ {
        let topics = Topic::ALL.iter().copied().filter(|topic| topic.can_be_chosen());
        topics.flat_map(move |topic| {
            Channel::ALL.iter().map(move |&channel| (topic, channel, self.wants(topic, channel)))
        })
    }
}

impl FromIterator<(Topic, Channel, bool)> for Choices {
    fn from_iter<I: IntoIterator<Item = (Topic, Channel, bool)>>(choices: I) -> Self {
        choices.into_iter().fold(Self::default(), |known, (topic, channel, wanted)| known.with(topic, channel, wanted))
    }
}

/// As a list of topic, channel and choice: a map with such keys is nothing that JSON has.
impl Serialize for Choices {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(&(topic, channel), &wanted)| (topic, channel, wanted)))
    }
}

impl<'de> Deserialize<'de> for Choices {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<(Topic, Channel, bool)>::deserialize(deserializer)?.into_iter().collect())
    }
}
