//! What all pages of the sandbox have in common: how they look, and what they may do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::answer::{Answer, Content};

pub(super) const HTML: &str = "text/html; charset=utf-8";

/// A page for a browser: plain HTML, without a script or anything from elsewhere.
pub(super) struct Page<'a> {
    pub(super) status: u16,
    /// The title, as HTML.
    pub(super) title: &'a str,
    /// What stands on it, as HTML.
    pub(super) body: &'a str,
    /// Where a form on it may lead besides this server, as a policy names it.
    pub(super) form_targets: &'a [String],
    /// Whether it is as wide as the window, rather than as a form.
    pub(super) is_wide: bool,
}

const STYLE: &str = "\
    :root{color-scheme:light dark;--line:#8886;--good:#0a6b4b;--soft:#8881}\
    body{margin:0;min-height:100vh;display:grid;place-items:center;\
    font:1rem/1.5 system-ui,sans-serif}\
    main{box-sizing:border-box;width:min(28rem,100%);padding:2rem}\
    main.wide{width:min(64rem,100%)}\
    h1{font-size:1.5rem;font-weight:500;line-height:1.25}\
    h2{margin:2rem 0 .5rem;font-size:1.1rem;font-weight:600}\
    small{display:block;padding-bottom:1rem;border-bottom:1px solid var(--line);opacity:.7}\
    li{margin:.25rem 0}\
    label{display:block;margin-top:1.5rem;font-weight:600}\
    input{box-sizing:border-box;width:100%;margin-top:.25rem}\
    input,button{padding:.6rem .9rem;border:1px solid var(--line);border-radius:.5rem;font:inherit}\
    form div{display:flex;gap:.75rem}\
    button{flex:1;cursor:pointer}\
    #approve{border-color:var(--good);background:var(--good);color:#fff}\
    #complaint{color:#c22}#complaint:empty{visibility:hidden}\
    #pin{font:600 2.5rem/1 ui-monospace,monospace;letter-spacing:.15em}\
    code,pre{font-family:ui-monospace,monospace;font-size:.9em}\
    code{overflow-wrap:anywhere}\
    pre{margin:.25rem 0 1rem;padding:.75rem 1rem;border:1px solid var(--line);\
    border-radius:.5rem;background:var(--soft);white-space:pre-wrap;overflow-wrap:anywhere}\
    p.of{margin:1rem 0 0;opacity:.8}\
    .scroll{overflow-x:auto}\
    table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}\
    th,td{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);\
    text-align:left;vertical-align:top}\
    th{font-weight:600;white-space:nowrap}\
    th[scope=row]{width:16rem}\
    td.bad{color:#c22}";

impl<'a> Page<'a> {
    /// A narrow page without a form.
    pub(super) const fn new(status: u16, title: &'a str, body: &'a str) -> Self {
        Self { status, title, body, form_targets: &[], is_wide: false }
    }

    pub(super) fn answer(&self) -> Answer {
        let Self { title, body, .. } = self;
        let class = if self.is_wide { " class=\"wide\"" } else { "" };
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head><body><main{class}>\
             <small>Sandbox: nothing that you do here reaches X.</small>{body}</main></body></html>"
        );
        let style = STANDARD.encode(Sha256::digest(STYLE));
        // Browsers follow a form's redirect only to where `form-action` allows it.
        let targets: String = self.form_targets.iter().map(|target| format!(" {target}")).collect();
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'{targets}; \
             base-uri 'none'; frame-ancestors 'none'"
        );
        Answer::new(self.status, Content::Raw { content_type: HTML, body: html.into() })
            .with_header("content-security-policy", policy)
            .with_header("x-frame-options", "DENY".to_owned())
            .with_header("referrer-policy", "no-referrer".to_owned())
            .with_header("x-content-type-options", "nosniff".to_owned())
            .not_to_be_stored()
    }
}

/// A text as HTML, in which what stands between backticks is code.
pub(super) fn with_code(text: &str) -> String {
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
pub(super) fn escaped(text: &str) -> String {
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
}
