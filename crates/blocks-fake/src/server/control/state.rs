//! The state of the world and its time.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Complaint, Told, wrong};
use crate::server::{App, Faults};
use crate::{World, WorldState};

/// Where a reset leads: what the world was when it began to be served.
#[derive(Debug)]
pub(in crate::server) struct Beginning {
    state: WorldState,
    faults: Faults,
}

impl Beginning {
    pub(in crate::server) fn of(world: &World) -> Self {
        // The owner's token is there from the beginning, so that no reset ends it.
        drop(world.token());
        Self { state: world.export(), faults: world.faults().clone() }
    }

    /// Takes the world back here; the last requests are forgotten as well.
    pub(in crate::server) fn restore(&self, world: &World) -> Result<(), crate::InvalidWorldState> {
        world.restore(self.state.clone())?;
        *world.faults() = self.faults.clone();
        world.forget_requests();
        Ok(())
    }
}

pub(super) fn export(world: &World) -> Result<Value, Complaint> {
    serde_json::to_value(world.export())
        .map_err(|error| Complaint::new(500, format!("the state cannot be written: {error}")))
}

pub(super) fn import(world: &World, told: &Told) -> Result<Value, Complaint> {
    world.restore(told.json()?).map_err(|error| wrong(error.to_string()))?;
    Ok(now(world))
}

pub(super) fn reset(app: &App) -> Result<Value, Complaint> {
    app.beginning.restore(&app.world).map_err(|error| Complaint::new(500, error.to_string()))?;
    Ok(now(&app.world))
}

pub(super) fn advance(world: &World, told: &Told) -> Result<Value, Complaint> {
    let body: Option<Value> = told.json().ok();
    let seconds = body.as_ref().and_then(|body| body["seconds"].as_u64());
    let seconds =
        seconds.ok_or_else(|| wrong("the body must be {\"seconds\": N} with a whole number N"))?;
    world.advance(Duration::from_secs(seconds));
    Ok(now(world))
}

fn now(world: &World) -> Value {
    json!({ "now": format!("{:.3}", world.now()) })
}
