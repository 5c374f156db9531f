//! Asking whether the server is there, without a sign-in.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use blocks_ports::BoxError;
use jiff::Timestamp;
use reqwest::Method;
use rustls::CertificateError;

use crate::HttpApi;
use crate::answer::Answer;
use crate::redact::Secrets;

impl HttpApi {
    /// Asks the server whether it is there, with one request that carries no credential.
    ///
    /// X refuses such a request (401) and bills nothing for it. No credential is asked for, so
    /// this works before anybody is signed in.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use blocks_http::{HttpApi, Unreachable};
    /// use blocks_ports::{Credential, FixedCredential};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let unused = Arc::new(FixedCredential::new(Credential::bearer("s3cret")));
    /// let api = HttpApi::builder("main".parse()?, unused).api_url("http://127.0.0.1:1").build()?;
    /// match api.probe().await {
    ///     Ok(probe) => println!("it is there, and its time is {:?}", probe.date),
    ///     Err(Unreachable::Connection { host, .. }) => println!("nobody answers at {host}"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// There is no X API at the address, or no way to it.
    pub async fn probe(&self) -> Result<Probe, Unreachable> {
        let url = self.connection.api_url.path("/2/users/me");
        let host = self.connection.api_url.host().to_owned();
        let request = self.connection.request(Method::GET, url).build();
        let began = Instant::now();
        let response = match request {
            Ok(request) => self.connection.execute(request).await,
            Err(error) => Err(error),
        };
        let response = response.map_err(|error| Unreachable::of(error.without_url(), host))?;
        let elapsed = began.elapsed();
        let nothing = Secrets::default();
        let answer = Answer::receive(response, self.connection.max_body, &nothing).await;
        Probe::read(&answer, elapsed)
    }
}

/// A server that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// The status of its answer: 401, unless it has trouble of its own.
    pub status: u16,
    /// The server's time, where it told it.
    pub date: Option<Timestamp>,
    /// How long it took until the answer began.
    pub elapsed: Duration,
}

impl Probe {
    fn read(answer: &Answer<'_>, elapsed: Duration) -> Result<Self, Unreachable> {
        // 511 is the status by which a network asks for a login of its own (RFC 6585).
        let is_trouble = answer.status.is_server_error() && answer.status.as_u16() != 511;
        if answer.is_json() || is_trouble {
            let status = answer.status.as_u16();
            return Ok(Self { status, date: answer.date(), elapsed });
        }
        let points_to = answer.points_to.as_ref().map(|host| format!(", which points to {host}"));
        Err(Unreachable::Foreign {
            host: answer.host.clone(),
            status: answer.status.as_u16(),
            what: format!("{}{}", answer.content_type(), points_to.unwrap_or_default()),
        })
    }
}

/// Why a server cannot be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// The name of the host leads nowhere: there is no network, or the name is wrong.
    #[error("the address of {host} cannot be found")]
    #[non_exhaustive]
    Name {
        /// The host.
        host: String,
        /// Why.
        source: BoxError,
    },
    /// Nobody takes the connection.
    #[error("there is no connection to {host}")]
    #[non_exhaustive]
    Connection {
        /// The host.
        host: String,
        /// Why.
        source: BoxError,
    },
    /// The connection cannot be encrypted, or not to whom it should.
    #[error("the connection to {host} is not secure: {trouble}")]
    #[non_exhaustive]
    Tls {
        /// The host.
        host: String,
        /// What is wrong.
        trouble: TlsTrouble,
        /// The words of the TLS library.
        source: BoxError,
    },
    /// Nothing came in time.
    #[error("{host} does not answer in time")]
    #[non_exhaustive]
    Timeout {
        /// The host.
        host: String,
        /// Why.
        source: BoxError,
    },
    /// The connection stood, and broke before an answer came.
    #[error("the connection to {host} broke before an answer came")]
    #[non_exhaustive]
    Broken {
        /// The host.
        host: String,
        /// Why.
        source: BoxError,
    },
    /// Something answered that is not the X API, such as the login page of a network.
    #[error("what answers at {host} is not the X API: {what} (status {status})")]
    #[non_exhaustive]
    Foreign {
        /// The host.
        host: String,
        /// The status of the answer.
        status: u16,
        /// What the answer is, fit to be shown.
        what: String,
    },
}

/// What is wrong with an encrypted connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsTrouble {
    /// The certificate is not valid yet; often the clock of this machine is late.
    NotYetValid,
    /// The certificate has expired; often the clock of this machine is early.
    Expired,
    /// The certificate is of another host, or of an authority that is not trusted here.
    Untrusted,
    /// Anything else, such as a server that speaks no TLS.
    Other,
}

impl fmt::Display for TlsTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotYetValid => "its certificate is not valid yet by the clock of this machine",
            Self::Expired => "its certificate has expired by the clock of this machine",
            Self::Untrusted => "its certificate is not trusted here",
            Self::Other => "TLS fails",
        })
    }
}

impl Unreachable {
    fn of(error: reqwest::Error, host: String) -> Self {
        let trouble = find::<rustls::Error>(&error).map(TlsTrouble::of).or_else(|| {
            // A server that hangs up in the middle of the handshake leaves no error of TLS itself.
            let mut causes = chain(&error);
            let hung_up = causes.any(|cause| cause.to_string() == "tls handshake eof");
            hung_up.then_some(TlsTrouble::Other)
        });
        let is_nameless = chain(&error).any(|cause| cause.to_string().starts_with("dns error"));
        let (is_timeout, is_connect) = (error.is_timeout(), error.is_connect());
        let source = error.into();
        match trouble {
            Some(trouble) => Self::Tls { host, trouble, source },
            None if is_timeout => Self::Timeout { host, source },
            None if is_nameless => Self::Name { host, source },
            None if is_connect => Self::Connection { host, source },
            None => Self::Broken { host, source },
        }
    }
}

impl TlsTrouble {
    fn of(error: &rustls::Error) -> Self {
        use CertificateError as Certificate;
        match error {
            rustls::Error::InvalidCertificate(error) => match error {
                Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                Certificate::Expired | Certificate::ExpiredContext { .. } => Self::Expired,
                _ => Self::Untrusted,
            },
            _ => Self::Other,
        }
    }
}

/// An error of a type among an error and its causes.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(<dyn Error>::downcast_ref)
}

/// An error and its causes, with those that an I/O error wraps and does not tell as its source.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|error| error as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_outside_its_time_is_told_apart_since_clocks_are_often_wrong() {
        for (error, expected) in [
            (CertificateError::NotValidYet, TlsTrouble::NotYetValid),
            (CertificateError::Expired, TlsTrouble::Expired),
            (CertificateError::UnknownIssuer, TlsTrouble::Untrusted),
            (CertificateError::NotValidForName, TlsTrouble::Untrusted),
        ] {
            let error = rustls::Error::InvalidCertificate(error);
            assert_eq!(TlsTrouble::of(&error), expected);
        }
        let error = rustls::Error::HandshakeNotComplete;
        assert_eq!(TlsTrouble::of(&error), TlsTrouble::Other);
    }

    #[test]
    fn the_cause_is_found_however_deep_io_errors_wrap_it() {
        let inner = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        let outer = io::Error::other(inner);
        assert_eq!(find::<rustls::Error>(&outer), Some(&rustls::Error::DecryptError));
        assert!(find::<fmt::Error>(&outer).is_none());
    }
}
