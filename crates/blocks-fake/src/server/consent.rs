//! The pages that a person sees while signing in: plain HTML, for any browser, without a script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::answer::{Answer, Content};

/// What a consent page asks.
pub(super) struct Consent<'a> {
    /// The app that asks.
    pub(super) app: &'a str,
    /// What it may do, in words: what stands between backticks is code.
    pub(super) allows: Vec<String>,
    /// The path that the form is sent to.
    pub(super) action: &'static str,
    /// Good for one answer.
    pub(super) ticket: &'a str,
    /// The account that is proposed.
    pub(super) username: &'a str,
    /// Where the answer leads; `None` where it stays on a page.
    pub(super) leads_to: Option<&'a str>,
    /// What was wrong with the last try.
    pub(super) complaint: Option<String>,
}

impl Consent<'_> {
    pub(super) fn answer(&self) -> Answer {
        let app = escaped(self.app);
        let allows: String =
            self.allows.iter().map(|item| format!("<li>{}</li>", with_code(item))).collect();
        let complaint = self.complaint.as_deref().map(escaped).unwrap_or_default();
        let leads_to = self.leads_to.map_or_else(
            || "You then get a PIN to type into the app.".to_owned(),
            |uri| format!("You are then sent to <code>{}</code>.", escaped(uri)),
        );
        // Enter in the text field presses the first button of the form, which must not consent.
        let body = format!(
            "<h1><b>{app}</b> wants to use an account</h1>\
             <p>If you approve, it may:</p><ul id=\"allows\">{allows}</ul>\
             <form method=\"post\" action=\"{action}\">\
             <input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\
             <label for=\"username\">The account’s handle</label>\
             <input id=\"username\" name=\"username\" value=\"{username}\" autocomplete=\"off\" \
             autocapitalize=\"none\" spellcheck=\"false\" required>\
             <p id=\"complaint\" role=\"alert\">{complaint}</p>\
             <div><button id=\"deny\" name=\"deny\" value=\"yes\" formnovalidate>Deny</button>\
             <button id=\"approve\" name=\"approve\" value=\"yes\">Approve</button></div>\
             </form><p>{leads_to}</p>",
            action = self.action,
            ticket = escaped(self.ticket),
            username = escaped(self.username),
        );
        let status = if self.complaint.is_some() { 400 } else { 200 };
        page(status, &format!("Let {app} use an account?"), &body, self.leads_to)
    }
}

/// A page that tells the PIN.
pub(super) fn pin(pin: &str) -> Answer {
    let body = format!(
        "<h1>Almost done</h1><p>Type this PIN into the app:</p><p id=\"pin\">{}</p>",
        escaped(pin)
    );
    page(200, "Your PIN", &body, None)
}

/// A page that tells something that went another way than an app may have hoped.
pub(super) fn notice(status: u16, title: &str, text: &str) -> Answer {
    let (title, text) = (escaped(title), escaped(text));
    page(status, &title, &format!("<h1>{title}</h1><p id=\"notice\">{text}</p>"), None)
}

/// Sends a browser on.
pub(super) fn redirect(address: String) -> Answer {
    let body = Content::Raw { content_type: HTML, body: axum::body::Body::empty() };
    Answer::new(303, body).with_header("location", address).not_to_be_stored()
}

const HTML: &str = "text/html; charset=utf-8";

const STYLE: &str = "\
    :root{color-scheme:light dark;--line:#8886;--good:#0a6b4b}\
    body{margin:0;min-height:100vh;display:grid;place-items:center;\
    font:1rem/1.5 system-ui,sans-serif}\
    main{box-sizing:border-box;width:min(28rem,100%);padding:2rem}\
    h1{font-size:1.5rem;font-weight:500;line-height:1.25}\
    small{display:block;padding-bottom:1rem;border-bottom:1px solid var(--line);opacity:.7}\
    li{margin:.25rem 0}\
    label{display:block;margin-top:1.5rem;font-weight:600}\
    input{box-sizing:border-box;width:100%;margin-top:.25rem}\
    input,button{padding:.6rem .9rem;border:1px solid var(--line);border-radius:.5rem;font:inherit}\
    div{display:flex;gap:.75rem}\
    button{flex:1;cursor:pointer}\
    #approve{border-color:var(--good);background:var(--good);color:#fff}\
    #complaint{color:#c22}#complaint:empty{visibility:hidden}\
    #pin{font:600 2.5rem/1 ui-monospace,monospace;letter-spacing:.15em}\
    code{overflow-wrap:anywhere}";

/// A whole page; `title` and `body` are HTML, and a form on it may lead to `leads_to`.
fn page(status: u16, title: &str, body: &str, leads_to: Option<&str>) -> Answer {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>\
         <small>Sandbox: nothing that you do here reaches X.</small>{body}</main></body></html>"
    );
    let style = STANDARD.encode(Sha256::digest(STYLE));
    // Browsers follow a form's redirect only to where `form-action` allows it.
    let targets = leads_to.map(|uri| format!(" {}", form_target(uri))).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'{targets}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    Answer::new(status, Content::Raw { content_type: HTML, body: html.into() })
        .with_header("content-security-policy", policy)
        .with_header("x-frame-options", "DENY".to_owned())
        .with_header("referrer-policy", "no-referrer".to_owned())
        .with_header("x-content-type-options", "nosniff".to_owned())
        .not_to_be_stored()
}

/// Where an address leads, as a policy can name it: its origin, or its scheme alone where the
/// grammar of policies has no words for the host, such as an IPv6 address.
fn form_target(uri: &str) -> String {
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    let scheme: String =
        scheme.chars().filter(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)).collect();
    let authority = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next());
    let is_plain = |host: &&str| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b))
    };
    match authority.filter(is_plain) {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{scheme}:"),
    }
}

/// A text as HTML, in which what stands between backticks is code.
fn with_code(text: &str) -> String {
    let parts = escaped(text);
    let mut html = String::new();
    for (number, part) in parts.split('`').enumerate() {
        match number % 2 {
            0 => html.push_str(part),
            _ => html.push_str(&format!("<code>{part}</code>")),
        }
    }
    html
}

/// A text as HTML, inside an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(
            escaped("<a href=\"x\" id='y'>&"),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;"
        );
        assert_eq!(with_code("with `<b>` only"), "with <code>&lt;b&gt;</code> only");
    }

    #[test]
    fn a_policy_names_the_target_of_a_form_and_nothing_more() {
        for (uri, target) in [
            ("http://127.0.0.1:8739/callback", "http://127.0.0.1:8739"),
            ("http://[::1]:8739/callback", "http:"),
            ("https://example.com?x=1", "https://example.com"),
            ("my.app://callback", "my.app://callback"),
            ("my.app:/callback", "my.app:"),
            ("http://a; script-src *", "http:"),
            ("a; script-src *://b", "ascript-src://b"),
        ] {
            assert_eq!(form_target(uri), target, "{uri}");
        }
    }
}
