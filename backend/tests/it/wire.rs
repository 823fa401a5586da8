//! The way to the database, which a test can cut without a word: what is sent is lost, and no end hears of it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub struct Wire {
    folder: PathBuf,
    port: u16,
    cut: watch::Sender<u32>,
}

impl Wire {
    /// A way to the pool's database.
    pub fn to(pool: &PgPool) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("strata-wire-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let options = pool.connect_options();
        let port = options.get_port();
        let listener = UnixListener::bind(folder.join(format!(".s.PGSQL.{port}"))).unwrap();
        let (cut, told) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, options.as_ref().clone(), told.clone()));
            }
        });
        Self { folder, port, cut }
    }

    /// How to go there by it.
    pub fn options(&self, pool: &PgPool) -> PgConnectOptions {
        pool.connect_options().as_ref().clone().socket(&self.folder).port(self.port)
    }

    /// Cuts every connection that there is; new ones are carried.
    pub fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _best_effort = std::fs::remove_dir_all(&self.folder);
    }
}

async fn carry(stream: UnixStream, options: PgConnectOptions, told: watch::Receiver<u32>) {
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    if host.starts_with('/') {
        let path = format!("{host}/.s.PGSQL.{}", options.get_port());
        between(stream, UnixStream::connect(path).await.unwrap(), told).await;
    } else {
        between(stream, TcpStream::connect((host, options.get_port())).await.unwrap(), told).await;
    }
}

async fn between(mut one: UnixStream, mut other: impl AsyncRead + AsyncWrite + Unpin, mut told: watch::Receiver<u32>) {
    told.mark_unchanged();
    let is_cut = tokio::select! {
        _ = copy_bidirectional(&mut one, &mut other) => false,
        cut = told.changed() => cut.is_ok(),
    };
    if is_cut {
        // Both ends stay open, and nothing goes from one to the other.
        let _until_the_test_ends = told.wait_for(|_| false).await;
    }
}
