//! The page for a person who opens the sandbox in a browser.

use std::fmt::Write;

use axum::http::request::Parts;
use secrecy::ExposeSecret;

use super::App;
use super::answer::Answer;
use super::control::host;
use super::page::{Page, escaped};
use super::recorded::RecordedRequest;
use crate::World;

/// How many of the last requests are shown.
const MOST_REQUESTS: usize = 20;

/// The page, if whoever asks may see it: tokens stand on it.
pub(super) fn answer(app: &App, head: &Parts) -> Answer {
    if let Err(complaint) = app.guard.admit_reader(head) {
        let text = escaped(complaint.message());
        let body = format!("<h1>Not for you</h1><p id=\"notice\">{text}</p>");
        let answer = Page::new(complaint.status(), "Not for you", &body).answer();
        return match complaint.status() {
            401 => answer.with_header("www-authenticate", "Basic realm=\"sandbox\"".to_owned()),
            _ => answer,
        };
    }
    let world = &app.world;
    let url = url(app, head);
    let sections = [
        introduction(world),
        commands(app, &url),
        windows(world),
        money(world),
        signing_in(world, &url),
        requests(world),
    ];
    let body = sections.concat();
    let title = "A sandbox that behaves like X";
    Page { status: 200, title, body: &body, form_targets: &[], is_wide: true }.answer()
}

/// The address under which the person reached the sandbox, if it can be pasted into a shell.
fn url(app: &App, head: &Parts) -> String {
    let is_plain =
        |host: &str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    let host = host(head).map(|host| host.to_string()).filter(|host| is_plain(host));
    format!("http://{}", host.unwrap_or_else(|| app.address.to_string()))
}

fn introduction(world: &World) -> String {
    let settings = world.settings();
    let owner = world.owner();
    let handle = escaped(&world.owner_name());
    let limits = if settings.limits { "counted" } else { "not counted" };
    let enrolled = if settings.enrolled { "" } else { ", but not enrolled" };
    format!(
        "<h1>A sandbox that behaves like X</h1>\
         <p>Programs can read and change block lists here as they would at X: with its pages, \
         limits, prices and errors, and with people who do not exist. \
         <a href=\"/\">Refresh</a></p>\
         <div class=\"scroll\"><table>\
         <tr><th scope=\"row\">Signed-in user</th><td>@{handle}, id <code>{owner}</code></td></tr>\
         <tr><th scope=\"row\">Blocks</th><td>{}</td></tr>\
         <tr><th scope=\"row\">Plan</th><td>{}{enrolled}</td></tr>\
         <tr><th scope=\"row\">Rate windows</th><td>{limits}</td></tr>\
         <tr><th scope=\"row\">Seed</th><td>{}</td></tr>\
         <tr><th scope=\"row\">Time here</th><td>{:.0}</td></tr>\
         <tr><th scope=\"row\">Faults that wait</th><td>{}</td></tr>\
         </table></div>",
        world.block_count(owner),
        settings.tier.name(),
        world.seed(),
        world.now(),
        world.faults_waiting().len(),
    )
}

/// Commands that work when they are pasted into a shell.
fn commands(app: &App, url: &str) -> String {
    let world = &app.world;
    let (owner, stranger) = (world.owner(), world.stranger(0));
    let token = world.token();
    let bearer = format!("-H 'Authorization: Bearer {}'", token.expose_secret());
    let json = "-H 'Content-Type: application/json'";
    let control = app
        .guard
        .token()
        .map(|token| format!(" -H 'Authorization: Bearer {}'", token.expose_secret()));
    let control = control.unwrap_or_default();
    let list = format!("{url}/2/users/{owner}/blocking");
    let all = [
        (
            "Whom you block, newest first",
            format!("curl '{list}?max_results=5&user.fields=created_at' {bearer}"),
        ),
        (
            "Block somebody",
            format!("curl '{list}' {bearer} {json} -d '{{\"target_user_id\":\"{stranger}\"}}'"),
        ),
        ("Unblock them", format!("curl -X DELETE '{list}/{stranger}' {bearer}")),
        ("Who you are", format!("curl '{url}/2/users/me' {bearer}")),
        (
            "Let 15 minutes pass",
            format!("curl '{url}/sandbox/advance'{control} {json} -d '{{\"seconds\":900}}'"),
        ),
        (
            "Let the next two calls fail",
            format!(
                "curl '{url}/sandbox/faults'{control} {json} -d \
                 '{{\"faults\":[{{\"kind\":\"status\",\"status\":503,\"times\":2}}]}}'"
            ),
        ),
        ("Everything else that can be controlled", format!("curl '{url}/sandbox'{control}")),
    ];
    let mut html = "<h2>To paste into a shell</h2>".to_owned();
    for (what, command) in all {
        let _ = write!(html, "<p class=\"of\">{what}</p><pre>{}</pre>", escaped(&command));
    }
    html
}

fn windows(world: &World) -> String {
    let mut rows = String::new();
    for (endpoint, window) in world.windows(world.owner()) {
        let (left, limit) = (window.remaining(), window.limit().requests());
        let class = if left == 0 { " class=\"bad\"" } else { "" };
        let endpoint = escaped(&endpoint.to_string());
        let _ = write!(
            rows,
            "<tr><td><code>{endpoint}</code></td><td{class}>{left} of {limit}</td><td>{:.0}</td></tr>",
            window.reset(),
        );
    }
    if rows.is_empty() {
        return "<h2>Rate windows</h2><p>None is open for the signed-in user.</p>".to_owned();
    }
    format!(
        "<h2>Rate windows</h2><div class=\"scroll\"><table>\
         <tr><th>Call</th><th>Left</th><th>Ends</th></tr>{rows}</table></div>"
    )
}

fn money(world: &World) -> String {
    let reading = world.meter();
    let credits = reading.credits.map_or_else(|| "no bound".to_owned(), |left| left.to_string());
    format!(
        "<h2>Money</h2><div class=\"scroll\"><table>\
         <tr><th scope=\"row\">X would have charged</th><td>{}</td></tr>\
         <tr><th scope=\"row\">Block reads paid for</th><td>{}</td></tr>\
         <tr><th scope=\"row\">User lookups paid for</th><td>{}</td></tr>\
         <tr><th scope=\"row\">Reads that were free again</th><td>{}</td></tr>\
         <tr><th scope=\"row\">Credits left</th><td>{credits}</td></tr></table></div>",
        reading.cost, reading.block_reads, reading.user_lookups, reading.free_reads,
    )
}

fn signing_in(world: &World, url: &str) -> String {
    let (app, public) = (world.app(), world.public_app());
    let secret = app.client_secret.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
    let redirect = app.redirect_uri.as_deref().unwrap_or_default();
    let row = |name: &str, value: &str| {
        format!("<tr><th scope=\"row\">{name}</th><td><code>{}</code></td></tr>", escaped(value))
    };
    let rows = [
        row("Authorize page", &format!("{url}/i/oauth2/authorize")),
        row("Token endpoint", &format!("{url}/2/oauth2/token")),
        row("Client id", &app.client_id),
        row("Client secret", secret),
        row("Client id without a secret", &public.client_id),
        row("Redirect URI", redirect),
    ];
    let rows = rows.concat();
    format!("<h2>Signing in with OAuth 2.0</h2><div class=\"scroll\"><table>{rows}</table></div>")
}

fn requests(world: &World) -> String {
    let all = world.requests();
    let rows: String = all.iter().rev().take(MOST_REQUESTS).map(request).collect();
    if rows.is_empty() {
        return "<h2>Last requests</h2><p>None so far.</p>".to_owned();
    }
    format!(
        "<h2>Last requests</h2><div class=\"scroll\"><table>\
         <tr><th>Status</th><th>Request</th><th>User</th><th>Time here</th><th>Took</th></tr>\
         {rows}</table></div>{}",
        "<p><code>GET /sandbox/requests</code> tells more of them.</p>"
    )
}

fn request(request: &RecordedRequest) -> String {
    let status = request.status.map_or_else(|| "reset".to_owned(), |status| status.to_string());
    let class = match request.status {
        Some(200..400) => "",
        _ => " class=\"bad\"",
    };
    let mut line = format!("{} {}", request.method, request.path);
    for (number, (name, value)) in request.query.iter().enumerate() {
        let joint = if number == 0 { '?' } else { '&' };
        let _ = write!(line, "{joint}{name}={value}");
    }
    let fault = request.fault.map(|fault| format!(" (fault: {fault})")).unwrap_or_default();
    let user = request.user.map_or_else(|| "–".to_owned(), |user| user.to_string());
    format!(
        "<tr><td{class}>{status}{fault}</td><td><code>{}</code></td><td>{user}</td>\
         <td>{:.0}</td><td>{} ms</td></tr>",
        escaped(&line),
        request.at,
        request.took.as_millis(),
    )
}
