//! Opening an answer that is read while it comes.

use std::time::Duration;

use blocks_domain::{Failure, ProblemType};
use blocks_ports::{ApiError, Reply, ReplyMeta};
use reqwest::{Request, Response, StatusCode};
use tokio::time::timeout;

use super::stream::{Events, Reading};
use crate::answer::{Answer, MAX_REFUSAL};
use crate::connection::Connection;
use crate::headers::Head;
use crate::receive::{Receive, Received};
use crate::redact::Secrets;
use crate::{HttpApi, Timeouts};

/// An HTTP client whose answers may last.
pub(crate) struct LiveConnection {
    connection: Connection,
    timeouts: Timeouts,
}

impl LiveConnection {
    pub(crate) const fn new(connection: Connection, timeouts: Timeouts) -> Self {
        Self { connection, timeouts }
    }

    /// Sends a request and waits until its answer begins.
    async fn begin(&self, request: Request) -> Result<Response, ApiError> {
        let path = request.url().path().to_owned();
        // The client itself minds how long connecting takes.
        let patience = self.timeouts.connect.saturating_add(self.timeouts.idle);
        let begun = timeout(patience, self.connection.begin(request)).await;
        let response = begun.unwrap_or_else(|_| Err(self.no_answer()))?;
        tracing::debug!(path, status = response.status().as_u16(), "answered");
        Ok(response)
    }

    /// Reads an answer that is no stream.
    async fn read<'a>(
        &self,
        response: Response,
        secrets: &'a Secrets,
    ) -> Result<Answer<'a>, ApiError> {
        let status = response.status().as_u16();
        let most = self.connection.max_body.min(MAX_REFUSAL);
        let answer = Answer::receive(response, most, secrets);
        let read = timeout(self.timeouts.total, answer).await;
        read.map_err(|_| self.no_answer().with_status(status))
    }

    fn no_answer(&self) -> ApiError {
        let detail = format!("no answer from {} in time", self.connection.api_url.host());
        ApiError::new(Failure::Timeout).with_detail(detail)
    }

    /// How long a stream may be silent.
    const fn silence(&self) -> Duration {
        self.timeouts.stream
    }
}

impl Receive for Events {
    type Value = blocks_ports::BlockEvents;

    async fn receive<'a>(
        api: &HttpApi,
        request: Request,
        secrets: &'a Secrets,
    ) -> Result<Received<'a, Self::Value>, ApiError> {
        let response = api.live.begin(request).await?;
        let head = Head::read(response.headers(), secrets);
        if response.status().is_success() && !head.says_page() {
            let most = api.live.connection.max_body;
            let meta = meta(head);
            let id = meta.transaction_id.clone();
            let reading = Reading::new(response, most, api.live.silence(), secrets.clone(), id);
            return Ok(Received::Done(Ok(Reply::new(reading.into_events()).with_meta(meta))));
        }
        let answer = api.live.read(response, secrets).await?;
        Ok(if answer.status == StatusCode::UNAUTHORIZED {
            Received::Unauthorized(answer)
        } else if answer.status.is_success() {
            Received::Done(Err(answer.malformed(answer.foreign())))
        } else {
            Received::Done(Err(explained(answer.refusal())))
        })
    }
}

fn meta(head: Head) -> ReplyMeta {
    let mut meta = ReplyMeta::default();
    meta.rate = head.rate;
    meta.date = head.date;
    meta.transaction_id = head.transaction_id;
    meta
}

/// Adds to a refusal for too many streams what its kind does not say: the window is not spent.
fn explained(error: ApiError) -> ApiError {
    let streams = Some(ProblemType::StreamingConnection);
    if !error.problems().iter().any(|problem| problem.problem_type() == streams) {
        return error;
    }
    let said = error.detail().unwrap_or("X gives no reason");
    let detail = match error.rate().map(|window| window.remaining()) {
        Some(0) => return error,
        Some(left) => format!(
            "as many streams are open as X allows, so end one of them; {left} calls are left in \
             this window: {said}"
        ),
        None => format!("as many streams are open as X allows, so end one of them: {said}"),
    };
    error.with_detail(detail)
}
