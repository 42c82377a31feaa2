//! The beginning of a conversation: one hello in time, and a welcome or a refusal.

use crate::agents::attend::refuse;
use crate::agents::conversation::{Conversation, LOOK_AGAIN, Met, Parting, protocol, schedule};
use crate::agents::pending::Pending;
use crate::agents::roll::Order;
use crate::agents::translate;
use crate::agents::watch::half_over;
use jiff::SignedDuration;
use rollcall_proto::v1;
use rollcall_proto::v1::from_agent::Message as Said;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::refusal::Why;
use rollcall_site::attend::{Greeting, Hello, Met as Came};
use rollcall_site::off_site::{SECTIONS, Side};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::timeout;
use tonic::Streaming;

/// How long a stream may be open without a hello.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

impl Conversation {
    /// Waits for the hello, lets the site judge it, and welcomes the device.
    pub(super) async fn greet(&self, words: &mut Streaming<v1::FromAgent>) -> Result<Met, Parting> {
        let word = tokio::select! {
            () = self.door.stop.cancelled() => return Err(Parting::Stopping),
            word = timeout(HELLO_WITHIN, words.message()) => word,
        };
        let said = match word {
            Err(_) => return Err(protocol(format!("no hello within {} s", HELLO_WITHIN.as_secs()))),
            Ok(Err(_) | Ok(None)) => return Err(Parting::Broken),
            Ok(Ok(Some(v1::FromAgent { message: Some(Said::Hello(said)) }))) => said,
            Ok(Ok(Some(_))) => return Err(protocol("hello must be said first")),
        };
        let hello = Hello { side: self.caller.side, ..translate::hello(said)? };
        let (nonce, now) = (nonce()?, self.now());
        if let Some(wait) = self.door.paces.hello(self.device, now) {
            return Err(Parting::Refused(refuse(Why::Busy, format!("hello was said too often; come back in {} s", wait.as_secs() + 1))));
        }
        let _arriving = self.door.roll().arrive(self.device);
        let greeting = self.judge(hello.clone(), translate::hex(&nonce)).await?;

        let heartbeat = SignedDuration::from_millis(i64::from(greeting.heartbeat_ms));
        let (stream, orders) = self.door.roll().join(self.device, heartbeat, hello.fingerprint.clone(), self.now());
        let off_ms = hello.clock_ms.saturating_sub(now.as_millisecond());
        match self.caller.side {
            Side::Inside => {
                tracing::info!(device.id = %self.device, address = %self.caller.address, host_name = %hello.host_name, "a device is here");
            }
            Side::Outside => tracing::info!(device.id = %self.device, host_name = %hello.host_name, "a device reports from off site"),
        }
        let met = Met {
            stream,
            orders,
            session: hello.session,
            off_ms,
            acknowledged: greeting.acknowledged,
            pending: Pending::default(),
            hoped: Vec::new(),
            look_again: tokio::time::Instant::now() + LOOK_AGAIN,
            settled: self.door.claims.settled(),
            reminded: None,
            renewals: 0,
            clock_sets: 0,
            last_command: 0,
            asked: HashMap::new(),
            diagnosing: None,
            reporting: Vec::new(),
        };
        self.welcome(&met, &greeting, nonce).await?;
        Ok(met)
    }

    async fn judge(&self, hello: Hello, nonce: String) -> Result<Greeting, Parting> {
        let (device, certificate) = (self.device, self.certificate.clone());
        let keeper = &self.door.collector.keeper;
        let change = keeper.change(self.actor(), move |w| rollcall_site::attend::hello(w, device, &certificate, &hello, nonce));
        match change.await {
            Ok(Came::Welcome(greeting)) => Ok(greeting),
            Ok(Came::Clone(text)) => {
                self.door.roll().close(device);
                Err(Parting::Refused(refuse(Why::Clone, text)))
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    async fn welcome(&self, met: &Met, greeting: &Greeting, nonce: [u8; 16]) -> Result<(), Parting> {
        let roll = self.door.roll();
        let welcome = v1::Welcome {
            session: met.session.clone(),
            acknowledged: greeting.acknowledged,
            nonce: nonce.to_vec(),
            schedule: Some(schedule(greeting.heartbeat_ms)),
            clock_ms: self.now().as_millisecond(),
            epoch: greeting.epoch,
            addresses: self.door.addresses(&self.caller),
            off_site: (self.caller.side == Side::Outside)
                .then(|| v1::OffSite { sections: SECTIONS.iter().map(|name| (*name).to_owned()).collect() }),
        };
        let said = self.out.say(Told::Welcome(welcome)).await;
        if said.is_err() {
            roll.leave(self.device, met.stream, crate::agents::roll::Ended::Broken, self.now());
        }
        let view = self.door.view();
        if view.devices.get(&self.device).is_some_and(|device| half_over(device.certificate_ends, self.now())) {
            // A stream that has just joined has room for an order.
            let _full = roll.order(self.device, Order::Renew);
        }
        said
    }
}

fn nonce() -> Result<[u8; 16], Parting> {
    let mut nonce = [0; 16];
    let random = getrandom::fill(&mut nonce);
    random.map(|()| nonce).map_err(|_| Parting::Refused(refuse(Why::Busy, "the collector's system gives no random bytes; come back later")))
}
