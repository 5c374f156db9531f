//! What was counted: money, rate windows and requests.

use blocks_domain::{Endpoint, RateWindow, Usd};
use serde_json::{Value, json};

use super::between::named;
use super::{Complaint, Told};
use crate::World;
use crate::server::recorded::RecordedRequest;

pub(super) fn meter(world: &World) -> Value {
    let reading = world.meter();
    let plain = |usd: Usd| usd.plain().to_string();
    json!({
        "block_reads": reading.block_reads,
        "user_lookups": reading.user_lookups,
        "free_reads": reading.free_reads,
        "cost_usd": plain(reading.cost),
        "credits_usd": reading.credits.map(plain),
    })
}

pub(super) fn windows(world: &World, told: &Told) -> Result<Value, Complaint> {
    told.takes(&["user"])?;
    let user = named(world, told)?;
    let window = |(endpoint, window): (Endpoint, RateWindow)| {
        json!({
            "endpoint": endpoint.to_string(),
            "limit": window.limit().requests(),
            "remaining": window.remaining(),
            "reset": window.reset().as_second(),
        })
    };
    let windows: Vec<_> = world.windows(user).into_iter().map(window).collect();
    Ok(json!({ "user_id": user.to_string(), "windows": windows }))
}

pub(super) fn requests(world: &World, told: &Told) -> Result<Value, Complaint> {
    told.takes(&["limit"])?;
    let all = world.requests();
    let limit = told.number("limit")?.unwrap_or(100);
    let last = &all[all.len().saturating_sub(limit)..];
    let requests: Vec<_> = last.iter().map(RecordedRequest::to_json).collect();
    Ok(json!({ "count": world.request_count(), "requests": requests }))
}

pub(super) fn forget_requests(world: &World) -> Result<Value, Complaint> {
    world.forget_requests();
    Ok(json!({ "count": world.request_count() }))
}
