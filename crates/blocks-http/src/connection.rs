//! Sending one request and receiving its answer.

use std::time::Instant;

use blocks_domain::Failure;
use blocks_ports::ApiError;
use reqwest::header::ACCEPT;
use reqwest::{Client, Method, Request, RequestBuilder, Response};
use url::Url;

use crate::answer::Answer;
use crate::redact::Secrets;
use crate::url::ApiUrl;

/// An HTTP client and the server that it speaks to; connections are kept and used again.
pub(crate) struct Connection {
    http: Client,
    pub(crate) api_url: ApiUrl,
    pub(crate) max_body: usize,
}

impl Connection {
    pub(crate) const fn new(http: Client, api_url: ApiUrl, max_body: usize) -> Self {
        Self { http, api_url, max_body }
    }

    /// Begins a request that wants JSON.
    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url).header(ACCEPT, "application/json")
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) async fn send<'a>(
        &self,
        request: Request,
        secrets: &'a Secrets,
    ) -> Result<Answer<'a>, ApiError> {
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let began = Instant::now();
        let response = self.begin(request).await?;
        let answer = Answer::receive(response, self.max_body, secrets).await;
        tracing::debug!(
            %method,
            path,
            status = answer.status.as_u16(),
            elapsed = ?began.elapsed(),
            transaction_id = answer.transaction_id(),
            "answered"
        );
        Ok(answer)
    }

    /// Sends a request, and leaves the body of its answer unread.
    pub(crate) async fn begin(&self, request: Request) -> Result<Response, ApiError> {
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let began = Instant::now();
        self.execute(request).await.map_err(|error| {
            let error = unanswered(error, self.api_url.host());
            let elapsed = began.elapsed();
            tracing::debug!(%method, path, ?elapsed, %error, "no answer");
            error
        })
    }

    /// Sends a request, and leaves its answer and its failure as they are.
    pub(crate) async fn execute(&self, request: Request) -> Result<Response, reqwest::Error> {
        self.http.execute(request).await
    }
}

/// The failure of a request that cannot be put into HTTP.
pub(crate) fn unsendable(error: reqwest::Error) -> ApiError {
    ApiError::new(Failure::InvalidRequest)
        .with_detail("the request cannot be put into HTTP")
        .with_source(error.without_url())
        .not_sent()
}

/// The failure of a request to which no answer came.
fn unanswered(error: reqwest::Error, host: &str) -> ApiError {
    if error.is_builder() {
        return unsendable(error);
    }
    let (kind, detail) = match (error.is_timeout(), error.is_connect()) {
        (true, true) => (Failure::Timeout, format!("no connection to {host} in time")),
        (true, false) => (Failure::Timeout, format!("no answer from {host} in time")),
        (false, true) => (Failure::Transport, format!("no connection to {host}")),
        (false, false) => {
            (Failure::Transport, format!("the connection to {host} broke before an answer came"))
        }
    };
    let was_connected = !error.is_connect();
    let error = ApiError::new(kind).with_detail(detail).with_source(error.without_url());
    if was_connected { error } else { error.not_sent() }
}
