//! Who may use the control interface and the page for people.

use std::net::{IpAddr, SocketAddr};

use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::Complaint;

/// Lets in whoever is on this machine, where the server listens there alone, and otherwise
/// whoever holds the control token.
///
/// A program on this machine may do as it likes. A web page in a browser on this machine may not:
/// it gives itself away by its origin, or by the name under which it reached the server, which is
/// not this machine's where a page has its own name lead here.
#[derive(Debug)]
pub(in crate::server) struct Guard {
    token: Option<SecretString>,
}

impl Guard {
    /// The guard of a server that listens at an address, with a new token unless only this
    /// machine reaches it.
    pub(in crate::server) fn of(address: SocketAddr) -> Self {
        let token = || URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>()).into();
        Self { token: (!is_loopback(address.ip())).then(token) }
    }

    /// The control token; `None` where there is no need of one.
    pub(in crate::server) const fn token(&self) -> Option<&SecretString> {
        self.token.as_ref()
    }

    /// Lets a program in.
    pub(super) fn admit(&self, head: &Parts) -> Result<(), Complaint> {
        match &self.token {
            Some(token) if !bearer(head).is_some_and(|given| is_same(given, token)) => {
                let message = "the control interface needs the header `Authorization: Bearer` with \
                               the control token, which the sandbox told when it started";
                return Err(Complaint::new(401, message));
            }
            Some(_) => {}
            None => check_host(head)?,
        }
        let origin = text(head, &header::ORIGIN).map(|origin| host(head) == http_host(origin));
        let site = text(head, &HeaderName::from_static("sec-fetch-site"));
        if origin == Some(false) || site.is_some_and(|s| s != "same-origin" && s != "none") {
            let message = "a web page of another origin may not use the control interface";
            return Err(Complaint::new(403, message));
        }
        Ok(())
    }

    /// Lets in a person with a browser, which asks for the token as a password. What such a page
    /// shows no other site can read, so that it does not matter which one leads here.
    pub(in crate::server) fn admit_reader(&self, head: &Parts) -> Result<(), Complaint> {
        let Some(token) = &self.token else { return check_host(head) };
        let given = bearer(head).map(str::to_owned).or_else(|| password(head));
        if given.is_some_and(|given| is_same(&given, token)) {
            return Ok(());
        }
        Err(Complaint::new(401, "this page needs the control token as a password"))
    }
}

/// Checks that a request names this machine, and not a name that somebody made to lead here.
fn check_host(head: &Parts) -> Result<(), Complaint> {
    let is_here = host(head).is_some_and(|authority| {
        let name = authority.host();
        let ip = name.trim_start_matches('[').trim_end_matches(']').parse();
        name.eq_ignore_ascii_case("localhost") || ip.is_ok_and(is_loopback)
    });
    if is_here {
        return Ok(());
    }
    let message = "this sandbox is for this machine alone: the header `Host` must name localhost \
                   or a loopback address";
    Err(Complaint::new(403, message))
}

/// The server as a request names it.
pub(in crate::server) fn host(head: &Parts) -> Option<Authority> {
    let of_uri = head.uri.authority().cloned();
    of_uri.or_else(|| text(head, &header::HOST)?.parse().ok())
}

fn http_host(origin: &str) -> Option<Authority> {
    origin.strip_prefix("http://")?.parse().ok()
}

/// The value of a header that is there; not a value where it is there twice or is no text.
fn text<'a>(head: &'a Parts, name: &HeaderName) -> Option<&'a str> {
    let mut values = head.headers.get_all(name).iter();
    let first = values.next()?;
    Some(if values.next().is_none() { first.to_str().unwrap_or_default() } else { "" })
}

fn bearer(head: &Parts) -> Option<&str> {
    crate::server::bearer(&head.headers)
}

/// The password of an `Authorization: Basic` header.
fn password(head: &Parts) -> Option<String> {
    let (scheme, encoded) = text(head, &header::AUTHORIZATION)?.split_once(' ')?;
    let pair =
        STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"));
    let pair = String::from_utf8(pair?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Compares in a time that says nothing about where two texts differ.
fn is_same(given: &str, token: &SecretString) -> bool {
    let code = |text: &str| {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(text.as_bytes()).ok()?;
        Some(mac.chain_update(b"control token").finalize())
    };
    code(given).zip(code(token.expose_secret())).is_some_and(|(given, token)| given == token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&str, &str)]) -> Parts {
        let request = axum::http::Request::builder().uri("/sandbox/meter");
        let all = headers.iter().fold(request, |all, (name, value)| all.header(*name, *value));
        all.body(()).expect("a request").into_parts().0
    }

    fn guard(address: &str) -> Guard {
        Guard::of(address.parse().expect("an address"))
    }

    fn status(guard: &Guard, headers: &[(&str, &str)]) -> Option<u16> {
        guard.admit(&head(headers)).err().map(|complaint| complaint.status)
    }

    #[test]
    fn this_machine_is_let_in_by_its_own_names() {
        let guard = guard("127.0.0.1:80");
        assert!(guard.token().is_none());
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:80", "127.9.9.9", "[::1]:80"] {
            assert_eq!(status(&guard, &[("host", host)]), None, "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1"]
        {
            assert_eq!(status(&guard, &[("host", host)]), Some(403), "{host}");
        }
        assert_eq!(status(&guard, &[]), Some(403), "no name at all");
        assert_eq!(status(&guard, &[("host", "localhost"), ("host", "localhost")]), Some(403));
    }

    #[test]
    fn pages_of_other_origins_are_not_let_in() {
        let guard = guard("127.0.0.1:80");
        let told = |name, value| status(&guard, &[("host", "localhost:80"), (name, value)]);
        assert_eq!(told("origin", "http://localhost:80"), None);
        assert_eq!(told("sec-fetch-site", "same-origin"), None);
        assert_eq!(told("sec-fetch-site", "none"), None);
        for origin in ["null", "http://localhost:81", "https://localhost:80", "http://evil.example"]
        {
            assert_eq!(told("origin", origin), Some(403), "{origin}");
        }
        for site in ["cross-site", "same-site", ""] {
            assert_eq!(told("sec-fetch-site", site), Some(403), "{site}");
        }
    }

    #[test]
    fn elsewhere_the_token_decides() {
        let guard = guard("0.0.0.0:80");
        let token = guard.token().expect("a token").expose_secret().to_owned();
        assert!(token.len() >= 32);
        assert_ne!(token, self::guard("0.0.0.0:80").token().expect("a token").expose_secret());
        let with =
            |value: &str| status(&guard, &[("host", "blocks.example"), ("authorization", value)]);
        assert_eq!(with(&format!("Bearer {token}")), None);
        assert_eq!(with(&format!("Bearer {token}x")), Some(401));
        assert_eq!(with("Bearer "), Some(401));
        let basic = format!("Basic {}", STANDARD.encode(format!("me:{token}")));
        assert_eq!(with(&basic), Some(401), "a browser sends it by itself, so it proves nothing");
        assert_eq!(status(&guard, &[("host", "localhost")]), Some(401));
        let reader = |value: &str| guard.admit_reader(&head(&[("authorization", value)])).is_ok();
        assert!(reader(&basic) && reader(&format!("Bearer {token}")));
        assert!(!reader("Basic eDp5"));
    }
}
