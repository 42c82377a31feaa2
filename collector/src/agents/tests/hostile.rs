//! Callers that mean harm: the doors refuse them, and a real agent beside them notices nothing.

use super::*;
use h2::Reason;
use h2::client::SendRequest;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a real agent waits for an acknowledgement at most, meanwhile.
const UNHARMED: Duration = Duration::from_secs(2);

/// A real agent that reports on while something happens; gives its longest wait for an acknowledgement.
async fn beside<T>(school: &School, happens: impl Future<Output = T>) -> (T, Duration) {
    let (pc, session) = (school.enroll("lab1-99").await, session());
    let (mut line, _) = school.meet(&pc, &session, &[]).await;
    let mut happens = std::pin::pin!(happens);
    let (mut longest, mut number) = (Duration::ZERO, 0);
    let done = loop {
        number += 1;
        let began = Instant::now();
        tokio::select! {
            done = &mut happens => break done,
            _ = line.report(&session, number, &[]) => longest = longest.max(began.elapsed()),
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    };
    // Its last report may have been cut off by the end; the next one is whole.
    let began = Instant::now();
    line.report(&session, number + 1, &[]).await;
    (done, longest.max(began.elapsed()))
}

async fn h2(school: &School, pc: &Pc) -> (SendRequest<bytes::Bytes>, tokio::task::JoinHandle<Result<(), h2::Error>>) {
    let stream = shake_hands(school.running.agents, pc.tls(), &pc.is.server_name).await.unwrap();
    let (send, connection) = h2::client::handshake(stream).await.unwrap();
    (send, tokio::spawn(connection))
}

fn attend() -> axum::http::Request<()> {
    axum::http::Request::post("http://rollcall.internal/rollcall.v1.Attendance/Attend")
        .header("content-type", "application/grpc")
        .body(())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_idle_sockets_harm_nobody() {
    let school = School::open_with(tempfile::tempdir().unwrap(), Options::default()).await;
    let address = school.running.agents;
    let idle = async {
        let mut idle = Vec::new();
        for _ in 0..5_000 {
            idle.extend(TcpStream::connect(address).await);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        idle.len()
    };
    let (opened, longest) = beside(&school, idle).await;
    assert!(opened > 4_900, "{opened}");
    assert!(longest < UNHARMED, "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_take_for_ever_harm_nobody() {
    let school = School::open().await;
    let address = school.running.agents;
    let slow = async {
        let mut slow = tokio::task::JoinSet::new();
        for _ in 0..300 {
            slow.spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                for byte in [0x16, 0x03, 0x01, 0x02, 0x00, 0x01] {
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                stream.read(&mut [0; 16]).await
            });
        }
        slow.join_all().await.into_iter().filter(|ended| matches!(ended, Ok(0) | Err(_))).count()
    };
    let (ended, longest) = beside(&school, slow).await;
    assert_eq!(ended, 300, "each was hung up on");
    assert!(longest < UNHARMED, "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rapid_resets_end_the_connection_and_harm_nobody_else() {
    let school = School::open_patiently(SOON).await;
    let pc = school.enroll("lab1-01").await;
    let storm = async {
        let mut ended = 0;
        for _ in 0..5 {
            let (mut send, connection) = h2(&school, &pc).await;
            for _ in 0..2_000 {
                let Ok(ready) = send.clone().ready().await else { break };
                send = ready;
                let Ok((_, mut stream)) = send.send_request(attend(), false) else { break };
                stream.send_reset(Reason::CANCEL);
            }
            drop(send);
            ended += usize::from(timeout(SOON, connection).await.is_ok());
        }
        ended
    };
    let (ended, longest) = beside(&school, storm).await;
    assert_eq!(ended, 5);
    assert!(longest < UNHARMED, "{longest:?}");
    let (_line, _) = school.meet(&pc, &session(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ninth_stream_an_endless_message_and_rubbish_are_refused() {
    let school = School::open_patiently(SOON).await;
    let pc = school.enroll("lab1-01").await;
    let (send, _connection) = h2(&school, &pc).await;
    let mut bodies = Vec::new();
    let mut answers = Vec::new();
    let mut send = send.ready().await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await; // the settings have come: eight at once
    for _ in 0..8 {
        let (answer, body) = send.send_request(attend(), false).unwrap();
        answers.push(answer);
        bodies.push(body);
    }
    if let Ok((ninth, _body)) = send.send_request(attend(), false) {
        assert!(timeout(Duration::from_millis(300), ninth).await.is_err(), "it waits until one of the eight has ended");
    }
    // A message that says it has 1 GiB, and one that is no message.
    for (body, bytes) in bodies.iter_mut().zip([&[0, 0x40, 0, 0, 0][..], &[0, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff]]) {
        body.send_data(bytes::Bytes::copy_from_slice(bytes), false).unwrap();
    }
    for answer in answers.into_iter().take(2) {
        let answer = timeout(SOON, answer).await.unwrap().unwrap();
        let mut said = answer.into_body();
        let mut told = Vec::new();
        while let Some(Ok(bytes)) = timeout(SOON, said.data()).await.unwrap() {
            told.extend_from_slice(&bytes);
        }
        assert!(told.len() < 1024, "it is told no more than a refusal");
    }
    let other = school.enroll("lab1-02").await;
    let (_line, _) = school.meet(&other, &session(), &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cap_of_connections_is_a_setting_and_is_kept() {
    let options = Options { attendance: Caps { connections: 3, ..Caps::attendance() }, ..Options::default() };
    let school = School::open_with(tempfile::tempdir().unwrap(), options).await;
    let mut lines = Vec::new();
    for name in ["lab1-01", "lab1-02", "lab1-03"] {
        let pc = school.enroll(name).await;
        lines.push(school.meet(&pc, &session(), &[]).await);
    }
    let one_more = school.enroll("lab1-04").await;
    assert!(shake_hands(school.running.agents, one_more.tls(), &one_more.is.server_name).await.is_err());
    lines.pop();
    school.until("a place is free", |school| school.running.collector.roll.heard().len() == 2).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (_line, _) = school.meet(&one_more, &session(), &[]).await;
}
