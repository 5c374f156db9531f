//! What becomes of an answer: most are read to their end, a stream is not.

use blocks_ports::{ApiError, Reply};
use reqwest::{Request, StatusCode};

use crate::HttpApi;
use crate::answer::{Answer, Shape};
use crate::redact::Secrets;

/// A way to take the answer of a call.
pub(crate) trait Receive {
    /// What the caller gets of it.
    type Value;

    /// Sends a request, and takes its answer.
    async fn receive<'a>(
        api: &HttpApi,
        request: Request,
        secrets: &'a Secrets,
    ) -> Result<Received<'a, Self::Value>, ApiError>;
}

/// What came in answer to a request.
pub(crate) enum Received<'a, V> {
    /// A value, or a refusal that another credential would meet as well.
    Done(Result<Reply<V>, ApiError>),
    /// A refusal of the credential.
    Unauthorized(Answer<'a>),
}

impl<T: Shape> Receive for T {
    type Value = <T as Shape>::Value;

    async fn receive<'a>(
        api: &HttpApi,
        request: Request,
        secrets: &'a Secrets,
    ) -> Result<Received<'a, Self::Value>, ApiError> {
        let answer = api.connection.send(request, secrets).await?;
        Ok(if answer.status == StatusCode::UNAUTHORIZED {
            Received::Unauthorized(answer)
        } else {
            Received::Done(answer.into_reply::<T>())
        })
    }
}
