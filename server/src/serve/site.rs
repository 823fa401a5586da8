//! The browser part: what lies in the site folder, and how it is served.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::http::{HeaderValue, header};
use leptos::prelude::LeptosOptions;
use tower::ServiceBuilder;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

use super::ServeError;

/// The name of the script, the wasm and the style in the folder `pkg`.
const NAME: &str = "strata";

/// A site folder that has been built.
#[derive(Clone, Debug)]
pub struct Site {
    folder: PathBuf,
    /// Names of the files beside `pkg`, such as the icon: each has its own address.
    files: Vec<String>,
}

impl Site {
    /// Looks into the folder.
    ///
    /// # Errors
    /// [`ServeError::NoSite`] where the browser part is not in it.
    pub fn open(folder: &Path) -> Result<Self, ServeError> {
        let missing = || ServeError::NoSite(folder.to_owned());
        if !folder.join("pkg").join(format!("{NAME}.js")).is_file() {
            return Err(missing());
        }
        let files = fs::read_dir(folder)
            .map_err(|_| missing())?
            .flatten()
            .filter(|entry| entry.path().is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.') && !name.ends_with(".br") && !name.ends_with(".gz"))
            .collect();
        Ok(Self { folder: folder.to_owned(), files })
    }

    /// What Leptos needs to know to name the files in its pages.
    pub(super) fn leptos_options(&self, address: SocketAddr) -> LeptosOptions {
        LeptosOptions::builder()
            .output_name(NAME)
            .site_root(self.folder.to_string_lossy().into_owned())
            .site_pkg_dir("pkg")
            .site_addr(address)
            .build()
    }

    /// The addresses of the files.
    ///
    /// Their names stay the same from version to version, so a browser asks each time whether it has the newest;
    /// the answer is one short 304 (Last-Modified).
    pub(super) fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let asks =
            || SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let package = ServeDir::new(self.folder.join("pkg"))
            .append_index_html_on_directories(false)
            .precompressed_br()
            .precompressed_gzip();
        let router = Router::new().nest_service("/pkg", ServiceBuilder::new().layer(asks()).service(package));
        self.files.iter().fold(router, |router, name| {
            let file = ServeFile::new(self.folder.join(name)).precompressed_br().precompressed_gzip();
            router.route_service(&format!("/{name}"), ServiceBuilder::new().layer(asks()).service(file))
        })
    }
}
