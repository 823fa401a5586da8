//! One word for all parts of the process: stop.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::ServeError;

/// Tells everybody who holds a receiver.
#[derive(Clone, Debug)]
pub struct Shutdown {
    sender: watch::Sender<bool>,
}

impl Shutdown {
    /// Told by SIGINT (Ctrl-C) and SIGTERM. A second one ends the process at once, as people expect.
    ///
    /// # Errors
    /// [`ServeError::Signals`] where the operating system does not let us wait for them.
    pub fn on_signals() -> Result<Self, ServeError> {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
        let (sender, _) = watch::channel(false);
        let shutdown = Self { sender };
        let told = shutdown.clone();
        tokio::spawn(async move {
            for attempt in 0.. {
                let name = tokio::select! {
                    _ = interrupt.recv() => "SIGINT",
                    _ = terminate.recv() => "SIGTERM",
                };
                if attempt > 0 {
                    tracing::warn!("{name} again: ending at once; a private PostgreSQL is told to stop by the kernel");
                    std::process::exit(130);
                }
                told.begin();
                tracing::info!("{name}: stopping");
            }
        });
        Ok(shutdown)
    }

    /// Tells everybody.
    pub fn begin(&self) {
        self.sender.send_replace(true);
    }

    /// Turns true when it is time to stop.
    pub fn receiver(&self) -> watch::Receiver<bool> {
        self.sender.subscribe()
    }
}

/// Returns when it is time to stop.
pub(super) async fn wait(receiver: &mut watch::Receiver<bool>) {
    // When the sender is gone nobody can tell us any more, and that is the same.
    let _told_or_gone = receiver.wait_for(|stop| *stop).await;
}
