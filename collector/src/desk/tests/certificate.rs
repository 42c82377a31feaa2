//! A web certificate of the site's own, brought on the page; and what the page says of the built-in one.

use super::{TestDesk, new};
use crate::desk::{address, tls};
use axum::http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rollcall_site::UserName;
use rollcall_site::access::Role;

/// The desk's own certificate and its CA, and the key: as an authority would give them.
fn made(name: &str) -> (String, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
    (leaf.pem() + &ca.pem(), key.serialize_pem())
}

async fn admin(test: &TestDesk) -> String {
    let cookie = test.cookie(Role::Admin).await;
    test.desk.passwords.keep(&UserName::parse("admin").unwrap(), "four plain words".to_owned()).await.unwrap();
    cookie
}

fn form(chain: &str, key: &str, own: &str) -> String {
    format!("chain={}&key={}&own={own}", address::encoded(chain), address::encoded(key))
}

#[tokio::test]
async fn a_certificate_is_checked_sealed_and_used_and_its_key_is_never_shown() {
    let test = new().await;
    let cookie = admin(&test).await;
    let collector = &test.desk.collector;
    tls::config(collector).unwrap();
    let page = test.get("/certificate", &cookie).await.text;
    assert!(page.contains("Built-in") && page.contains("/certificate/ca.crt"), "{page}");
    let ca = test.get("/certificate/ca.crt", &test.cookie(Role::Teacher).await).await;
    assert!(ca.text.starts_with("-----BEGIN CERTIFICATE-----") && !ca.text.contains("PRIVATE"), "{}", ca.text);

    let ((chain, key), (_, other)) = (made("desk.school"), made("desk.school"));
    for (chain, key, words) in [
        (chain.as_str(), other.as_str(), "belongs to another certificate"),
        (made("elsewhere.example").0.as_str(), key.as_str(), "belongs to another certificate"),
        ("rubbish", key.as_str(), "There is no certificate"),
    ] {
        assert_eq!(test.post("/certificate", &cookie, &form(chain, key, "four+plain+words")).await.to, "/certificate");
        let page = test.get("/certificate", &cookie).await.text;
        assert!(page.contains(words) && page.contains("Built-in"), "{page}");
    }
    let (elsewhere, fitting) = made("elsewhere.example");
    test.post("/certificate", &cookie, &form(&elsewhere, &fitting, "four+plain+words")).await;
    assert!(test.get("/certificate", &cookie).await.text.contains("you opened this page as desk.school"));

    for (chain, key) in [(chain.clone(), key.as_str()), (format!("{chain}{key}"), "")] {
        let wrong = test.post("/certificate", &cookie, &form(&chain, key, "guess")).await;
        assert!(wrong.status == StatusCode::FORBIDDEN && !wrong.text.contains("PRIVATE KEY"), "{}", wrong.text);
    }
    test.post("/certificate", &cookie, &form(&chain, &key, "four+plain+words")).await;
    let page = test.get("/certificate", &cookie).await.text;
    assert!(page.contains("The certificate fits and is used") && page.contains("Your own") && page.contains("desk.school"), "{page}");
    assert!(!page.contains("PRIVATE KEY-----\n") && !page.contains(key.lines().nth(1).unwrap()), "{page}");
    tls::config(collector).unwrap();
    let shown = tls::shown(&collector.settings, &collector.secrets).unwrap();
    assert!(shown.is_brought() && shown.chain().len() == 2);
    assert_ne!(tls::pin(&collector.settings, &collector.secrets).unwrap(), None);
    let sealed = std::fs::read_to_string(collector.folder.dir().join(crate::secrets::SEALED)).unwrap_or_default();
    assert!(!sealed.contains(key.lines().nth(1).unwrap()));

    assert_eq!(test.post("/certificate/remove", &cookie, "").await.to, "/certificate");
    assert!(test.get("/certificate", &cookie).await.text.contains("Built-in"));
    let kinds: Vec<String> = collector.keeper.store().history(None, 50).unwrap().into_iter().map(|event| event.kind).collect();
    assert!(["certificate.set", "certificate.removed"].iter().all(|kind| kinds.iter().any(|known| known == kind)), "{kinds:?}");
}
