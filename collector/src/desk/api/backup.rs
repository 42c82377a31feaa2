//! `/backup`: everything in one encrypted file, streamed while the collector runs.

use crate::Collector;
use crate::desk::api::ask::Admin;
use crate::desk::api::problem::{Problem, with_causes};
use crate::secrets::{RECOVERY, SEAL, SEALED};
use crate::store::backup::back_up;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use jiff::Timestamp;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use uuid::Uuid;

/// Bytes that are read and sent at once.
const PIECE: usize = 64 * 1024;
/// Pieces that wait for a slow reader.
const WAITING: usize = 8;
/// Files that a collector needs beside its records, where they are: its keys, and the site's own certificate.
const BESIDE: &[&str] = &[SEALED, SEAL, "desk.crt", "desk.key"];
/// Holds when the last backup was taken whole.
const LAST: &str = "last-backup";

/// Backups that are made at once: each takes as much of the disk as everything that is kept.
static MAKING: Semaphore = Semaphore::const_new(1);

/// The route of this noun; it takes as long as reading everything takes.
pub(super) fn routes() -> Router<Collector> {
    Router::new().route("/backup", post(take))
}

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
    let recipient = collector.secrets.get(RECOVERY).and_then(|bytes| String::from_utf8(bytes).ok());
    let recipient = recipient.ok_or_else(|| failed("there is no recovery key in the sealed file".to_owned()))?;
    let dir = &collector.settings.data;
    let beside: Vec<(String, PathBuf)> =
        BESIDE.iter().map(|name| ((*name).to_owned(), dir.join(name))).filter(|(_, path)| path.exists()).collect();
    let place = dir.join(format!("backup-{}.unfinished", Uuid::now_v7()));
    back_up(&collector.folder, &beside, &recipient, &place).map_err(|error| failed(with_causes(&error)))?;
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
    let path = collector.settings.data.join(LAST);
    if let Err(error) = fs::write(&path, collector.keeper.clock().now().to_string()) {
        tracing::warn!(path = %path.display(), %error, "the time of the backup could not be noted");
    }
}

/// When the last backup was taken whole.
pub(super) fn last(data: &Path) -> Option<Timestamp> {
    fs::read_to_string(data.join(LAST)).ok()?.trim().parse().ok()
}
