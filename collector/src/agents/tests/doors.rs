//! Who gets in at the doors, and who does not.

use super::*;
use from_agent::Message as Said;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use v1::refusal::Why;

#[tokio::test]
async fn a_machine_enrols_with_a_token_and_a_wrong_one_enrols_nothing() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    assert_eq!(pc.is.tag, "LAB1-01");
    assert_eq!(pc.is.addresses, [school.running.agents.to_string()]);
    assert_eq!(school.view().device_by_certificate(&certificate_of(&pc)).map(|device| device.id), Some(pc.id()));

    let other = school.token().await.replace("rc1.main.", "rc1.main.x");
    let refused = school.try_enroll("lab1-02", other).await.err().unwrap();
    assert!(refused.code() != tonic::Code::Internal && !refused.message().is_empty(), "{refused:?}");
    let refused = school.try_enroll("lab1-02", "rubbish".to_owned()).await.err().unwrap();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    for _ in 0..20 {
        school.try_enroll("lab1-02", "rubbish".to_owned()).await.err().unwrap();
    }
    let refused = school.try_enroll("lab1-02", "rubbish".to_owned()).await.err().unwrap();
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "who guesses must wait");
    assert_eq!(school.view().devices.len(), 1);
    school.enroll("lab1-03").await; // from the same address, with a token
}

#[tokio::test]
async fn the_attendance_door_knows_only_its_own_certificates() {
    let school = School::open().await;
    let (_, authority) = school.authority();
    let stranger = KeyPair::generate().unwrap();
    let own = CertificateParams::default().self_signed(&stranger).unwrap().der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(stranger.serialize_der()));
    let strange = trusting(authority.ca()).with_client_auth_cert(vec![own], key).unwrap();
    for tls in [strange, trusting(authority.ca()).with_no_client_auth()] {
        // The client may believe the handshake done before the server has looked: the first read tells.
        let refused = match shake_hands(school.running.agents, tls, &authority.attend_name()).await {
            Err(_) => true,
            Ok(mut stream) => timeout(SOON, stream.read(&mut [0; 64])).await.unwrap().is_err(),
        };
        assert!(refused);
    }
}

#[tokio::test]
async fn a_certificate_of_the_ca_that_is_not_in_the_records_is_refused() {
    let school = School::open().await;
    let mut pc = school.enroll("lab1-01").await;
    let (_, authority) = school.authority();
    let key = KeyPair::generate().unwrap();
    let csr = CertificateParams::default().serialize_request(&key).unwrap();
    pc.is.certificate_der = authority.sign(csr.der(), pc.id(), Clock::system().now()).unwrap().der;
    pc.key = key.serialize_der();
    assert_eq!(school.dial(&pc).await.refusal().await, Why::Revoked);
}

#[tokio::test]
async fn a_caller_that_does_not_shake_hands_is_hung_up_on() {
    let school = School::open().await;
    for door in [school.running.agents, school.running.enroll] {
        let mut mute = TcpStream::connect(door).await.unwrap();
        let mut slow = TcpStream::connect(door).await.unwrap();
        slow.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
        for stream in [&mut mute, &mut slow] {
            let ended = timeout(Duration::from_secs(3), stream.read(&mut [0; 64])).await.expect("still open");
            assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
        }
    }
}

#[tokio::test]
async fn callers_that_stall_keep_nobody_out() {
    let school = School::open_patiently(Duration::from_secs(20)).await;
    let pc = school.enroll("lab1-01").await;
    let mut stalled = Vec::new();
    for first in [&[] as &[u8], &[0x16], &[0x16, 0x03, 0x01, 0x02, 0x00]] {
        for _ in 0..100 {
            for door in [school.running.agents, school.running.enroll] {
                let mut stream = TcpStream::connect(door).await.unwrap();
                stream.write_all(first).await.unwrap();
                stalled.push(stream);
            }
        }
        let (_line, _) = timeout(Duration::from_secs(5), school.meet(&pc, &session(), &[])).await.expect("kept out");
        timeout(Duration::from_secs(5), school.enroll(&format!("lab2-{}", stalled.len()))).await.expect("kept out");
    }
}

#[tokio::test]
async fn the_hello_comes_first_and_once() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;

    let mut line = school.dial(&pc).await;
    line.beat().await;
    assert_eq!(line.refusal().await, Why::Protocol);

    let mut line = school.dial(&pc).await;
    line.say(Said::Hello(pc.hello("not a uuid", &[]))).await;
    assert_eq!(line.refusal().await, Why::Protocol);

    let (mut line, _) = school.meet(&pc, &session(), &[]).await;
    line.say.send(FromAgent { message: None }).await.unwrap();
    line.say(Said::Done(v1::CommandDone { id: 99, ..Default::default() })).await;
    line.say(Said::Hello(pc.hello(&session(), &[]))).await;
    assert_eq!(line.refusal().await, Why::Protocol, "a word of a newer agent and an unknown command pass, a second hello does not");
}

#[tokio::test]
async fn revoking_closes_the_live_stream_and_the_door() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    let (mut line, _) = school.meet(&pc, &session(), &[]).await;
    let device = pc.id();
    school.change(move |w| rollcall_site::enroll::revoke(w, device)).await.unwrap();
    assert_eq!(line.refusal().await, Why::Revoked, "nobody told the roll: it follows the events");
    assert_eq!(school.dial(&pc).await.refusal().await, Why::Revoked);
    assert!(school.running.collector.roll.heard().is_empty());
}

#[tokio::test]
async fn a_certificate_is_renewed_on_the_stream_and_the_new_one_speaks() {
    let school = School::open().await;
    let mut pc = school.enroll("lab1-01").await;
    let (mut line, _) = school.meet(&pc, &session(), &[]).await;
    let key = KeyPair::generate().unwrap();
    let csr_der = CertificateParams::default().serialize_request(&key).unwrap().der().to_vec();
    line.say(Said::Renewal(v1::CertificateRequest { csr_der })).await;
    let Some(from_collector::Message::Certificate(new)) = line.hear().await else { panic!("no certificate") };
    drop(line);
    let (old, _) = school.meet(&pc, &session(), &[]).await;
    drop(old);
    (pc.is.certificate_der, pc.key) = (new.certificate_der, key.serialize_der());
    let (_line, _) = school.meet(&pc, &session(), &[]).await;
}

#[tokio::test]
async fn a_certificate_with_less_than_half_its_life_is_to_be_renewed() {
    let school = School::open().await;
    let (pc, soon) = (school.enroll("lab1-01").await, Clock::system().now() + SignedDuration::from_hours(24 * 199));
    let device = (**school.view().devices.get(&pc.id()).unwrap()).clone();
    let ending = rollcall_site::device::Device { certificate_ends: soon, ..device };
    school.change(move |w| Ok(w.put(ending))).await.unwrap();
    let (mut line, _) = school.meet(&pc, &session(), &[]).await;
    let Some(from_collector::Message::Command(command)) = line.hear().await else { panic!("no command") };
    assert!(matches!(command.command, Some(v1::command::Command::Renew(_))));
}

#[tokio::test]
async fn a_lost_ca_is_not_quietly_replaced() {
    let school = School::open().await;
    school.enroll("lab1-01").await;
    let School { dir, running } = school;
    let settings = (*running.collector.settings).clone();
    running.stop().await;
    std::fs::remove_file(settings.data.join(crate::secrets::SEALED)).unwrap();
    let error = format!("{:#}", start(settings, Clock::system(), Options::default()).await.err().unwrap());
    assert!(error.contains("the agents' CA is missing, and 1 devices"), "{error}");
    drop(dir);
}

#[tokio::test]
async fn the_collector_tells_its_streams_when_it_stops() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    let (mut line, _) = school.meet(&pc, &session(), &[]).await;
    let (told, ()) = tokio::join!(line.hear.message(), school.running.stop());
    assert_eq!(told.unwrap_err().code(), tonic::Code::Unavailable);
}
