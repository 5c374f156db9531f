//! The control interface under `/sandbox/`, for clients in any language.

use std::time::Duration;

use serde_json::{Value, json};

use super::answer::{Answer, Content};
use crate::World;

/// What can be asked of the sandbox itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// Moves the world's time on: `{"seconds": 900}`.
    Advance,
    /// Tells what was charged.
    Meter,
}

impl Control {
    pub(super) fn answer(self, world: &World, body: &[u8]) -> Answer {
        match self {
            Self::Advance => advance(world, body),
            Self::Meter => Answer::new(200, Content::Json(meter(world))),
        }
    }
}

fn advance(world: &World, body: &[u8]) -> Answer {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let Some(seconds) = body.as_ref().and_then(|body| body["seconds"].as_u64()) else {
        let message = "the body must be {\"seconds\": N} with a whole number N";
        return Answer::new(400, Content::Json(json!({ "error": message })));
    };
    world.advance(Duration::from_secs(seconds));
    Answer::new(200, Content::Json(json!({ "now": format!("{:.3}", world.now()) })))
}

fn meter(world: &World) -> Value {
    let reading = world.meter();
    let plain = |usd: blocks_domain::Usd| usd.plain().to_string();
    json!({
        "block_reads": reading.block_reads,
        "user_lookups": reading.user_lookups,
        "free_reads": reading.free_reads,
        "cost_usd": plain(reading.cost),
        "credits_usd": reading.credits.map(plain),
    })
}
