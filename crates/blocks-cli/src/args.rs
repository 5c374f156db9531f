//! The commands and flags.

use blocks_domain::{UserId, Username, Vocabulary, Wording};
use blocks_ports::{AccountName, MirrorOrder};
use clap::{Args, Parser, Subcommand, ValueEnum};

mod mirror;
mod numbers;
mod sandbox;
mod sign_in;

pub(crate) use mirror::{
    ChangesArgs, ForecastArgs, PullArgs, PurgeArgs, ReadingArgs, VerifyArgs, WatchArgs, days,
};
pub(crate) use sandbox::{FaultsArgs, SandboxCommand, ServeArgs, Switch, TierArg};
pub(crate) use sign_in::{
    AccountsArgs, AccountsCommand, DoctorArgs, LoginArgs, LogoutArgs, RemoveArgs,
};

/// Mirror, read and change the list of accounts that you block on X.
#[derive(Debug, Parser)]
#[command(name = "blocks", version, propagate_version = true, after_help = crate::exit::TABLE)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The account to work on, by the name you gave it; the default account otherwise
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) account: Option<AccountName>,

    /// Work against a sandbox inside this program: no sign-in, no money, a world of its own
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,

    /// With --sandbox: wait for rate windows as X would make you wait
    #[arg(long, global = true, requires = "sandbox")]
    pub(crate) real_time: bool,

    /// Another server than https://api.x.com, which BLOCKS_API_URL can name as well
    #[arg(long, global = true, value_name = "URL", conflicts_with = "sandbox")]
    pub(crate) api_url: Option<String>,

    /// Ask in these words; X renamed every tweet to post in August 2026
    #[arg(
        long,
        global = true,
        value_name = "WORDS",
        env = "BLOCKS_WORDS",
        hide_env_values = true,
        value_enum,
        default_value_t = Words::Tweet
    )]
    pub(crate) words: Words,

    /// Give up on a call when X is silent for so many seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,

    /// Try a call again so many times after trouble that may pass
    #[arg(long, global = true, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(0..=100))]
    pub(crate) retries: u16,

    /// Print JSON: one object, or one object a line for lists
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Show no progress and no hints
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Log what happens to stderr; twice for more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in to X, and stay signed in
    Login(LoginArgs),
    /// Sign out: make X forget the tokens, and forget them here
    Logout(LogoutArgs),
    /// Show who is signed in (X bills one user lookup)
    Whoami,
    /// List the accounts, choose the default, rename or remove one
    Accounts(AccountsArgs),
    /// Find out what this sign-in may do, and why not
    Doctor(DoctorArgs),
    /// Mirror the block list; goes on where it was cut off
    ///
    /// It reads the whole list where there is no complete mirror yet, or the last whole read is
    /// old; otherwise only what is new, from the newest block to the first that are known, which
    /// costs little. Whoever was unblocked elsewhere is only missed by a whole read.
    Pull(PullArgs),
    /// Tell what a pull would take: requests, time and money; nothing is sent
    Forecast(ForecastArgs),
    /// List the mirrored accounts: filter, sort, search
    List(ListArgs),
    /// Show one mirrored account
    Show(ShowArgs),
    /// Show figures about the mirrored list
    Stats,
    /// Show who came and went, under which names, and why as far as is known
    Changes(ChangesArgs),
    /// Read the whole list again, and tell by whom it differs from the mirror
    ///
    /// It costs as much as a full pull. What was read is not lost: where nothing differs it is
    /// the new mirror, and otherwise it is set aside for `blocks pull --accept`. The exit code is
    /// 7 where there is a difference.
    Verify(VerifyArgs),
    /// Follow blocks and unblocks into the mirror as they happen
    ///
    /// It subscribes to the events of the account, opens the stream, reads the newest blocks to
    /// close the gap since the last read, and keeps on until Ctrl-C; when the connection is cut
    /// it comes back and closes the gap again. X bills each event like one account read.
    Watch(WatchArgs),
    /// Forget stored profiles; ids and dates stay
    Purge(PurgeArgs),
    /// Block accounts, after showing them and asking
    Block(ChangeArgs),
    /// Unblock accounts, after showing them and asking
    Unblock(ChangeArgs),
    /// Serve, spoil or reset the sandbox
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Print the JSON schema of a model, in the words of --words, or the names of all
    Schema(SchemaArgs),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
    /// Print the manual page of the program or of a command
    Man(ManArgs),
    /// Open an address in the person's browser, without this program's secrets
    #[command(hide = true)]
    OpenBrowser(OpenBrowserArgs),
}

/// What to open.
#[derive(Debug, Args)]
pub(crate) struct OpenBrowserArgs {
    /// The address
    pub(crate) url: String,
}

/// What to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only accounts with this text in name, handle or bio, in upper or lower case
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,

    /// Only verified accounts
    #[arg(long, conflicts_with = "not_verified")]
    pub(crate) verified: bool,

    /// Only accounts that are not verified
    #[arg(long)]
    pub(crate) not_verified: bool,

    /// Only accounts that keep their posts private
    #[arg(long, conflicts_with = "public")]
    pub(crate) protected: bool,

    /// Only accounts whose posts are public
    #[arg(long)]
    pub(crate) public: bool,

    /// Only accounts with at least so many followers
    #[arg(long, value_name = "N", value_parser = numbers::whole)]
    pub(crate) min_followers: Option<u64>,

    /// Only accounts with at most so many followers
    #[arg(long, value_name = "N", value_parser = numbers::whole)]
    pub(crate) max_followers: Option<u64>,

    /// The order
    #[arg(long, value_enum, default_value_t = Order::Newest)]
    pub(crate) sort: Order,

    /// The order the other way round
    #[arg(long)]
    pub(crate) reverse: bool,

    /// At most so many accounts
    #[arg(long, value_name = "N", value_parser = numbers::whole)]
    pub(crate) limit: Option<u64>,
}

/// An order of the list.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Order {
    /// The newest block first
    Newest,
    /// By handle
    Username,
    /// By name
    Name,
    /// The most followers first
    Followers,
    /// The oldest account first
    Created,
}

impl From<Order> for MirrorOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Newest => Self::Newest,
            Order::Username => Self::Username,
            Order::Name => Self::Name,
            Order::Followers => Self::Followers,
            Order::Created => Self::Created,
        }
    }
}

/// Whom to show.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// An id, or a handle with or without @
    #[arg(value_name = "USER")]
    pub(crate) user: UserArg,
}

/// Whom to block or unblock.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Ids, or handles with or without @ (a handle of digits alone needs its @)
    #[arg(value_name = "USER", required = true)]
    pub(crate) users: Vec<UserArg>,

    /// Do it without asking
    #[arg(long, short)]
    pub(crate) yes: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Stop instead of waiting when the rate window is spent
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// A user as people name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserArg {
    Id(UserId),
    Handle(Username),
}

impl std::str::FromStr for UserArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().map(Self::Id).map_err(|error| error.to_string());
        }
        text.parse().map(Self::Handle).map_err(|error| error.to_string())
    }
}

impl std::fmt::Display for UserArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "user {id}"),
            Self::Handle(handle) => write!(f, "@{handle}"),
        }
    }
}

/// Which schema.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The model; without it, the names of all models are printed
    #[arg(value_name = "MODEL")]
    pub(crate) model: Option<String>,
}

/// A vocabulary, or whichever a server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Words {
    /// Those until August 2026
    Tweet,
    /// Those since then
    Post,
    /// Those that the server knows, which its refusals tell
    Auto,
}

impl From<Words> for Wording {
    fn from(words: Words) -> Self {
        match words {
            Words::Tweet => Self::Fixed(Vocabulary::Tweet),
            Words::Post => Self::Fixed(Vocabulary::Post),
            Words::Auto => Self::Auto,
        }
    }
}

impl Words {
    /// The vocabulary of what is spelt without a server.
    pub(crate) fn vocabulary(self) -> Vocabulary {
        match Wording::from(self) {
            Wording::Fixed(vocabulary) => vocabulary,
            Wording::Auto => Vocabulary::default(),
        }
    }
}

/// Which shell.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Which manual page.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The command, such as `pull` or `sandbox serve`; the program itself without it
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_the_command() {
        for line in [["blocks", "--sandbox", "pull"], ["blocks", "pull", "--sandbox"]] {
            assert!(Cli::try_parse_from(line).expect("valid").globals.sandbox);
        }
    }

    #[test]
    fn digits_are_an_id_and_an_at_sign_makes_them_a_handle() {
        assert!(matches!("123".parse(), Ok(UserArg::Id(_))));
        assert!(matches!("@123".parse(), Ok(UserArg::Handle(_))));
        assert!(matches!("jack".parse(), Ok(UserArg::Handle(_))));
        assert!("007".parse::<UserArg>().is_err());
        assert!("two words".parse::<UserArg>().is_err());
    }
}
