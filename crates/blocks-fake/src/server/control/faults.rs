//! The faults that wait.

use serde_json::{Value, json};

use super::{Complaint, Told, wrong};
use crate::World;
use crate::server::Fault;

pub(super) fn told(world: &World) -> Value {
    let faults: Vec<_> = world.faults_waiting().iter().map(Fault::to_json).collect();
    json!({ "faults": faults })
}

pub(super) fn add(world: &World, asked: &Told) -> Result<Value, Complaint> {
    let faults = Fault::read_json(&asked.json()?).map_err(|error| wrong(error.to_string()))?;
    for fault in faults {
        world.inject(fault);
    }
    Ok(told(world))
}

pub(super) fn clear(world: &World) -> Result<Value, Complaint> {
    world.clear_faults();
    Ok(told(world))
}
