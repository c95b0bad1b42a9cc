//! What the service says of its feed and of commands.

/// The text of `/metrics`.
pub(super) struct Metrics(pub(super) String);

/// How far behind presences were, in seconds, as the upper bounds of the histogram's buckets.
#[derive(Clone, Copy)]
pub(super) struct Lag {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl Metrics {
    /// How many presences were heard since `before`.
    pub(super) fn presences_since(&self, before: &Self) -> u64 {
        self.presences().saturating_sub(before.presences())
    }

    /// How far behind presences were since `before`.
    pub(super) fn lag_since(&self, before: &Self) -> Lag {
        let earlier = before.buckets();
        let buckets: Vec<_> = self
            .buckets()
            .into_iter()
            .enumerate()
            .map(|(place, (bound, count))| {
                let known = earlier.get(place).map_or(0, |bucket| bucket.1);
                (bound, count.saturating_sub(known))
            })
            .collect();
        let all = buckets.last().map_or(0, |bucket| bucket.1);
        let quantile = |parts: u64| {
            let wanted = (all * parts).div_ceil(100);
            let bucket = buckets.iter().find(|bucket| bucket.1 >= wanted);
            bucket.map_or(f64::INFINITY, |bucket| bucket.0)
        };
        Lag {
            p50: quantile(50),
            p99: quantile(99),
            max: quantile(100),
        }
    }

    /// How many commands came to their end.
    pub(super) fn commands_ended(&self) -> u64 {
        let lines = self.0.lines();
        let series = lines.filter(|line| line.starts_with("hush_commands_total{"));
        let counts = series.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
        counts.sum()
    }

    /// Each bucket's upper bound, and how many values are at most that.
    fn buckets(&self) -> Vec<(f64, u64)> {
        let start = "hush_discord_event_lag_seconds_bucket{events=\"presence\",le=\"";
        let lines = self.0.lines().filter_map(|line| line.strip_prefix(start));
        lines
            .filter_map(|rest| {
                let (bound, count) = rest.split_once("\"} ")?;
                let bound = bound.parse().unwrap_or(f64::INFINITY);
                Some((bound, count.parse().ok()?))
            })
            .collect()
    }

    fn presences(&self) -> u64 {
        let series = "hush_discord_events_total{type=\"PRESENCE_UPDATE\"} ";
        let values = self.0.lines().filter_map(|line| line.strip_prefix(series));
        let mut values = values.filter_map(|value| value.parse().ok());
        values.next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_what_came_in_between() {
        let text = |counts: [u64; 3]| {
            let [low, high, all] = counts;
            let bucket = "hush_discord_event_lag_seconds_bucket{events=\"presence\",le=";
            Metrics(format!(
                "{bucket}\"0.25\"}} {low}\n{bucket}\"0.5\"}} {high}\n{bucket}\"+Inf\"}} {all}\n"
            ))
        };
        let lag = text([100, 210, 210]).lag_since(&text([100, 110, 110]));
        assert_eq!(
            (lag.p50.to_string(), lag.max.to_string()),
            ("0.5".into(), "0.5".into())
        );
        let lag = text([60, 99, 100]).lag_since(&text([0, 0, 0]));
        assert_eq!(
            (lag.p50.to_string(), lag.p99.to_string()),
            ("0.25".into(), "0.5".into())
        );
        assert!(lag.max.is_infinite());
    }
}
