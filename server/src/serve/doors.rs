//! Who is let in: so many connections at once for all, and a share of them for each network, so that few cannot keep
//! everybody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use strata_backend::networks::Networks;
use strata_backend::shares::{Denied, Share, Shares};

use super::Limits;

/// A network from which somebody signed in is known for so long.
const KNOWN_FOR: Duration = Duration::from_secs(12 * 60 * 60);
/// So many of them are remembered, the latest.
const KNOWN_AT_ONCE: usize = 10_000;
/// One in so many places is kept for networks that are known.
const KEPT: usize = 10;
/// One in so many is for networks that have few: those who hold many do not fill the last of what strangers get.
const FOR_NEWCOMERS: usize = 4;
/// So many places are few: what one page opens.
const FEW: usize = 8;
/// A known network, which may be a whole office, has so many times the share of another.
const KNOWN_SHARES: usize = 3;
/// The networks of one site have so many shares together.
const SITE_SHARES: usize = 2;

/// The doors of one server. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Doors {
    limits: Limits,
    familiar: Familiar,
    connections: Places,
    /// Requests of those who come through a proxy, whose connections say nothing.
    requests: Places,
}

#[derive(Clone, Debug)]
struct Places {
    networks: Shares<String>,
    sites: Shares<String>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Admission {
    _network: Share<String>,
    _site: Option<Share<String>>,
}

impl Doors {
    pub(super) fn new(limits: Limits, familiar: Familiar) -> Self {
        let places = || Places {
            networks: Shares::new(limits.connections, limits.connections_each),
            sites: Shares::new(usize::MAX, limits.connections_each),
        };
        Self { limits, familiar, connections: places(), requests: places() }
    }

    /// Lets a connection in, from that address; a proxy that is trusted stands for many, and is named none.
    pub(super) fn connect(&self, from: Option<IpAddr>) -> Result<Admission, Denied> {
        match from {
            Some(from) => self.admit(&self.connections, from),
            None => Ok(Admission { _network: self.connections.networks.take(None)?, _site: None }),
        }
    }

    /// Lets a request in, of somebody behind a proxy.
    pub(super) fn ask(&self, from: IpAddr) -> Result<Admission, Denied> {
        self.admit(&self.requests, from)
    }

    fn admit(&self, places: &Places, from: IpAddr) -> Result<Admission, Denied> {
        let Networks { network, site } = Networks::of(from);
        let Limits { connections: all, connections_each: each, .. } = self.limits;
        let is_known = self.familiar.knows(&network);
        let (all, each) = if is_known { (all, each * KNOWN_SHARES) } else { (all - all / KEPT, each) };
        let all = if is_known || places.networks.of(&network) < FEW { all } else { all - all / FOR_NEWCOMERS };
        let site = site.map(|site| places.sites.take_of(Some(site), usize::MAX, each * SITE_SHARES)).transpose()?;
        Ok(Admission { _network: places.networks.take_of(Some(network), all, each)?, _site: site })
    }
}

/// The networks from which somebody signed in lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Familiar(Arc<Mutex<HashMap<String, Instant>>>);

impl Familiar {
    /// Somebody who signed in is there.
    pub(super) fn remember(&self, address: IpAddr) {
        let mut known = self.lock();
        known.insert(Networks::of(address).network, Instant::now());
        if known.len() > KNOWN_AT_ONCE {
            known.retain(|_, at| at.elapsed() < KNOWN_FOR);
            let longest_ago = known.iter().min_by_key(|(_, at)| **at).map(|(network, _)| network.clone());
            if let Some(network) = longest_ago.filter(|_| known.len() > KNOWN_AT_ONCE) {
                known.remove(&network);
            }
        }
    }

    fn knows(&self, network: &str) -> bool {
        self.lock().get(network).is_some_and(|at| at.elapsed() < KNOWN_FOR)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that holds a place until it has been sent.
pub(super) struct Held {
    body: Body,
    _admission: Admission,
}

impl Held {
    pub(super) fn new(body: Body, admission: Admission) -> Self {
        Self { body, _admission: admission }
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(connections: usize, connections_each: usize) -> Doors {
        Doors::new(Limits { connections, connections_each, ..Limits::default() }, Familiar::default())
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// As many as are let in of them.
    fn taken(doors: &Doors, from: impl Iterator<Item = String>) -> (Vec<Admission>, Option<Denied>) {
        let mut all = Vec::new();
        for from in from {
            match doors.connect(address(&from)) {
                Ok(admission) => all.push(admission),
                Err(denied) => return (all, Some(denied)),
            }
        }
        (all, None)
    }

    #[test]
    fn two_addresses_lock_out_nobody() {
        let doors = doors(100, 10);
        let (one, denied) = taken(&doors, (0..100).map(|_| "192.0.2.1".to_owned()));
        assert_eq!((one.len(), denied), (10, Some(Denied::Own)));
        let (two, denied) = taken(&doors, (0..100).map(|_| "192.0.2.2".to_owned()));
        assert_eq!((two.len(), denied), (10, Some(Denied::Own)));
        assert!(doors.connect(address("192.0.2.3")).is_ok());
    }

    #[test]
    fn addresses_of_one_subscriber_and_of_one_site_are_counted_together() {
        let one = doors(1000, 10);
        let (all, denied) = taken(&one, (0..100).map(|number| format!("2001:db8::{number:x}")));
        assert_eq!((all.len(), denied), (10, Some(Denied::Own)));
        let site = doors(1000, 10);
        let (all, denied) = taken(&site, (0..100).map(|number| format!("2001:db8:0:{number:x}::1")));
        assert_eq!((all.len(), denied), (20, Some(Denied::Own)));
        assert!(site.connect(address("2001:db8:1::1")).is_ok());
        assert_eq!(taken(&doors(1000, 10), (0..100).map(|_| "::ffff:192.0.2.1".to_owned())).0.len(), 10);
    }

    #[test]
    fn however_many_strangers_come_there_is_room_for_those_who_signed_in() {
        let doors = doors(100, 10);
        let (strangers, denied) = taken(&doors, (0..200).map(|number| format!("198.51.100.{number}")));
        assert_eq!((strangers.len(), denied), (90, Some(Denied::All)));
        doors.familiar.remember("192.0.2.1".parse().unwrap());
        let (known, denied) = taken(&doors, (0..100).map(|_| "192.0.2.1".to_owned()));
        assert_eq!((known.len(), denied), (10, Some(Denied::All)));
        drop(strangers);
        let (more, denied) = taken(&doors, (0..100).map(|_| "192.0.2.1".to_owned()));
        assert_eq!((more.len(), denied), (20, Some(Denied::Own)), "an office has three shares");
    }

    #[test]
    fn whoever_holds_many_places_leaves_some_for_newcomers() {
        let doors = doors(1000, 100);
        let (few, denied) = taken(&doors, (0..2000).map(|number| format!("198.51.100.{}", number % 9)));
        assert_eq!(denied, Some(Denied::All));
        let (more, _) = taken(&doors, (0..2000).map(|_| "203.0.113.9".to_owned()));
        assert_eq!((few.len(), more.len()), (675, 8), "a page can be opened from elsewhere");
    }

    #[test]
    fn a_proxy_stands_for_many_and_each_behind_it_has_a_share() {
        let doors = doors(100, 10);
        let proxy: Vec<_> = (0..50).map(|_| doors.connect(None).unwrap()).collect();
        let client = || doors.ask("203.0.113.9".parse().unwrap());
        let asked: Vec<_> = (0..10).map(|_| client().unwrap()).collect();
        assert_eq!(client().unwrap_err(), Denied::Own);
        assert!(doors.ask("203.0.113.10".parse().unwrap()).is_ok());
        drop((asked, proxy));
        assert!(client().is_ok());
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let familiar = Familiar::default();
        for number in 0..u32::try_from(KNOWN_AT_ONCE).unwrap() + 5 {
            familiar.remember(IpAddr::V4(number.into()));
        }
        assert_eq!(familiar.lock().len(), KNOWN_AT_ONCE);
    }
}
