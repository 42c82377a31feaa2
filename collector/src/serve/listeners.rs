//! The doors of a collector, bound before anything is served.

use crate::desk;
use crate::settings::Settings;
use anyhow::Context;
use std::net::SocketAddr;
use tokio::net::{TcpListener, UnixListener};

/// Every door, bound before anything is served: a start that fails has answered nobody.
pub(super) struct Listeners {
    pub agents: TcpListener,
    pub outside: Option<TcpListener>,
    pub enroll: TcpListener,
    pub desk: TcpListener,
    pub metrics: TcpListener,
    pub socket: UnixListener,
}

impl Listeners {
    pub async fn bind(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self {
            agents: bind(settings.agents, "agents").await?,
            outside: match &settings.outside {
                Some(outside) => Some(bind(outside.listen, "outside-listen").await?),
                None => None,
            },
            enroll: bind(settings.enroll, "enroll").await?,
            desk: bind(settings.desk, "desk").await?,
            metrics: bind(settings.metrics, "metrics").await?,
            socket: desk::socket::bind(&settings.socket()).await?,
        })
    }
}

async fn bind(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("can't listen on {address}; is another collector running? choose another address with --{option}"))
}
