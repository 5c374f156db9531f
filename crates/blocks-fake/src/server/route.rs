//! Which call a method and a path are.

use axum::http::Method;
use blocks_domain::Endpoint;

use super::control::Asked;
use super::door::Door;
use super::openapi;
use super::query::decoded;

/// Where a request leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// To the API, with the ids in the path.
    Call { endpoint: Endpoint, ids: Vec<String> },
    /// To a place where somebody signs in or out.
    Door(Door),
    /// To the document that describes this server.
    Document,
    /// To the control interface.
    Control(Asked),
    /// To the page for people.
    Home,
    /// To a path that does not take this method.
    WrongMethod { allowed: String },
    /// To no path that there is.
    Nowhere,
}

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Self {
        // A HEAD is a GET whose body stays on the server; it is counted and charged alike.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
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
        let pages = [("GET", openapi::PATH, Self::Document), ("GET", "/", Self::Home)];
        for (takes, at, route) in doors.into_iter().chain(pages) {
            if at == path {
                if takes == method.as_str() {
                    return route;
                }
                allowed.push(takes);
            }
        }
        if !allowed.is_empty() {
            let also = |takes| if takes == "GET" { "GET, HEAD" } else { takes };
            let allowed: Vec<_> = allowed.into_iter().map(also).collect();
            return Self::WrongMethod { allowed: allowed.join(", ") };
        }
        Asked::of(method, path).map_or(Self::Nowhere, Self::Control)
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
    use super::super::control::Control;
    use super::*;

    #[test]
    fn paths_lead_where_they_should() {
        let call = |endpoint, ids: &[&str]| Route::Call {
            endpoint,
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        };
        for (method, path, route) in [
            (Method::GET, "/2/users/me", call(Endpoint::GetMe, &[])),
            (Method::HEAD, "/2/users/me", call(Endpoint::GetMe, &[])),
            (Method::GET, "/2/users", call(Endpoint::GetUsers, &[])),
            (Method::GET, "/2/users/by", call(Endpoint::GetUsersBy, &[])),
            (Method::GET, "/2/users/12/blocking", call(Endpoint::GetBlocking, &["12"])),
            (Method::POST, "/2/users/12/blocking", call(Endpoint::PostBlocking, &["12"])),
            (Method::DELETE, "/2/users/1/blocking/2", call(Endpoint::DeleteBlocking, &["1", "2"])),
            (Method::GET, "/sandbox/meter", Route::Control(Asked::Control(Control::Meter))),
            (Method::GET, "/sandbox/no", Route::Control(Asked::Nowhere)),
            (Method::GET, "/sandboxes", Route::Nowhere),
            (Method::GET, "/", Route::Home),
            (Method::GET, "/sandbox/openapi.json", Route::Document),
            (Method::GET, "/i/oauth2/authorize", Route::Door(Door::Authorize)),
            (Method::POST, "/i/oauth2/authorize", Route::Door(Door::Decide)),
            (Method::POST, "/1.1/oauth/invalidate_token", Route::Door(Door::Invalidate)),
            (Method::GET, "/2/oauth2/token", wrong("POST")),
            (Method::DELETE, "/oauth/authorize", wrong("GET, HEAD, POST")),
            (Method::PUT, "/2/users/12/blocking", wrong("GET, HEAD, POST")),
            (Method::POST, "/2/users/me", wrong("GET, HEAD")),
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
