//! `/backup`: everything in one encrypted file, streamed while the collector runs.

use crate::Collector;
use crate::backups;
use crate::desk::api::ask::Admin;
use crate::desk::api::problem::{Problem, with_causes};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

/// Bytes that are read and sent at once.
const PIECE: usize = 64 * 1024;
/// Pieces that wait for a slow reader.
const WAITING: usize = 8;

/// Backups that are made at once: each takes as much of the disk as everything that is kept.
static MAKING: Semaphore = Semaphore::const_new(1);

/// The route of this noun; it takes as long as reading everything takes.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/backup", post(take))
}

/// Takes a backup of everything that is kept, encrypted to the recovery key.
async fn take(State(collector): State<Collector>, Admin(_): Admin) -> Result<Response, Problem> {
    let asked = collector.clone();
    let turn = MAKING.acquire().await.map_err(|_| Problem::broken_off())?;
    let made = tokio::task::spawn_blocking(move || make(&asked)).await;
    let (file, length) = made.map_err(|_| Problem::broken_off())??;
    drop(turn);
    let (pieces, body) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || send(file, &pieces, &collector));
    let mut response = Body::from_stream(ReceiverStream::new(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(response)
}

/// Makes the backup in the data folder. Its name is gone before it is sent, so that nothing is left behind whatever happens.
fn make(collector: &Collector) -> Result<(File, u64), Problem> {
    let failed = |what: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("no backup was made: {what}"));
    let place = collector.settings.data.join(format!("backup-{}.unfinished", Uuid::now_v7()));
    backups::make(collector, &place).map_err(|error| failed(with_causes(error.as_ref())))?;
    opened(&place).map_err(|error| failed(format!("{}: {error}", place.display())))
}

fn opened(place: &Path) -> io::Result<(File, u64)> {
    let file = File::open(place)?;
    fs::remove_file(place)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// Sends the file; notes the time when all of it is gone out.
fn send(mut file: File, pieces: &mpsc::Sender<io::Result<Bytes>>, collector: &Collector) {
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece);
        let sent = match read {
            Ok(0) => break,
            Ok(count) => pieces.blocking_send(Ok(Bytes::copy_from_slice(piece.get(..count).unwrap_or_default()))),
            Err(error) => return drop(pieces.blocking_send(Err(error))),
        };
        if sent.is_err() {
            return; // the reader is gone
        }
    }
    if let Err(error) = backups::note(collector, collector.keeper.clock().now()) {
        tracing::warn!(error = format!("{error:#}"), "the time of the backup could not be noted");
    }
}
