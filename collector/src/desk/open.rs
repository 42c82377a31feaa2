//! The open requests of one connection, so that one without any can be closed while a live stream stays.

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How many requests of a connection are open.
#[derive(Default)]
pub(super) struct Open(Arc<watch::Sender<usize>>);

/// One of them, from its beginning until its answer's body is gone.
pub(super) struct One(Arc<watch::Sender<usize>>);

impl Open {
    /// A request begins.
    pub(super) fn one(&self) -> One {
        self.0.send_modify(|open| *open += 1);
        One(Arc::clone(&self.0))
    }

    /// Waits until no request has been open for so long.
    pub(super) fn idle(&self, patience: Duration) -> impl Future<Output = ()> + use<> {
        let mut open = self.0.subscribe();
        async move {
            while open.wait_for(|open| *open == 0).await.is_ok() {
                if timeout(patience, open.changed()).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl One {
    /// The answer's body, with which the request ends.
    pub(super) fn held_by(self, body: Body) -> Body {
        Body::new(Held { body, _one: self })
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

/// A body that ends its request when it is gone.
struct Held {
    body: Body,
    _one: One,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_idle_once_no_body_is_open() {
        let (open, short) = (Open::default(), Duration::from_millis(40));
        timeout(short * 50, open.idle(short)).await.expect("nothing was ever asked");
        let (asked, live) = (open.one(), open.one().held_by(Body::from("live")));
        drop(asked);
        assert!(timeout(short * 5, open.idle(short)).await.is_err(), "a live stream stays");
        assert_eq!(live.size_hint().exact(), Some(4));
        let idle = open.idle(short);
        drop(live);
        timeout(short * 50, idle).await.expect("its body is gone");
    }
}
