//! Where a file comes from: the disk, or an address.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow};
use reqwest::{Client, Response};

use crate::openapi::OpenApi;

/// How long an answer may take, in all.
const PATIENCE: Duration = Duration::from_secs(60);

/// The file of a path, or of an address with `http://` or `https://`.
///
/// # Errors
/// It cannot be had, or is no OpenAPI 3.0.
pub(super) fn load(spec: &str) -> Result<OpenApi> {
    if !spec.starts_with("http://") && !spec.starts_with("https://") {
        return OpenApi::read(Path::new(spec));
    }
    let text = fetched(spec).map_err(|why| {
        anyhow!(
            "{spec} could not be fetched: {why}; try again later, or open it in a browser, save \
             it, and name that file with --spec"
        )
    })?;
    OpenApi::parse(spec, &text)
}

/// The text behind an address, or why there is none.
fn fetched(url: &str) -> Result<String, String> {
    // An error says that there is a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let client = Client::builder().timeout(PATIENCE).build().map_err(|e| last(&e))?;
        let answer = client.get(url).send().await.map_err(|e| last(&e))?;
        if !answer.status().is_success() {
            return Err(format!("the server answered {}", answer.status()));
        }
        Response::text(answer).await.map_err(|error| last(&error))
    })
}

/// What lies at the bottom of an error; what is above it only repeats the address.
fn last(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("there was no answer within {} s", PATIENCE.as_secs());
    }
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
