//! A network line that a test may cut and slow down: every byte of a connection passes by here.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Bytes that pass a slow line at once.
const PIECE: usize = 512;

/// How a line is now. Cut means that nothing passes and nobody is told, as with a switch that lost its power.
#[derive(Debug, Default)]
pub struct Line(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    cut: bool,
    bytes_per_s: Option<u32>,
    waiting: Vec<Waker>,
}

impl Line {
    /// Nothing passes any more.
    pub fn cut(&self) {
        self.state().cut = true;
    }

    /// Only so many bytes pass per second, each way.
    pub fn slow(&self, bytes_per_s: u32) {
        self.state().bytes_per_s = Some(bytes_per_s.max(1));
    }

    /// Everything passes again, and what waited first.
    pub fn mend(&self) {
        let waiting = {
            let mut state = self.state();
            (state.cut, state.bytes_per_s) = (false, None);
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits while the line is cut; gives how many bytes pass per second then.
    fn poll_open(&self, cx: &Context<'_>) -> Poll<Option<u32>> {
        let mut state = self.state();
        if !state.cut {
            return Poll::Ready(state.bytes_per_s);
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection over a line.
pub struct Wire {
    stream: TcpStream,
    line: Arc<Line>,
    reading: Pace,
    writing: Pace,
}

impl Wire {
    /// This connection over this line.
    pub fn new(stream: TcpStream, line: Arc<Line>) -> Self {
        Self { stream, line, reading: Pace::default(), writing: Pace::default() }
    }
}

/// The pause after a piece.
#[derive(Default)]
struct Pace(Option<Pin<Box<Sleep>>>);

impl Pace {
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.0 {
            ready!(pause.as_mut().poll(cx));
            self.0 = None;
        }
        Poll::Ready(())
    }

    fn passed(&mut self, bytes: usize, bytes_per_s: u32) {
        self.0 = Some(Box::pin(sleep(Duration::from_secs_f64(bytes as f64 / f64::from(bytes_per_s)))));
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(bytes_per_s) = ready!(self.line.poll_open(cx)) else { return Pin::new(&mut self.stream).poll_read(cx, buf) };
        ready!(self.reading.poll_over(cx));
        let mut bytes = [0; PIECE];
        let mut piece = ReadBuf::new(bytes.get_mut(..buf.remaining().min(PIECE)).unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
        buf.put_slice(piece.filled());
        self.reading.passed(piece.filled().len(), bytes_per_s);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let Some(bytes_per_s) = ready!(self.line.poll_open(cx)) else { return Pin::new(&mut self.stream).poll_write(cx, buf) };
        ready!(self.writing.poll_over(cx));
        let piece = buf.get(..buf.len().min(PIECE)).unwrap_or_default();
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, piece))?;
        self.writing.passed(written, bytes_per_s);
        Poll::Ready(Ok(written))
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.line.poll_open(cx));
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.line.poll_open(cx));
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::{Instant, timeout};

    async fn pair() -> (Wire, TcpStream, Arc<Line>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let line = Arc::new(Line::default());
        (Wire::new(here, Arc::clone(&line)), listener.accept().await.unwrap().0, line)
    }

    #[tokio::test]
    async fn what_is_said_over_a_cut_line_arrives_when_it_is_mended() {
        let (mut wire, mut there, line) = pair().await;
        line.cut();
        let said = tokio::spawn(async move { wire.write_all(b"hello").await.map(|()| wire) });
        let mut heard = [0; 5];
        assert!(timeout(Duration::from_millis(100), there.read_exact(&mut heard)).await.is_err(), "it passed a cut line");
        line.mend();
        there.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
        said.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_slow_line_takes_its_time() {
        let (mut wire, mut there, line) = pair().await;
        line.slow(4_096);
        let began = Instant::now();
        let said = tokio::spawn(async move { wire.write_all(&[7; 2_048]).await.map(|()| wire) });
        there.read_exact(&mut [0; 2_048]).await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
        said.await.unwrap().unwrap();
    }
}
