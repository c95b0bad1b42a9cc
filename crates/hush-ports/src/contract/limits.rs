//! The rate limit.

use std::time::Duration;

use hush_domain::ids::ServerId;
use hush_domain::limits::{Bucket, Rule};

use super::LimiterUnderTest;

/// Hands the rules of this file to `$test`.
#[macro_export]
macro_rules! for_each_limits_rule {
    ($test:ident) => {
        $test! { limits { a_fresh_bucket_admits } }
    };
}

/// A bucket that was never asked before admits.
pub async fn a_fresh_bucket_admits(limiter: &LimiterUnderTest) {
    let rule = Rule::new(2, Duration::from_mins(1)).unwrap();
    let bucket = Bucket::Server(ServerId::try_from(1_u64).unwrap());
    let decision = limiter.port.take(bucket, rule).await.unwrap();
    assert!(decision.admitted, "{decision:?}");
    assert_eq!(decision.remaining, 1);
}
