//! The control interface under `/sandbox/`, for clients in any language.
//!
//! | method | path | body or parameters | answer |
//! |---|---|---|---|
//! | `GET` | `/sandbox` | | `{"controls": [{"method", "path", "does"}, …]}` |
//! | `GET` | `/sandbox/state` | | everything that does not follow from the seed |
//! | `PUT` | `/sandbox/state` | what `GET` answered | `{"now"}` |
//! | `POST` | `/sandbox/reset` | | `{"now"}` |
//! | `POST` | `/sandbox/advance` | `{"seconds": 900}` | `{"now"}` |
//! | `GET` | `/sandbox/users` | `?users=` names, or `?from=` and `?count=` | `{"users": [{"id", "username", "name", "number"}, …], "missing": [name, …]}` |
//! | `POST` | `/sandbox/users` | `{"suspend": [name, …], "deactivate": […], "reinstate": […]}` | `{"changed"}` |
//! | `POST` | `/sandbox/tokens` | `{"users": [name, …]` or `{"from", "count"}, "scopes": […], "lifetime_s": 7200}` | `{"tokens": [{"user_id", "username", "access_token"}, …], "scopes", "expires_at"}` |
//! | `GET` | `/sandbox/blocks` | `?user=` name, `&limit=` | `{"user_id", "count", "user_ids": [newest, …]}` |
//! | `POST` | `/sandbox/blocks` | `{"add": [[who, whom], …], "remove": […]}` | `{"added", "removed"}` |
//! | `GET` | `/sandbox/follows` | `?user=` name | `{"user_id", "following": […], "followers": […]}` |
//! | `POST` | `/sandbox/follows` | as for blocks | `{"added", "removed"}` |
//! | `GET` | `/sandbox/settings` | | `{"limits", "tier", "credits_usd", "monthly_cap", "enrolled", "oauth1_may_write"}` |
//! | `PATCH` | `/sandbox/settings` | those that change | as `GET` |
//! | `GET` | `/sandbox/faults` | | `{"faults": [fault, …]}` with what is left of their counts |
//! | `POST` | `/sandbox/faults` | `{"faults": [fault, …]}` | as `GET` |
//! | `DELETE` | `/sandbox/faults` | | as `GET`: none |
//! | `GET` | `/sandbox/meter` | | `{"block_reads", "user_lookups", "free_reads", "cost_usd", "credits_usd"}` |
//! | `GET` | `/sandbox/windows` | `?user=` name | `{"user_id", "windows": [{"endpoint", "limit", "remaining", "reset"}, …]}` |
//! | `GET` | `/sandbox/requests` | `?limit=` | `{"count", "requests": [oldest, …]}` |
//! | `DELETE` | `/sandbox/requests` | | `{"count": 0}` |
//!
//! A user is named by id, by handle with or without `@`, or by a number below 67,108,864; each of
//! them as text, and digits as a JSON number too. What changes several things changes all of them
//! or none. Errors are `{"error": "…"}` with 400, 401, 403, 404, 405 or 413.

mod between;
mod faults;
mod guard;
mod meters;
mod settings;
mod state;
mod users;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::Method;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::App;
use super::answer::{Answer, Content};
use super::query::pairs;

pub(super) use guard::{Guard, host};
pub(super) use state::Beginning;

/// The path below which the control interface lies.
const ROOT: &str = "/sandbox";

/// The longest body that is read, in bytes: a state with some ten million blocks.
const LONGEST_BODY: usize = 1 << 30;

/// What can be asked of the sandbox itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Index,
    ExportState,
    ImportState,
    Reset,
    Advance,
    Users,
    ChangeUsers,
    MintTokens,
    Blocks,
    ChangeBlocks,
    Follows,
    ChangeFollows,
    Settings,
    ChangeSettings,
    Faults,
    AddFaults,
    ClearFaults,
    Meter,
    Windows,
    Requests,
    ForgetRequests,
}

/// A request to the control interface, right or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Control(Control),
    /// The path does not take the method.
    WrongMethod {
        allowed: String,
    },
    /// There is no such path.
    Nowhere,
}

/// All controls, with their methods, their paths, and what they do.
const CONTROLS: [(&str, &str, Control, &str); 21] = [
    ("GET", "/sandbox", Control::Index, "lists the controls"),
    ("GET", "/sandbox/state", Control::ExportState, "tells the whole state of the world"),
    ("PUT", "/sandbox/state", Control::ImportState, "takes the world to such a state"),
    ("POST", "/sandbox/reset", Control::Reset, "takes the world back to its beginning"),
    ("POST", "/sandbox/advance", Control::Advance, "moves the time on"),
    ("GET", "/sandbox/users", Control::Users, "tells who users are"),
    ("POST", "/sandbox/users", Control::ChangeUsers, "suspends, deactivates and reinstates users"),
    ("POST", "/sandbox/tokens", Control::MintTokens, "makes access tokens of many users"),
    ("GET", "/sandbox/blocks", Control::Blocks, "tells whom a user blocks"),
    ("POST", "/sandbox/blocks", Control::ChangeBlocks, "makes and lifts blocks"),
    ("GET", "/sandbox/follows", Control::Follows, "tells whom a user follows, and who them"),
    ("POST", "/sandbox/follows", Control::ChangeFollows, "makes and ends follows"),
    ("GET", "/sandbox/settings", Control::Settings, "tells what is set"),
    ("PATCH", "/sandbox/settings", Control::ChangeSettings, "changes what is set"),
    ("GET", "/sandbox/faults", Control::Faults, "lists the faults that wait"),
    ("POST", "/sandbox/faults", Control::AddFaults, "lets further faults wait"),
    ("DELETE", "/sandbox/faults", Control::ClearFaults, "lets no fault wait any more"),
    ("GET", "/sandbox/meter", Control::Meter, "tells what was charged"),
    ("GET", "/sandbox/windows", Control::Windows, "tells the open rate windows of a user"),
    ("GET", "/sandbox/requests", Control::Requests, "lists the last requests"),
    ("DELETE", "/sandbox/requests", Control::ForgetRequests, "forgets them"),
];

impl Asked {
    /// What is asked for; `None` for a path outside the control interface.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let is_inside = path
            .strip_prefix(ROOT)
            .is_some_and(|rest| matches!(rest.chars().next(), None | Some('/')));
        if !is_inside {
            return None;
        }
        let here: Vec<_> = CONTROLS.iter().filter(|(_, at, ..)| *at == path).collect();
        let found = here.iter().find(|(takes, ..)| *takes == method.as_str());
        Some(match found {
            Some((_, _, control, _)) => Self::Control(*control),
            None if here.is_empty() => Self::Nowhere,
            None => {
                let allowed: Vec<_> = here.iter().map(|(takes, ..)| *takes).collect();
                Self::WrongMethod { allowed: allowed.join(", ") }
            }
        })
    }

    /// Answers it, if whoever asks may.
    pub(super) async fn answer(self, app: &App, head: &Parts, body: Body) -> Answer {
        if let Err(complaint) = app.guard.admit(head) {
            return complaint.answer();
        }
        let control = match self {
            Self::Control(control) => control,
            Self::WrongMethod { allowed } => {
                let message = format!("this path takes {allowed}");
                return Complaint::new(405, message).answer().with_header("allow", allowed);
            }
            Self::Nowhere => {
                return Complaint::new(404, "there is no such path: GET /sandbox lists all")
                    .answer();
            }
        };
        let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
            let message = format!("the body breaks off, or is longer than {LONGEST_BODY} bytes");
            return Complaint::new(413, message).answer();
        };
        let told = Told { query: pairs(head.uri.query().unwrap_or_default()), body };
        match control.answer(app, &told) {
            Ok(json) => Answer::new(200, Content::Json(json)).not_to_be_stored(),
            Err(complaint) => complaint.answer(),
        }
    }
}

impl Control {
    fn answer(self, app: &App, told: &Told) -> Result<Value, Complaint> {
        let world = &app.world;
        match self {
            Self::Index => told.takes(&[]).map(|()| index()),
            Self::ExportState => told.takes(&[]).and_then(|()| state::export(world)),
            Self::ImportState => state::import(world, told),
            Self::Reset => state::reset(app),
            Self::Advance => state::advance(world, told),
            Self::Users => users::look_up(world, told),
            Self::ChangeUsers => users::change(world, told),
            Self::MintTokens => users::mint(world, told),
            Self::Blocks => between::blocks(world, told),
            Self::ChangeBlocks => between::change_blocks(world, told),
            Self::Follows => between::follows(world, told),
            Self::ChangeFollows => between::change_follows(world, told),
            Self::Settings => told.takes(&[]).map(|()| settings::told(world.settings())),
            Self::ChangeSettings => settings::change(world, told),
            Self::Faults => told.takes(&[]).map(|()| faults::told(world)),
            Self::AddFaults => faults::add(world, told),
            Self::ClearFaults => faults::clear(world),
            Self::Meter => told.takes(&[]).map(|()| meters::meter(world)),
            Self::Windows => meters::windows(world, told),
            Self::Requests => meters::requests(world, told),
            Self::ForgetRequests => meters::forget_requests(world),
        }
    }
}

fn index() -> Value {
    let control = |(method, path, _, does): &(&str, &str, Control, &str)| json!({ "method": method, "path": path, "does": does });
    json!({ "controls": CONTROLS.iter().map(control).collect::<Vec<_>>() })
}

/// What a request tells besides its path.
struct Told {
    query: Vec<(String, String)>,
    body: Bytes,
}

impl Told {
    /// Checks that there are no other parameters than these, and each of them once.
    fn takes(&self, names: &[&str]) -> Result<(), Complaint> {
        for (at, (name, _)) in self.query.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                return Err(wrong(format!(
                    "the parameter `{name}` is not known here: it takes {known}"
                )));
            }
            if self.query[..at].iter().any(|(other, _)| other == name) {
                return Err(wrong(format!("the parameter `{name}` is given twice")));
            }
        }
        Ok(())
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is a whole number.
    fn number(&self, name: &str) -> Result<Option<usize>, Complaint> {
        let number =
            |text: &str| text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
        let read =
            |text| number(text).ok_or_else(|| wrong(format!("`{name}` must be a whole number")));
        self.parameter(name).map(read).transpose()
    }

    /// The body, as JSON of a shape; there may be no parameters then.
    fn json<T: DeserializeOwned>(&self) -> Result<T, Complaint> {
        self.takes(&[])?;
        serde_json::from_slice(&self.body)
            .map_err(|error| wrong(format!("the body does not fit: {error}")))
    }
}

/// An error of the control interface.
#[derive(Debug)]
pub(super) struct Complaint {
    status: u16,
    message: String,
}

impl Complaint {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    fn answer(self) -> Answer {
        let answer = Answer::new(self.status, Content::Json(json!({ "error": self.message })));
        match self.status {
            401 => answer.with_header("www-authenticate", "Bearer realm=\"sandbox\"".to_owned()),
            _ => answer,
        }
    }
}

/// Something about the request that is wrong.
fn wrong(message: impl Into<String>) -> Complaint {
    Complaint::new(400, message)
}
