//! How long a client may take, and how much of the server it may have at once.

use std::time::Duration;

/// The limits of a server. What an operator has a reason to set has a flag; tests set the rest small.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once. A tenth of them is kept for networks from which somebody signed in lately.
    pub connections: usize,
    /// The same of one network, and of requests of one network behind a proxy that is trusted: three times as many where
    /// somebody signed in lately, and twice as many of all networks of one IPv6 site together.
    pub connections_each: usize,
    /// A request's line and headers have to be whole after this long. A connection on which nothing is asked is closed
    /// after the same time.
    pub head: Duration,
    /// A body has to be whole after this long, and the time that its length takes at [`Self::bytes_per_second`].
    pub body: Duration,
    /// A body that is slower than this over its whole length is given up.
    pub bytes_per_second: u64,
    /// A body of which nothing comes for so long is given up.
    pub between_chunks: Duration,
    /// Topology files and batches of edits that are taken in at once.
    pub uploads: usize,
    /// The same, of one account.
    pub uploads_each: usize,
    /// What is left of a body that was refused is thrown away for so long, so that a browser reads why.
    pub drain: Duration,
    /// A client that takes nothing of an answer for so long is given up; whoever takes some of it gets as much more time
    /// as that takes at [`Self::taken_per_second`].
    pub stalled: Duration,
    /// Bytes a second that a client takes at least, where it does not keep up with what is sent.
    pub taken_per_second: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1000,
            connections_each: Self::each_of(1000),
            head: Duration::from_secs(15),
            body: Duration::from_secs(20),
            bytes_per_second: 100 * 1024,
            between_chunks: Duration::from_secs(10),
            uploads: 6,
            uploads_each: 2,
            drain: Duration::from_secs(10),
            stalled: Duration::from_secs(60),
            taken_per_second: 8 * 1024,
        }
    }
}

impl Limits {
    /// The connections of one network where nothing else is said.
    pub fn each_of(connections: usize) -> usize {
        (connections / 10).max(32)
    }

    /// How long a body may take of which that many bytes have come.
    pub(super) fn body_within(&self, bytes: u64) -> Duration {
        self.body + Duration::from_secs(bytes / self.bytes_per_second.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_body_may_take_longer() {
        let limits = Limits::default();
        assert_eq!(limits.body_within(64 * 1024), limits.body);
        assert_eq!(limits.body_within(16 * 1024 * 1024), limits.body + Duration::from_secs(163));
    }
}
