//! `/backup`: everything in one encrypted file, streamed while the collector runs.

use crate::Collector;
use crate::backups;
use crate::desk::api::ask::Admin;
use crate::desk::api::problem::{Problem, with_causes};
use crate::store::backup::BackupReport;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use rollcall_site::event::Actor;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

/// Bytes that are read and sent at once.
const PIECE: usize = 64 * 1024;
/// Pieces that wait for a slow reader.
const WAITING: usize = 8;

/// The route of this noun; it takes as long as reading everything takes.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/backup", post(take))
}

/// Takes a backup of everything that is kept, encrypted to the recovery key.
async fn take(State(collector): State<Collector>, Admin(by): Admin) -> Result<Response, Problem> {
    fresh(collector, by).await
}

/// A fresh backup, made and then sent, for the interface and for the desk's own page alike; the audit says who took it.
///
/// # Errors
/// None could be made.
pub(in crate::desk) async fn fresh(collector: Collector, by: Actor) -> Result<Response, Problem> {
    let asked = collector.clone();
    let turn = backups::TURN.acquire().await.map_err(|_| Problem::broken_off())?;
    let made = tokio::task::spawn_blocking(move || make(&asked)).await;
    let (file, length, report) = made.map_err(|_| Problem::broken_off())??;
    drop(turn);
    let text = format!("A backup of everything was taken away, up to event {}", report.seq);
    backups::record(&collector, by, "backup.taken", text).await;
    let (pieces, body) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || send(file, &pieces, &collector));
    let mut response = Body::from_stream(ReceiverStream::new(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(response)
}

/// Makes the backup in the data folder. Its name is gone before it is sent, so that nothing is left behind whatever happens.
fn make(collector: &Collector) -> Result<(File, u64, BackupReport), Problem> {
    let failed = |what: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("no backup was made: {what}"));
    let place = collector.settings.data.join(format!("backup-{}.unfinished", Uuid::now_v7()));
    let report = backups::make(collector, &place).map_err(|error| failed(with_causes(error.as_ref())))?;
    let (file, length) = opened(&place).map_err(|error| failed(format!("{}: {error}", place.display())))?;
    Ok((file, length, report))
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
