//! Requests counted and timed, by route and status.

use std::time::Duration;

use http::StatusCode;
use metrics::{Counter, Histogram, counter, histogram};

/// The statuses that have a counter of their own; whatever else may come is counted under its class's last.
const STATUSES: [u16; 20] = [
    200, 201, 202, 204, 302, 304, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 501,
    503,
];

/// The route of a request that no route took.
const UNMATCHED: &str = "unmatched";

/// Handles to the request metrics, made once: looking them up for each request costs four times as much.
pub(crate) struct RequestMetrics {
    routes: Vec<RouteMetrics>,
}

struct RouteMetrics {
    template: String,
    by_status: [Counter; STATUSES.len()],
    duration: Histogram,
}

impl RequestMetrics {
    /// Metrics for these route templates.
    pub(crate) fn new(templates: impl Iterator<Item = String>) -> Self {
        let templates = std::iter::once(UNMATCHED.to_owned()).chain(templates);
        Self {
            routes: templates.map(RouteMetrics::new).collect(),
        }
    }

    /// The index of a route by its template.
    pub(crate) fn route(&self, template: &str) -> usize {
        self.routes
            .iter()
            .position(|route| route.template == template)
            .unwrap_or_default()
    }

    /// The template of the route with this index; none if no route took the request.
    pub(crate) fn template(&self, route: Option<usize>) -> &str {
        route
            .and_then(|route| self.routes.get(route))
            .map_or(UNMATCHED, |route| &route.template)
    }

    /// Counts one answer.
    pub(crate) fn record(&self, route: Option<usize>, status: StatusCode, took: Duration) {
        let Some(route) = self.routes.get(route.unwrap_or_default()) else {
            return;
        };
        let at = STATUSES.partition_point(|known| *known < status.as_u16());
        if let Some(counter) = route.by_status.get(at.min(STATUSES.len() - 1)) {
            counter.increment(1);
        }
        route.duration.record(took.as_secs_f64());
    }
}

impl RouteMetrics {
    fn new(template: String) -> Self {
        let by_status = STATUSES.map(|status| {
            counter!("hush_http_requests_total", "route" => template.clone(), "status" => status.to_string())
        });
        let duration =
            histogram!("hush_http_request_duration_seconds", "route" => template.clone());
        Self {
            template,
            by_status,
            duration,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn every_error_has_a_counter_of_its_own() {
        for code in Code::ALL {
            let status = code.status().as_u16();
            assert!(STATUSES.contains(&status), "{status}");
        }
    }
}
