//! The client's address, for limits alone: never logged, never stored.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts as Head},
};

use super::App;

/// The socket's peer; behind a trusted proxy, the last address of `X-Forwarded-For` that isn't one of the proxies.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Head, app: &App) -> Result<Self, Infallible> {
        let peer = head
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        Ok(Self(client(peer, &head.headers, &app.trusted_proxies)))
    }
}

fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contains(&peer) {
        return peer;
    }
    let mut nearest = peer;
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for text in forwarded.iter().rev() {
        let Ok(address) = text.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = address.to_canonical();
        if !trusted.contains(&nearest) {
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_its_own_word() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxy = ip("10.0.0.1");
        let forged = forwarded(&["1.1.1.1, 2.2.2.2"]);
        assert_eq!(client(ip("9.9.9.9"), &forged, &[proxy]), ip("9.9.9.9"));
        assert_eq!(client(proxy, &forged, &[proxy]), ip("2.2.2.2"));
        let two = forwarded(&["1.1.1.1", "2.2.2.2, 10.0.0.1"]);
        assert_eq!(client(proxy, &two, &[proxy]), ip("2.2.2.2"));
        assert_eq!(client(proxy, &forwarded(&["junk"]), &[proxy]), proxy);
        assert_eq!(client(proxy, &forwarded(&[]), &[proxy]), proxy);
    }
}
