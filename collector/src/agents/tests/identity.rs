//! Who somebody is, over real doors: lapsed certificates, resumed sessions, raced tokens.

use super::*;
use rcgen::SigningKey;
use rollcall_proto::renewal_statement;
use rollcall_proto::v1::{ChallengeRequest, RenewRequest, RenewResponse};
use rollcall_site::device::Device;
use rustls::HandshakeKind;
use v1::refusal::Why;

impl School {
    /// Lets a PC's certificate have lapsed `days` ago.
    async fn lapse(&self, pc: &mut Pc, days: i64) {
        let (_, authority) = self.authority();
        let key = KeyPair::try_from(pc.key.as_slice()).unwrap();
        let csr = CertificateParams::default().serialize_request(&key).unwrap();
        let issued = authority.sign(csr.der(), pc.id(), Clock::system().now() - SignedDuration::from_hours(24 * (400 + days))).unwrap();
        pc.is.certificate_der = issued.der;
        let device = (**self.view().devices.get(&pc.id()).unwrap()).clone();
        let lapsed = Device { certificate: issued.sha256, certificate_ends: issued.ends, ..device };
        self.change(move |w| Ok(w.put(lapsed))).await.unwrap();
    }

    /// Asks for a renewal that `spoil` may have spoiled; gives the new key too.
    async fn renew(&self, pc: &Pc, spoil: impl FnOnce(&mut RenewRequest)) -> Result<(RenewResponse, Vec<u8>), Status> {
        let (_, authority) = self.authority();
        let tls = trusting(authority.ca()).with_no_client_auth();
        let stream = shake_hands(self.running.enroll, tls, &authority.enroll_name()).await.unwrap();
        let mut client = EnrollmentClient::new(channel(stream).await);
        let nonce = client.challenge(ChallengeRequest {}).await?.into_inner().nonce;
        let key = KeyPair::generate().unwrap();
        let csr_der = CertificateParams::default().serialize_request(&key).unwrap().der().to_vec();
        let certificate_der = pc.is.certificate_der.clone();
        let statement = renewal_statement(&certificate_der, &nonce, &csr_der);
        let signature = KeyPair::try_from(pc.key.as_slice()).unwrap().sign(&statement).unwrap();
        let mut request = RenewRequest { certificate_der, nonce, csr_der, signature };
        spoil(&mut request);
        Ok((client.renew(request).await?.into_inner(), key.serialize_der()))
    }
}

#[tokio::test]
async fn a_lapsed_certificate_is_told_where_to_renew_and_renews_by_its_key() {
    let school = School::open().await;
    let mut pc = school.enroll("lab1-01").await;
    school.lapse(&mut pc, 10).await;
    let mut line = school.dial(&pc).await;
    let Some(from_collector::Message::Refusal(refusal)) = line.hear().await else { panic!("no refusal") };
    assert_eq!((refusal.why(), refusal.enrolment), (Why::Lapsed, vec![school.running.enroll.to_string()]));

    let (answer, key) = school.renew(&pc, |_| ()).await.unwrap();
    assert_eq!(answer.addresses, [school.running.agents.to_string()]);
    assert!(school.happened("device.renewed"));
    (pc.is.certificate_der, pc.key) = (answer.certificate_der, key);
    let (_line, _) = school.meet(&pc, &session(), &[]).await;
}

#[tokio::test]
async fn nobody_renews_without_the_key_the_challenge_or_the_right() {
    let school = School::open().await;
    let (mut pc, mut old, mut revoked) = (school.enroll("lab1-01").await, school.enroll("lab1-02").await, school.enroll("lab1-03").await);
    school.lapse(&mut pc, 10).await;
    school.lapse(&mut old, 401).await;
    school.lapse(&mut revoked, 10).await;
    let device = revoked.id();
    school.change(move |w| rollcall_site::enroll::revoke(w, device)).await.unwrap();
    let other_key = KeyPair::generate().unwrap();
    type Spoil = Box<dyn Fn(&mut RenewRequest)>;
    let spoils: [(&str, Spoil); 6] = [
        ("challenge", Box::new(|r| r.nonce = vec![0; 56])),
        ("challenge", Box::new(|r| r.nonce.clear())),
        ("signature", Box::new(|r| r.signature.clear())),
        (
            "signature",
            Box::new(move |r| {
                r.signature = other_key.sign(&renewal_statement(&r.certificate_der, &r.nonce, &r.csr_der)).unwrap();
            }),
        ),
        (
            "signature",
            Box::new(|r| r.csr_der = CertificateParams::default().serialize_request(&KeyPair::generate().unwrap()).unwrap().der().to_vec()),
        ),
        ("does not know", Box::new(|r| r.certificate_der[40] ^= 1)),
    ];
    for (want, spoil) in spoils {
        let refused = school.renew(&pc, spoil).await.err().unwrap();
        assert!(refused.code() == tonic::Code::PermissionDenied && refused.message().contains(want), "{want}: {refused:?}");
    }
    assert!(school.renew(&old, |_| ()).await.err().unwrap().message().contains("enrol it anew"));
    assert!(school.renew(&revoked, |_| ()).await.is_err());
    assert_eq!(school.dial(&revoked).await.refusal().await, Why::Revoked, "revoked comes before lapsed");
}

#[tokio::test]
async fn a_resumed_session_is_looked_up_like_any_other_and_outlives_a_restart() {
    let mut school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    let mut tls = pc.tls();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let tls = Arc::new(tls);
    let mut kinds = Vec::new();
    for round in 0..3 {
        if round == 1 {
            // The ports are new after a restart, the name that the tickets are for is not.
            school = school.restart().await;
        }
        if round == 2 {
            let device = pc.id();
            school.change(move |w| rollcall_site::enroll::revoke(w, device)).await.unwrap();
        }
        let stream = TcpStream::connect(school.running.agents).await.unwrap();
        let name = ServerName::try_from(pc.is.server_name.clone()).unwrap();
        let stream = TlsConnector::from(Arc::clone(&tls)).connect(name, stream).await.unwrap();
        kinds.push(stream.get_ref().1.handshake_kind().unwrap());
        let mut line = School::open_stream(stream).await;
        line.say(from_agent::Message::Hello(pc.hello(&session(), &[]))).await;
        match line.hear().await {
            Some(from_collector::Message::Welcome(_)) => assert!(round < 2),
            Some(from_collector::Message::Refusal(refusal)) => assert_eq!((round, refusal.why()), (2, Why::Revoked)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed]);
}

#[tokio::test]
async fn a_token_that_fifty_race_for_enrols_exactly_as_many_as_it_was_made_for() {
    for uses in [1, 7] {
        let school = Arc::new(School::open_patiently(SOON).await);
        let token = school.token_for(uses).await;
        let mut racing = tokio::task::JoinSet::new();
        for number in 0..50 {
            let (school, token) = (Arc::clone(&school), token.clone());
            racing.spawn(async move { school.try_enroll(&format!("lab1-{number:02}"), token).await.is_ok() });
        }
        let won = racing.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!((won, school.view().devices.len(), school.view().assets.len()), (uses as usize, uses as usize, uses as usize));
    }
}

#[tokio::test]
async fn a_clock_that_is_set_while_the_machine_is_here_is_noticed() {
    let school = School::open().await;
    let pc = school.enroll("lab1-01").await;
    let (line, _) = school.meet(&pc, &session(), &[]).await;
    let beat = |off: SignedDuration| {
        let at_ms = (Clock::system().now() + off).as_millisecond();
        from_agent::Message::Heartbeat(v1::Heartbeat { health: Some(v1::Health { at_ms, ..Default::default() }), ..Default::default() })
    };
    let off_ms = |school: &School| school.view().devices.get(&pc.id()).unwrap().clock_off_ms;
    line.say(beat(SignedDuration::from_hours(-48))).await;
    school.until("the clock is two days slow", |school| off_ms(school) < -47 * 3_600_000).await;
    line.say(beat(SignedDuration::ZERO)).await;
    school.until("the clock is right again", |school| off_ms(school).abs() < 60_000).await;
}
