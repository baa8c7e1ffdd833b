use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tonic::{Code, Response, Status};

const BACKOFF: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// Makes a call up to `attempts` times, as long as it meets UNAVAILABLE.
pub(crate) async fn retried<T, F, C>(attempts: u32, mut call: F) -> Result<T, Status>
where
    F: FnMut() -> C,
    C: Future<Output = Result<Response<T>, Status>>,
{
    let mut attempt = 1;
    loop {
        match call().await {
            Err(status) if status.code() == Code::Unavailable && attempt < attempts => {
                tokio::time::sleep(pause(attempt)).await;
                attempt += 1;
            }
            done => return done.map(Response::into_inner),
        }
    }
}

/// Half of each pause is chance, so that many clients do not come back in step.
fn pause(attempt: u32) -> Duration {
    let whole = BACKOFF.saturating_mul(1 << (attempt - 1).min(10)).min(BACKOFF_MAX);
    let chance = RandomState::new().hash_one(attempt) as f64 / u64::MAX as f64;
    whole.mul_f64(0.5 + chance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a call ends that fails `failures` times, and how often it was made.
    async fn outcome(attempts: u32, failures: u32, code: Code) -> (Result<(), Code>, u32) {
        let mut calls = 0;
        let result = retried(attempts, || {
            calls += 1;
            let failed = calls <= failures;
            async move {
                if failed {
                    Err(Status::new(code, "busy"))
                } else {
                    Ok(Response::new(()))
                }
            }
        })
        .await;
        (result.map_err(|status| status.code()), calls)
    }

    #[tokio::test]
    async fn only_unavailable_is_tried_again_and_not_for_ever() {
        assert_eq!(outcome(3, 0, Code::Unavailable).await, (Ok(()), 1));
        assert_eq!(outcome(3, 2, Code::Unavailable).await, (Ok(()), 3));
        assert_eq!(outcome(3, 9, Code::Unavailable).await, (Err(Code::Unavailable), 3));
        assert_eq!(outcome(1, 9, Code::Unavailable).await, (Err(Code::Unavailable), 1));
        assert_eq!(outcome(3, 9, Code::ResourceExhausted).await, (Err(Code::ResourceExhausted), 1));
    }

    #[test]
    fn pauses_grow_within_bounds_and_differ() {
        for (attempt, whole) in [(1, 50), (2, 100), (3, 200), (40, 1000)] {
            let pauses: Vec<_> = (0..50).map(|_| pause(attempt).as_secs_f64() * 1000.0).collect();
            assert!(pauses.iter().all(|ms| (whole as f64 / 2.0..=whole as f64).contains(ms)), "{pauses:?}");
            assert!(pauses.iter().any(|ms| *ms != pauses[0]));
        }
    }
}
