//! A laptop on loan reports to the site's outside address: its health and the agreed sections, and nothing about where it is.

use crate::{titles, titles_without};
use rollcall_agent::survey::Content;
use rollcall_proto::{Section, v1};
use rollcall_tests::on_disk::{contents, holds};
use rollcall_tests::pc::Pc;
use rollcall_tests::site::TestSite;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// From where the laptop calls, as the collector's own door sees it.
const HOME: &str = "127.77.7.7";
/// What the laptop is called in the network at home.
const AT_HOME: &str = "192.168.77.13";

/// A router that forwards a port to the one whose number is set, as if from [`HOME`].
async fn router() -> (SocketAddr, Arc<AtomicU16>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, forward) = (listener.local_addr().unwrap(), Arc::new(AtomicU16::new(0)));
    let to = Arc::clone(&forward);
    let task = tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((mut inside, _)) = listener.accept().await {
            let door = SocketAddr::from(([127, 0, 0, 1], to.load(Ordering::Relaxed)));
            connections.spawn(async move {
                let socket = TcpSocket::new_v4()?;
                socket.bind(format!("{HOME}:0").parse().unwrap())?;
                let mut outside = socket.connect(door).await?;
                tokio::io::copy_bidirectional(&mut inside, &mut outside).await
            });
        }
    });
    (address, forward, task)
}

fn links(address: &str) -> Content {
    let link = v1::Link { name: "wlan0".into(), state: "up".into(), addresses: vec![format!("{address}/24")], ..v1::Link::default() };
    Content::of(&Section::Links(v1::Links { links: vec![link], gateway: "192.168.77.1".into(), ..v1::Links::default() }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_on_loan_reports_from_home_and_nothing_tells_where_that_is() {
    let mut site = TestSite::start().await.unwrap();
    let (outside, forward, _router) = router().await;
    let door = site.open_outside(outside.to_string()).await.unwrap();
    forward.store(door.port(), Ordering::Relaxed);
    let agent = site.enroll("LT-05", &Pc::new(5, "laptop"), titles()).await.unwrap();
    assert_eq!(agent.identity().unwrap().addresses, [site.ports().agents.to_string(), outside.to_string()], "inside first");

    let desk = site.desk().unwrap();
    std::fs::write(site.place("people.csv"), "id,name\nS1001,Ana Ruiz\n").unwrap();
    desk.json(&["person", "import", &site.place("people.csv").to_string_lossy(), "--yes"]).await.unwrap();
    desk.json(&["loan", "out", "LT-05", "S1001", "--override", "a story"]).await.unwrap();
    let held = |site: &TestSite, name: &str| {
        let view = site.collector().unwrap().keeper.view();
        let (_, profile) = view.profiles.iter().next().unwrap();
        profile.sections.get(name).and_then(|section| section.digest)
    };
    let (links_before, software_before) = (held(&site, "links"), held(&site, "software"));

    // At home nobody answers at the inside address.
    site.move_inside().await.unwrap();
    let shown = site.device_until("LT-05", "is off site", |device| device["note"].to_string().contains("off site")).await.unwrap();
    assert_eq!(shown["presence"], "away");
    assert!(shown["note"].as_str().unwrap().starts_with("lent to S1001, off site, heard "), "{}", shown["note"]);
    site.event_until("device.off-site").await.unwrap();
    let words = desk.run(&["device", "LT-05"]).await.unwrap().out;
    assert!(words.contains("off site"), "{words}");

    agent.change(|machine| {
        machine.put("links", links(AT_HOME));
        machine.put("software", titles_without("gimp"));
    });
    site.event_until("section.changed").await.unwrap();
    desk.found(&["device", "rescan", "LT-05"]).await.unwrap();
    assert!(held(&site, "software") != software_before, "software is agreed");
    assert_eq!(held(&site, "links"), links_before, "where it is, is not");

    // It has learned where the collector is now.
    assert_eq!(agent.identity().unwrap().addresses, [site.ports().agents.to_string(), outside.to_string()]);
    // On its way back it changes networks; a restart of the router cuts the call from home.
    agent.change(|machine| machine.put("links", links("10.20.0.5")));
    _router.abort();
    site.presence_until("LT-05", "here").await.unwrap();
    site.until("/devices/LT-05", "its links are told again", |_| held(&site, "links") != links_before).await.unwrap();
    site.pause().await.unwrap();
    let contents = contents(&site.data()).unwrap();
    assert!(holds(&contents, "LT-05").is_some(), "what is there is found, or nothing was looked at");
    for secret in [HOME, AT_HOME] {
        assert_eq!(holds(&contents, secret), None, "{secret}");
    }
}
