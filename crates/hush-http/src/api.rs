//! The API as one value: everything that answers a request.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use hush_app::App;

use crate::access::AccessLines;
use crate::headers::text;
use crate::measure::RequestMetrics;
use crate::settings::HttpSettings;
use crate::{edge, problem, routes};

/// The HTTP API over an [`App`]. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub(crate) shared: Arc<Shared>,
    pub(crate) router: Router,
}

/// What every handler can reach.
pub(crate) struct Shared {
    pub(crate) app: Arc<App>,
    pub(crate) settings: HttpSettings,
    pub(crate) metrics: RequestMetrics,
    pub(crate) access: AccessLines,
    /// `Cache-Control` of what may be reused for a while.
    pub(crate) cache_control: HeaderValue,
    pub(crate) problem_types: problem::Types,
}

impl Api {
    /// The API over `app`. Metrics go to the recorder that is installed when this is called.
    pub fn new(app: Arc<App>, settings: HttpSettings) -> Self {
        let (router, document) = routes::all();
        let shared = Arc::new(Shared {
            metrics: RequestMetrics::new(routes::templates(&document)),
            cache_control: text(format!(
                "private, max-age={}",
                settings.cache_max_age.as_secs()
            )),
            problem_types: problem::Types::new(&settings.public_url),
            access: AccessLines::new(settings.access_log),
            app,
            settings,
        });
        Self {
            router: router.with_state(shared.clone()),
            shared,
        }
    }

    /// Answers one request of the client at `peer`.
    pub fn respond(
        &self,
        request: Request<Body>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + use<> {
        edge::respond(self.clone(), request, peer)
    }

    /// What the operator decided.
    pub fn settings(&self) -> &HttpSettings {
        &self.shared.settings
    }
}
