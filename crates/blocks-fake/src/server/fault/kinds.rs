//! The kinds of faults as files and the control interface name them.

/// A kind of fault, as a file of faults names it.
///
/// ```
/// use blocks_fake::server::{Fault, KindOfFault};
///
/// for kind in KindOfFault::ALL {
///     assert!(Fault::read_toml(&kind.example()).is_ok(), "{}", kind.name);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KindOfFault {
    /// The word for it.
    pub name: &'static str,
    /// What it does, as part of a sentence about the call.
    pub does: &'static str,
    /// The keys that belong to it, each with what it takes.
    pub keys: &'static [(&'static str, &'static str)],
    /// What an example says besides the kind.
    example: &'static str,
}

/// The keys that every fault takes, each with what it takes.
pub(super) const COMMON_KEYS: &[(&str, &str)] = &[
    (
        "at",
        "\"all\" calls (if absent), or one as the reference spells it, such as \"GET /2/users/me\" or \"POST /2/oauth2/token\"",
    ),
    ("after", "how many calls go well first"),
    (
        "times",
        "how many calls meet it: 1 if absent, and all of them with a probability or a moment",
    ),
    ("probability", "how likely a call meets it, 0 to 1"),
    ("from", "the time of the sandbox at which it begins, such as \"2026-08-07T12:00:00Z\""),
    ("until", "the time of the sandbox at which it ends"),
];

const HEADER: (&str, &str) = (
    "header",
    "one of x-rate-limit-limit, x-rate-limit-remaining, x-rate-limit-reset, date, content-type",
);

impl KindOfFault {
    /// All of them.
    pub const ALL: [Self; 17] = [
        kind(
            "status",
            "is refused with a status and the body that the API documents for it",
            &[
                ("status", "400 to 404, 413, 429, or 500 to 504"),
                ("problem", "which one, where a status has several, such as \"usage-capped\""),
                (
                    "format",
                    "\"json\" (if absent), \"text\" or \"html\"; with a body of your own, any status",
                ),
                ("body", "another body than the documented one"),
            ],
            "status = 503\nformat = \"text\"\n",
        ),
        kind("delay", "is answered late", &[("ms", "how late")], "ms = 250\n"),
        kind(
            "drip",
            "is answered with a body that comes in small pieces",
            &[
                ("bytes", "the size of a piece, 64 if absent"),
                ("ms", "the wait between pieces, 100 if absent"),
            ],
            "bytes = 256\nms = 50\n",
        ),
        kind(
            "stall",
            "is answered with half a body, and then nothing until the connection ends",
            &[("ms", "when it ends, 600000 if absent")],
            "ms = 30000\n",
        ),
        kind("truncate", "is cut off in the middle of the body", &[], ""),
        kind("reset", "meets a connection that is reset, and is not made", &[], ""),
        kind("malformed-json", "is answered with JSON that breaks off", &[], ""),
        kind(
            "oversized",
            "is answered with a body padded to a size",
            &[("bytes", "the size")],
            "bytes = 20000000\n",
        ),
        kind(
            "missing-header",
            "is answered without a header",
            &[HEADER],
            "header = \"x-rate-limit-reset\"\n",
        ),
        kind(
            "wrong-header",
            "is answered with something else in a header",
            &[HEADER, ("value", "what it holds instead")],
            "header = \"x-rate-limit-remaining\"\nvalue = \"many\"\n",
        ),
        kind(
            "clock-off",
            "is answered with a Date that is off",
            &[("seconds", "by how much; below 0 for a clock that is slow")],
            "seconds = -300\n",
        ),
        kind("without-meta", "is answered with a page that has no meta", &[], ""),
        kind("without-next-token", "is answered with a page that looks like the last one", &[], ""),
        kind(
            "repeated-token",
            "is answered with a page that names itself as the next one",
            &[],
            "",
        ),
        kind(
            "duplicate-page",
            "is answered with a page whose next_token leads to the same page again",
            &[],
            "",
        ),
        kind(
            "empty-page",
            "is answered with a page without users, and the users come behind its next_token",
            &[],
            "",
        ),
        kind(
            "result-count-off",
            "is answered with a page whose result_count is off",
            &[("by", "by how much")],
            "by = -1\n",
        ),
    ];

    /// The keys that every fault takes besides, each with what it takes.
    pub const COMMON_KEYS: &[(&str, &str)] = COMMON_KEYS;

    /// A file with one fault of this kind, as TOML.
    #[must_use]
    pub fn example(&self) -> String {
        format!("[[faults]]\nkind = \"{}\"\n{}", self.name, self.example)
    }

    /// The kind with a name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        const ALL: &[KindOfFault] = &KindOfFault::ALL;
        ALL.iter().find(|kind| kind.name == name)
    }
}

const fn kind(
    name: &'static str,
    does: &'static str,
    keys: &'static [(&'static str, &'static str)],
    example: &'static str,
) -> KindOfFault {
    KindOfFault { name, does, keys, example }
}
