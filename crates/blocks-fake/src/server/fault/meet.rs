//! What becomes of a call that meets a fault.

use std::time::Duration;

use blocks_domain::{Endpoint, UserId};
use jiff::Timestamp;
use serde_json::Value;

use super::spoilt::{self, Page};
use super::{FaultKind, Place};
use crate::server::App;
use crate::server::activity;
use crate::server::answer::{Answer, Content};
use crate::server::connection::Peer;

/// Where a call is made, and what for.
#[derive(Debug)]
pub(in crate::server) struct Scene<'a> {
    app: &'a App,
    peer: &'a Peer,
    place: Place,
    user: Option<UserId>,
    page_token: Option<&'a str>,
}

impl<'a> Scene<'a> {
    /// A call of the API, about a user and with a page token where it has them.
    pub(in crate::server) const fn call(
        app: &'a App,
        peer: &'a Peer,
        endpoint: Endpoint,
        user: Option<UserId>,
        page_token: Option<&'a str>,
    ) -> Self {
        Self { app, peer, place: Place::Call(endpoint), user, page_token }
    }

    /// A call of the token endpoint.
    pub(in crate::server) const fn token_endpoint(app: &'a App, peer: &'a Peer) -> Self {
        Self { app, peer, place: Place::TokenEndpoint, user: None, page_token: None }
    }
}

/// Answers a call, with the fault that it meets.
pub(in crate::server) async fn meet(
    fault: Option<FaultKind>,
    scene: &Scene<'_>,
    answer: impl FnOnce() -> Answer,
) -> Answer {
    let Some(kind) = fault else { return answer() };
    let name = kind.name();
    strike(kind, scene, answer).await.with_fault(name)
}

async fn strike(kind: FaultKind, scene: &Scene<'_>, answer: impl FnOnce() -> Answer) -> Answer {
    match kind {
        FaultKind::Status { status, content_type, body } => {
            Answer::new(status, Content::Raw { content_type, body: body.into() })
        }
        FaultKind::Documented(documented) => documented.answer(scene.place, scene.app.world.now()),
        FaultKind::Reset => {
            scene.peer.reset();
            Answer::new(500, Content::Json(Value::Null))
        }
        FaultKind::Delay(delay) => {
            tokio::time::sleep(delay).await;
            answer()
        }
        FaultKind::MissingHeader(header) => answer().without_header(header.name()),
        FaultKind::WrongHeader(header, value) => answer().with_other_header(header.name(), value),
        FaultKind::ClockOff(by) => {
            let date = scene.app.world.now().saturating_add(by).unwrap_or(Timestamp::MAX);
            answer().with_date(date)
        }
        kind => spoil(answer(), &kind, scene),
    }
}

/// An answer whose body a fault spoils.
fn spoil(mut answer: Answer, kind: &FaultKind, scene: &Scene<'_>) -> Answer {
    let page = Page { world: &scene.app.world, user: scene.user, token: scene.page_token };
    answer.content = match answer.content {
        Content::Json(json) if kind.is_of_pages() => Content::Json(page.spoilt(json, kind)),
        Content::Json(json) => spoilt::body(super::JSON, &json, kind, &scene.app.stopped),
        Content::Problem(json) if !kind.is_of_pages() => {
            spoilt::body("application/problem+json", &json, kind, &scene.app.stopped)
        }
        Content::Live(lines) if matches!(kind, FaultKind::TruncatedBody) => {
            Content::Live(activity::broken_off(lines))
        }
        content => content,
    };
    answer
}

/// The longest that a body stalls unless told otherwise.
pub(super) const STALL: Duration = Duration::from_secs(600);
