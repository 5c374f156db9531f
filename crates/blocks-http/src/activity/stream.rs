//! The stream of events: what each line says, and how the stream ends.

use std::time::Duration;

use blocks_domain::{
    ActivityMessage, BlockEvent, ErrorBody, Failure, FromJson, Problem, ProblemType,
};
use blocks_ports::{ApiError, BlockEvents};
use futures_util::StreamExt;
use futures_util::stream;
use reqwest::Response;
use serde_json::error::Category;
use tokio::time::timeout;

use super::lines::{Lines, TooLong};
use crate::redact::Secrets;
use crate::refusal::{failure_of, message};

/// How many bytes a line has at most; an event has a few thousand.
const LONGEST_LINE: usize = 1 << 20;

/// The answer that is a stream of events.
pub(super) enum Events {}

/// A stream that is open.
pub(super) struct Reading {
    response: Response,
    lines: Lines,
    /// How long nothing may come.
    silence: Duration,
    secrets: Secrets,
    transaction_id: Option<String>,
    /// Why the stream ends, once its last event is told.
    end: Option<ApiError>,
}

impl Reading {
    pub(super) fn new(
        response: Response,
        max_body: usize,
        silence: Duration,
        secrets: Secrets,
        transaction_id: Option<String>,
    ) -> Self {
        let lines = Lines::new(max_body.min(LONGEST_LINE));
        Self { response, lines, silence, secrets, transaction_id, end: None }
    }

    /// The events; the connection is closed with the last of them, or when they are dropped.
    pub(super) fn into_events(self) -> BlockEvents {
        let events = stream::unfold(Some(self), |reading| async move {
            let mut reading = reading?;
            let item = reading.next().await;
            if let Some(Err(error)) = &item {
                tracing::debug!(%error, "a stream ended");
            }
            let goes_on = matches!(item, Some(Ok(_)));
            item.map(|item| (item, goes_on.then_some(reading)))
        });
        events.fuse().boxed()
    }

    async fn next(&mut self) -> Option<Result<BlockEvent, ApiError>> {
        loop {
            if let Some(end) = self.end.take() {
                return Some(Err(end));
            }
            let said = match self.lines.next() {
                Some(Ok([])) => continue,
                Some(Ok(line)) => said(line, &self.secrets),
                Some(Err(TooLong { most })) => {
                    let detail = format!("a line of the stream has more than {most} bytes");
                    Err(ApiError::new(Failure::Malformed).with_detail(detail))
                }
                None => match self.more().await {
                    Ok(true) => continue,
                    Ok(false) => return self.last(),
                    Err(error) => Err(error),
                },
            };
            let Said { event, end } = match said {
                Ok(said) => said,
                Err(error) => return Some(Err(self.marked(error))),
            };
            self.end = end.map(|end| self.marked(end));
            if let Some(event) = event {
                return Some(Ok(event));
            }
        }
    }

    /// Waits for more bytes; answers whether there were any before the end.
    ///
    /// The time counts while somebody waits, so that nobody is late who had other things to do.
    async fn more(&mut self) -> Result<bool, ApiError> {
        let chunk = timeout(self.silence, self.response.chunk()).await.map_err(|_| {
            ApiError::new(Failure::Timeout).with_detail(format!(
                "neither an event nor a sign of life came within {:?}, so the stream was given up",
                self.silence
            ))
        })?;
        let chunk = chunk.map_err(|error| {
            let broken = ApiError::new(Failure::Transport).with_source(error.without_url());
            broken.with_detail("the connection of the stream broke")
        })?;
        let Some(chunk) = chunk else { return Ok(false) };
        self.lines.push(&chunk);
        Ok(true)
    }

    /// What stands behind the last line: nothing, or a message that lacks only its line end.
    fn last(&mut self) -> Option<Result<BlockEvent, ApiError>> {
        let rest = match self.lines.rest() {
            [] => return None,
            rest if breaks_off(rest) => Err(ApiError::new(Failure::Transport)
                .with_detail("the stream ended in the middle of a line")),
            rest => said(rest, &self.secrets),
        };
        self.lines = Lines::new(0);
        match rest {
            Ok(Said { event: Some(event), end }) => {
                self.end = end.map(|end| self.marked(end));
                Some(Ok(event))
            }
            Ok(Said { event: None, end }) => end.map(|end| Err(self.marked(end))),
            Err(error) => Some(Err(self.marked(error))),
        }
    }

    /// An error under which X's support finds the stream.
    fn marked(&self, error: ApiError) -> ApiError {
        error.with_transaction_id(self.transaction_id.clone())
    }
}

/// What a line says.
#[derive(Debug, Default)]
struct Said {
    event: Option<BlockEvent>,
    /// Why the stream ends with it.
    end: Option<ApiError>,
}

/// Reads a line; fails where it is no message.
fn said(line: &[u8], secrets: &Secrets) -> Result<Said, ApiError> {
    let malformed = |detail: String| ApiError::new(Failure::Malformed).with_detail(detail);
    let text = std::str::from_utf8(line)
        .map_err(|_| malformed("a line of the stream is not UTF-8 text".to_owned()))?;
    let (message, oddities) = ActivityMessage::from_json(text).map_err(|error| {
        malformed(match error.classify() {
            Category::Data => {
                let why = secrets.excerpt(&error.to_string());
                format!("a line of the stream is JSON of an unexpected shape: {why}")
            }
            _ => format!("a line of the stream is not JSON: {}", secrets.excerpt(text)),
        })
    })?;
    if let Some(odd) = oddities.first() {
        tracing::debug!(count = oddities.count(), first = secrets.excerpt(odd), "odd fields");
    }
    let problems = secrets.cut_out_of_problems(problems(&message, text));
    match message.data {
        Some(event) => {
            let end = problems.iter().any(ends_the_stream).then(|| end(problems));
            Ok(Said { event: Some(event), end })
        }
        None if !problems.is_empty() => Ok(Said { event: None, end: Some(end(problems)) }),
        None if message.extra.get("errors").is_some() => {
            let shown = secrets.excerpt(text);
            Err(malformed(format!("the stream names errors in an unexpected shape: {shown}")))
        }
        None => {
            tracing::debug!(line = secrets.excerpt(text), "a message that is no event");
            Ok(Said::default())
        }
    }
}

/// What a line says is wrong: in `errors`, or as one problem by itself.
fn problems(message: &ActivityMessage, text: &str) -> Vec<Problem> {
    if message.data.is_some() || !message.problems().is_empty() {
        return message.problems().to_vec();
    }
    let body = serde_json::from_str(text).map(ErrorBody::into_problems).unwrap_or_default();
    let is_named = body.iter().any(|problem| problem.type_uri.is_some());
    if is_named { body } else { Vec::new() }
}

/// Whether a problem beside an event is about the stream, and not about a part of that event.
fn ends_the_stream(problem: &Problem) -> bool {
    let is_closed = problem.disconnect_type.is_some() || problem.connection_issue.is_some();
    is_closed
        || matches!(
            problem.problem_type(),
            Some(
                ProblemType::ClientDisconnected
                    | ProblemType::OperationalDisconnect
                    | ProblemType::StreamingConnection
                    | ProblemType::Credits
                    | ProblemType::UsageCapped
                    | ProblemType::RateLimitExceeded
            )
        )
}

/// The failure that ends a stream.
fn end(problems: Vec<Problem>) -> ApiError {
    let kind = problems.iter().find_map(kind_of_end).unwrap_or(Failure::Unavailable);
    let said = message(&problems).unwrap_or_else(|| "X gives no reason".to_owned());
    ApiError::new(kind).with_detail(said).with_problems(problems)
}

fn kind_of_end(problem: &Problem) -> Option<Failure> {
    match problem.problem_type() {
        Some(ProblemType::StreamingConnection) => Some(Failure::RateLimited),
        Some(ProblemType::OperationalDisconnect | ProblemType::ClientDisconnected) => {
            Some(Failure::Unavailable)
        }
        _ => failure_of(problem),
    }
}

/// Whether a text is the beginning of JSON.
fn breaks_off(text: &[u8]) -> bool {
    let read = serde_json::from_slice::<serde::de::IgnoredAny>(text);
    read.is_err_and(|error| error.classify() == Category::Eof)
}
