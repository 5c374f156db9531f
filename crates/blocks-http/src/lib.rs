//! The blocks endpoints of the X API over HTTP.
//!
//! [`HttpApi`] implements [`BlocksApi`](blocks_ports::BlocksApi) and
//! [`UsersApi`](blocks_ports::UsersApi): one call is one request, and every answer becomes either a
//! value or a typed [`ApiError`](blocks_ports::ApiError) that knows its remedy. Nothing is tried
//! again, except that a token which X refuses is replaced once, if its source has a newer one.
//! Waiting, retrying and budgets are decorators over the ports, in `blocks-app`.
//!
//! It implements [`ActivityFeed`](blocks_ports::ActivityFeed) as well: each stream of events has a
//! connection of its own, may last, and ends with an error wherever X does not end it on purpose.
//! It is not opened again by itself.
//!
//! [`HttpTokenIssuer`] implements [`TokenIssuer`](blocks_ports::TokenIssuer) and
//! [`RequestTokenIssuer`](blocks_ports::RequestTokenIssuer): it signs people in with OAuth 2.0 and
//! PKCE, or with OAuth 1.0a. The module [`oauth1`] signs any request.
//!
//! ```
//! use std::sync::Arc;
//!
//! use blocks_http::HttpApi;
//! use blocks_ports::{AccountName, Credential, FixedCredential};
//!
//! let account: AccountName = "main".parse()?;
//! let token = Arc::new(FixedCredential::new(Credential::bearer("s3cret")));
//!
//! let api = HttpApi::builder(account.clone(), token.clone())
//!     .api_url("http://127.0.0.1:8080/proxy")
//!     .build()?;
//! assert!(!format!("{api:?}").contains("s3cret"));
//!
//! // A token goes in the clear to this machine alone.
//! let error = HttpApi::builder(account, token).api_url("http://api.x.com").build().unwrap_err();
//! assert!(error.to_string().contains("https"), "{error}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod activity;
mod answer;
mod api;
mod authorization;
mod builder;
mod client;
mod connection;
mod headers;
mod issuer;
pub mod oauth1;
mod probe;
mod proof;
mod receive;
mod redact;
mod refusal;
mod settings;
mod url;

pub use authorization::{AuthorizationError, AuthorizationRequest, RedirectError};
pub use builder::HttpApiBuilder;
pub use client::HttpApi;
pub use issuer::{HttpTokenIssuer, HttpTokenIssuerBuilder};
pub use probe::{Probe, TlsTrouble, Unreachable};
pub use settings::{BuildError, Timeouts};
