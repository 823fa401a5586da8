//! The address that is listened on, taken before anything else is started.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::ServeError;

/// An address that is ours.
#[derive(Debug)]
pub struct Listener {
    inner: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Takes the address; port 0 takes any free one.
    ///
    /// # Errors
    /// [`ServeError::InUse`] with another port to try; [`ServeError::Listen`] with the operating system's reason.
    pub async fn bind(address: SocketAddr) -> Result<Self, ServeError> {
        let inner = TcpListener::bind(address).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::InUse { address, suggestion: next_port(address) },
            _ => ServeError::Listen { address, source },
        })?;
        let address = inner.local_addr().map_err(|source| ServeError::Listen { address, source })?;
        Ok(Self { inner, address })
    }

    /// The address, with the port that was given for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn into_tokio(self) -> TcpListener {
        self.inner
    }
}

fn next_port(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(3000))
}
