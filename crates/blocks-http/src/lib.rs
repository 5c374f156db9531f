//! The blocks endpoints of the X API over HTTP.
//!
//! [`HttpApi`] implements [`BlocksApi`](blocks_ports::BlocksApi) and
//! [`UsersApi`](blocks_ports::UsersApi): one call is one request, nothing is tried again, and every
//! answer becomes either a value or a typed [`ApiError`](blocks_ports::ApiError) that knows its
//! remedy. Waiting, retrying and budgets are decorators over the ports, in `blocks-app`.
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

mod answer;
mod api;
mod builder;
mod client;
mod headers;
mod redact;
mod refusal;
mod url;

pub use builder::{BuildError, HttpApiBuilder, Timeouts};
pub use client::HttpApi;
