//! The two ways to an authorization code: a browser that comes back, or an address pasted.

use std::io::BufRead;
use std::time::Duration;

use blocks_http::{AuthorizationRequest, RedirectError};
use blocks_ports::AuthorizationGrant;

use super::redirect::{RedirectListener, Returned};
use crate::commands::browser;
use crate::exit::{Exit, Failed};
use crate::output::{Output, counted, visible};

/// Sends the person's browser to the authorize page, and waits until it comes back.
pub(crate) async fn in_browser(
    request: AuthorizationRequest,
    redirect_uri: &str,
    wait: Duration,
    output: Output,
) -> anyhow::Result<Returned> {
    let listener = RedirectListener::bind(redirect_uri).await?;
    let url = request.url().to_string();
    output.insist("Your browser is asked to open this address; if it does not, open it yourself:");
    output.address(&url);
    // Whether it opens or not, the address stands above.
    tokio::task::spawn_blocking(move || browser::ask_to_open(&url));
    match tokio::time::timeout(wait, listener.wait(request)).await {
        Ok(returned) => returned,
        Err(_) => {
            let wait = counted(wait.as_secs(), "second", "seconds");
            let what = format!("the browser did not come back within {wait}");
            Err(Failed::new(Exit::NotSignedIn, what)
                .remedy(
                    "Run it again and answer the page in time (--wait gives more); where no \
                     browser can reach this machine, use --headless.",
                )
                .into())
        }
    }
}

/// Shows the address, and reads the one that the browser ends at.
pub(crate) async fn by_hand(
    request: AuthorizationRequest,
    output: Output,
) -> anyhow::Result<AuthorizationGrant> {
    output.insist("Open this address in any browser and answer the page:");
    output.address(request.url().as_str());
    output.insist(
        "The browser then goes to an address that may show an error. Paste that address here, \
         within 30 seconds of approving:",
    );
    let pasted = read_line().await?;
    request.read_redirect(&pasted).map_err(|error| refused(&error))
}

/// One line from stdin, without the space around it.
///
/// It is read on a thread of its own, so that Ctrl-C is heard meanwhile.
pub(crate) async fn read_line() -> anyhow::Result<String> {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = line.await??.trim().to_owned();
    if line.is_empty() {
        return Err(Failed::new(Exit::NotSignedIn, "nothing was entered")
            .remedy("Run it again; nothing was changed.")
            .into());
    }
    Ok(line)
}

/// The error of a redirect that brought no code.
pub(crate) fn refused(error: &RedirectError) -> anyhow::Error {
    let remedy = match error {
        RedirectError::Denied => "Nothing was stored. Run it again if that was a mistake.".into(),
        RedirectError::Refused { .. } => {
            "Check the client id, the redirect URI and the permissions in X's developer portal."
                .into()
        }
        _ => "Paste the whole address that this very sign-in ended at, from http to its end."
            .to_owned(),
    };
    Failed::new(Exit::NotSignedIn, visible(&error.to_string())).remedy(remedy).into()
}
