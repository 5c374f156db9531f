//! The flags of the commands that sign in and out.

use std::path::PathBuf;

use blocks_ports::AccountName;
use clap::{Args, Subcommand};

/// How to sign in.
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Ask for the right to block and unblock, too; without it the sign-in can only read
    #[arg(long, conflicts_with_all = ["oauth1", "from_xurl"])]
    pub(crate) write: bool,

    /// Ask for no refresh token: the sign-in ends after two hours
    #[arg(long, conflicts_with_all = ["oauth1", "from_xurl"])]
    pub(crate) no_refresh: bool,

    /// Open no browser: show the address, and read from stdin the one that it ends at
    #[arg(long, conflicts_with_all = ["oauth1", "from_xurl"])]
    pub(crate) headless: bool,

    /// Sign in with OAuth 1.0a and a PIN, for apps that have a consumer key
    #[arg(long, conflicts_with = "from_xurl")]
    pub(crate) oauth1: bool,

    /// Take over a sign-in of xurl, from ~/.xurl/auth.yml or another file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) from_xurl: Option<Option<PathBuf>>,

    /// With --from-xurl: the app to look under; its default app otherwise
    #[arg(long, value_name = "NAME", requires = "from_xurl")]
    pub(crate) xurl_app: Option<String>,

    /// With --from-xurl: the handle to take over; its default user otherwise
    #[arg(long, value_name = "HANDLE", requires = "from_xurl")]
    pub(crate) xurl_user: Option<String>,

    /// Your app's client id, or with --oauth1 its consumer key; the app of the last time otherwise
    #[arg(long, value_name = "ID", conflicts_with = "from_xurl")]
    pub(crate) client_id: Option<String>,

    /// A file that holds your app's secret; BLOCKS_CLIENT_SECRET can hold it as well
    #[arg(long, value_name = "FILE", conflicts_with = "from_xurl")]
    pub(crate) client_secret_file: Option<PathBuf>,

    /// Where X sends the browser back to, exactly as registered with your app
    /// [default: http://127.0.0.1:8739/callback]
    #[arg(long, value_name = "URI", conflicts_with_all = ["oauth1", "from_xurl"])]
    pub(crate) redirect_uri: Option<String>,

    /// Keep the secrets in the system's keychain instead of this program's file
    #[cfg(feature = "keyring")]
    #[arg(long)]
    pub(crate) keyring: bool,

    /// Give up when the browser has not come back after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) wait: u64,
}

/// How to sign out.
#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    /// Only forget the sign-in here; X is not told, and the tokens stay good
    #[arg(long)]
    pub(crate) local: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What to do with the accounts.
#[derive(Debug, Args)]
pub(crate) struct AccountsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<AccountsCommand>,
}

/// A change to the accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountsCommand {
    /// List the accounts; this is what `accounts` does without a command
    List,
    /// Work on this account unless told otherwise
    Default {
        /// The account
        #[arg(value_name = "NAME")]
        name: AccountName,
    },
    /// Give an account another name
    Rename {
        /// The account
        #[arg(value_name = "NAME")]
        from: AccountName,
        /// Its new name: 1 to 64 letters, digits, `.`, `_` or `-`
        #[arg(value_name = "NEW")]
        to: AccountName,
    },
    /// Forget an account and its sign-in; what was mirrored stays, and X is not told
    Remove(RemoveArgs),
}

/// Which account to forget.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The account
    #[arg(value_name = "NAME")]
    pub(crate) name: AccountName,

    /// Do it without asking
    #[arg(long, short)]
    pub(crate) yes: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How far to check.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Spend nothing: leave out the checks that X bills
    #[arg(long)]
    pub(crate) free: bool,
}
