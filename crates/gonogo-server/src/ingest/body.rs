//! Reads the body of a delivery within its limit.
//!
//! A sender that is still writing when we refuse would see a broken connection in place of
//! the answer, so the rest of what is too large is read past first. Invariant: no more than
//! the limit is ever held, a body holds a place for [`WITHIN`] at most, and reading past ends
//! after [`LINGER_BYTES`] or [`LINGER`].

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::StreamExt;

/// How much of what is too large is read past, at most.
const LINGER_BYTES: usize = 16 * 1024 * 1024;
/// How long what is too large is read past, at most.
const LINGER: Duration = Duration::from_secs(5);

/// How long a sender may take for its body. Providers send theirs at once, and give up
/// themselves after 5 to 30 s; who dribbles must not hold the places of all others.
pub(super) const WITHIN: Duration = Duration::from_secs(20);

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It has more bytes than are taken.
    TooLarge,
    /// The sender went away in the middle of it.
    Broken,
    /// It did not come to its end in time.
    TooSlow,
}

/// The whole body, where it has no more than `limit` bytes.
pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, Unread> {
    let whole = tokio::time::timeout(WITHIN, read_all(body, limit));
    whole.await.unwrap_or(Err(Unread::TooSlow))
}

async fn read_all(body: Body, limit: usize) -> Result<Bytes, Unread> {
    let mut parts = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Unread::Broken)?;
        if part.len() > limit - whole.len() {
            drop(whole);
            let past = async {
                let mut read = part.len();
                while let Some(Ok(part)) = parts.next().await {
                    read = read.saturating_add(part.len());
                    if read > LINGER_BYTES {
                        break;
                    }
                }
            };
            // Whether it ended in time or not, the answer is the same.
            let _ = tokio::time::timeout(LINGER, past).await;
            return Err(Unread::TooLarge);
        }
        whole.extend_from_slice(&part);
    }
    Ok(Bytes::from(whole))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream;

    use super::*;

    fn parts(sizes: &'static [usize]) -> Body {
        let parts = sizes.iter().map(|n| Ok::<_, Infallible>(vec![b'x'; *n]));
        Body::from_stream(stream::iter(parts))
    }

    #[tokio::test]
    async fn the_limit_is_the_largest_that_is_taken() {
        let whole = read(parts(&[60, 40]), 100).await;
        assert_eq!(whole.map(|b| b.len()), Ok(100));
        assert_eq!(read(parts(&[60, 41]), 100).await, Err(Unread::TooLarge));
        assert_eq!(read(parts(&[]), 0).await, Ok(Bytes::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn reading_past_ends() {
        let endless = stream::repeat_with(|| Ok::<_, Infallible>(vec![b'x'; 1 << 20]));
        let read_past = read(Body::from_stream(endless), 10).await;
        assert_eq!(read_past, Err(Unread::TooLarge));
        let stuck = stream::iter([Ok::<_, Infallible>(vec![b'x'; 11])]).chain(stream::pending());
        assert_eq!(
            read(Body::from_stream(stuck), 10).await,
            Err(Unread::TooLarge)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_dribbles_is_cut_off() {
        let drop_by_drop = stream::repeat_with(|| Ok::<_, Infallible>(vec![b'x'; 1]));
        let slow = drop_by_drop.then(|drop| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop
        });
        let begin = tokio::time::Instant::now();
        let slow = Body::from_stream(Box::pin(slow));
        assert_eq!(read(slow, 1000).await, Err(Unread::TooSlow));
        assert_eq!(begin.elapsed(), WITHIN);
    }

    #[tokio::test]
    async fn who_goes_away_in_the_middle_said_nothing() {
        let broken = stream::iter([Ok(vec![b'x'; 5]), Err(std::io::Error::other("gone"))]);
        assert_eq!(
            read(Body::from_stream(broken), 10).await,
            Err(Unread::Broken)
        );
    }
}
