//! What is set about the world.

use blocks_domain::Usd;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Complaint, Told};
use crate::{Settings, Tier, World};

/// What is to change; `null` lifts a bound.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    limits: Option<bool>,
    tier: Option<Plan>,
    #[serde(default, deserialize_with = "given")]
    credits_usd: Option<Option<Usd>>,
    #[serde(default, deserialize_with = "given")]
    monthly_cap: Option<Option<u64>>,
    enrolled: Option<bool>,
    oauth1_may_write: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Plan {
    Enterprise,
    PayPerUse,
}

/// Tells a value that is `null` from one that is absent.
fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

pub(super) fn told(settings: Settings) -> Value {
    json!({
        "limits": settings.limits,
        "tier": settings.tier.name(),
        "credits_usd": settings.credits.map(|credits| credits.plain().to_string()),
        "monthly_cap": settings.monthly_cap,
        "enrolled": settings.enrolled,
        "oauth1_may_write": settings.oauth1_may_write,
    })
}

pub(super) fn change(world: &World, asked: &Told) -> Result<Value, Complaint> {
    let change: Change = asked.json()?;
    let settings = world.change_settings(|settings| {
        settings.limits = change.limits.unwrap_or(settings.limits);
        settings.tier = match change.tier {
            None => settings.tier,
            Some(Plan::Enterprise) => Tier::Enterprise,
            Some(Plan::PayPerUse) => Tier::PayPerUse,
        };
        settings.credits = change.credits_usd.unwrap_or(settings.credits);
        settings.monthly_cap = change.monthly_cap.unwrap_or(settings.monthly_cap);
        settings.enrolled = change.enrolled.unwrap_or(settings.enrolled);
        settings.oauth1_may_write = change.oauth1_may_write.unwrap_or(settings.oauth1_may_write);
    });
    Ok(told(settings))
}
