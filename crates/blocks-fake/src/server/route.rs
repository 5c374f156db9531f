//! Which call a method and a path are.

use axum::http::Method;
use blocks_domain::Endpoint;

use super::control::Control;
use super::door::Door;
use super::query::decoded;

/// Where a request leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// To the API, with the ids in the path.
    Call { endpoint: Endpoint, ids: Vec<String> },
    /// To a place where somebody signs in or out.
    Door(Door),
    /// To the control interface.
    Control(Control),
    /// To a path that does not take this method.
    WrongMethod { allowed: String },
    /// To no path that there is.
    Nowhere,
}

/// The paths of the control interface, with their methods.
const CONTROLS: [(&str, &str, Control); 2] =
    [("POST", "/sandbox/advance", Control::Advance), ("GET", "/sandbox/meter", Control::Meter)];

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let mut allowed = Vec::new();
        for endpoint in Endpoint::ALL {
            let spec = endpoint.spec();
            if let Some(ids) = ids_in(path, spec.path) {
                if spec.method == method.as_str() {
                    return Self::Call { endpoint, ids };
                }
                allowed.push(spec.method);
            }
        }
        let doors = Door::ALL.map(|(takes, at, door)| (takes, at, Self::Door(door)));
        let controls = CONTROLS.map(|(takes, at, control)| (takes, at, Self::Control(control)));
        for (takes, at, route) in doors.into_iter().chain(controls) {
            if at == path {
                if takes == method.as_str() {
                    return route;
                }
                allowed.push(takes);
            }
        }
        if allowed.is_empty() {
            Self::Nowhere
        } else {
            Self::WrongMethod { allowed: allowed.join(", ") }
        }
    }
}

/// What stands in a path where a pattern has `:names`; `None` when it does not fit.
fn ids_in(path: &str, pattern: &str) -> Option<Vec<String>> {
    let (mut path, mut pattern) = (path.split('/'), pattern.split('/'));
    let mut ids = Vec::new();
    loop {
        match (path.next(), pattern.next()) {
            (None, None) => return Some(ids),
            (Some(part), Some(name)) if name.starts_with(':') => ids.push(decoded(part, false)),
            (Some(part), Some(word)) if part == word => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_they_should() {
        let call = |endpoint, ids: &[&str]| Route::Call {
            endpoint,
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        };
        for (method, path, route) in [
            (Method::GET, "/2/users/me", call(Endpoint::GetMe, &[])),
            (Method::GET, "/2/users", call(Endpoint::GetUsers, &[])),
            (Method::GET, "/2/users/by", call(Endpoint::GetUsersBy, &[])),
            (Method::GET, "/2/users/12/blocking", call(Endpoint::GetBlocking, &["12"])),
            (Method::POST, "/2/users/12/blocking", call(Endpoint::PostBlocking, &["12"])),
            (Method::DELETE, "/2/users/1/blocking/2", call(Endpoint::DeleteBlocking, &["1", "2"])),
            (Method::GET, "/sandbox/meter", Route::Control(Control::Meter)),
            (Method::GET, "/i/oauth2/authorize", Route::Door(Door::Authorize)),
            (Method::POST, "/i/oauth2/authorize", Route::Door(Door::Decide)),
            (Method::POST, "/1.1/oauth/invalidate_token", Route::Door(Door::Invalidate)),
            (Method::GET, "/2/oauth2/token", wrong("POST")),
            (Method::DELETE, "/oauth/authorize", wrong("GET, POST")),
            (Method::PUT, "/2/users/12/blocking", wrong("GET, POST")),
            (Method::POST, "/2/users/me", wrong("GET")),
            (Method::GET, "/2/users/", Route::Nowhere),
            (Method::GET, "/3/users/me", Route::Nowhere),
            (Method::GET, "/2/users/12/blocking/", Route::WrongMethod { allowed: "DELETE".into() }),
        ] {
            assert_eq!(Route::of(&method, path), route, "{method} {path}");
        }
    }

    fn wrong(allowed: &str) -> Route {
        Route::WrongMethod { allowed: allowed.to_owned() }
    }
}
