//! Key, certificate and addresses of a running agent: how they are renewed and followed.

use super::{Keeping, Running};
use crate::identity::{Identity, Key};
use crate::renew::{self, RenewError};
use crate::session::Event;
use crate::state::State;
use rollcall_proto::v1::Certificate;

/// Longest address taken from a collector, characters.
const ADDRESS_LIMIT: usize = 260;

impl Running {
    pub(super) fn follow(&mut self, addresses: Vec<String>) {
        let addresses: Vec<String> = addresses.into_iter().filter(|address| is_address(address)).collect();
        if !addresses.is_empty() && addresses != self.identity.addresses {
            tracing::info!(collector.addresses = addresses.join(" "), "the collector can be reached elsewhere from now on");
            self.identity.addresses = addresses;
            self.with_state("the addresses are not remembered", State::save_identity);
        }
    }

    pub(super) fn make_request(&mut self) {
        match Key::generate().and_then(|key| Ok((key.request()?, key))) {
            Ok((request, key)) => {
                self.new_key = Some(key);
                self.take(Event::RequestMade(request));
            }
            Err(error) => tracing::warn!(error = %error, "the certificate is not renewed"),
        }
    }

    pub(super) fn install(&mut self, certificate: Certificate) {
        let Some(key) = self.new_key.take() else { return };
        match self.identity.renewed(&key, certificate.certificate_der) {
            Ok(renewed) => self.adopt(renewed),
            Err(error) => tracing::warn!(error = %error, "the new certificate is not taken; the old one serves"),
        }
    }

    pub(super) fn renew_lapsed(&mut self, doors: Vec<String>) {
        tracing::warn!("the certificate has lapsed; it is renewed by its key");
        let doors = doors.into_iter().filter(|door| is_address(door)).collect();
        let (identity, time) = (self.identity.clone(), self.time.clone());
        self.renewal = Some(Box::pin(async move { renew::renew(&identity, doors, time).await }));
    }

    pub(super) fn on_renewed(&mut self, renewed: Result<Identity, RenewError>) {
        match renewed {
            Ok(renewed) => self.adopt(renewed),
            Err(error) => {
                tracing::warn!(error = %error, "the lapsed certificate is not renewed; it is tried again after the next call");
                self.status.trouble = Some(format!("the certificate has lapsed and could not be renewed: {error}"));
                self.take(Event::Wake);
            }
        }
    }

    /// Goes on with a new key and certificate, once they are kept.
    pub(super) fn adopt(&mut self, renewed: Identity) {
        if let Keeping::State(state) = &self.keeping
            && let Err(error) = state.save_identity(&renewed)
        {
            return tracing::warn!(error = %error, "the new certificate cannot be kept; the old one serves");
        }
        tracing::info!("the certificate was renewed");
        self.take(Event::Installed(renewed.renew_at_ms()));
        self.identity = renewed;
    }
}

fn is_address(text: &str) -> bool {
    text.len() <= ADDRESS_LIMIT && text.contains(':')
}
