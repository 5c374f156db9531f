//! The words that profiles are made of.

/// First names, in several scripts.
pub(super) const NAMES: [&str; 20] = [
    "Nora",
    "Félix",
    "Marta",
    "健司",
    "Amara",
    "Łukasz",
    "Inês",
    "Óskar",
    "Зоя",
    "प्रिया",
    "Tomás",
    "יערה",
    "Bo",
    "Selma",
    "Darío",
    "美玲",
    "فاطمة",
    "Νίκος",
    "지우",
    "Grace",
];

/// Last names.
pub(super) const SURNAMES: [&str; 12] = [
    "Lindqvist",
    "Okafor",
    "山田",
    "García",
    "O’Brien",
    "Kowalska",
    "Nguyễn",
    "Haddad",
    "Müller",
    "Costa",
    "Ivanova",
    "Park",
];

/// What stands behind a name now and then: emoji, joined emoji, wide letters, a flag.
pub(super) const ORNAMENTS: [&str; 8] = ["🌱", "👩‍🚀", "✨", "🇧🇷", "ＯＫ", "👨‍👩‍👧", "🦊🦊", "é"];

/// Harmless sentences for bios and posts.
pub(super) const SENTENCES: [&str; 14] = [
    "Bakes bread and reads maps.",
    "Cartographer of small islands.",
    "Opinions are on loan.",
    "Writes about rivers, bridges and the people between them.",
    "Retired lighthouse keeper 🗼",
    "日本と北欧のデザインが好き。",
    "Coffee first, questions later ☕",
    "Collects commas; spends them freely.",
    "Sings in two choirs, one of them in tune.",
    "Former postman. Still knows every dog.",
    "أحب الخرائط القديمة",
    "Mends bicycles on Saturdays.",
    "Learning the cello at last 🎻",
    "Here for the herons.",
];

/// Texts that try to do something to whoever shows them: escape sequences that clear a terminal,
/// retitle it or hide text, control characters, marks that reverse the reading direction, and
/// what spreadsheets take for a formula.
pub(super) const HOSTILE: [&str; 8] = [
    "\u{1b}[2J\u{1b}[1;1Hnothing to see here",
    "\u{1b}]0;owned\u{7}just a title",
    "\u{1b}[8mhidden\u{1b}[0m shown",
    "first\rsecond\u{8}\u{8}third",
    "\u{202e}txt.exe\u{202c} harmless",
    "\u{2066}isolated\u{2069}\u{200f} text",
    "=HYPERLINK(\"https://example.com\",\"click\")",
    "line one\nline two\ttabbed\u{0}\u{9b}31m",
];

/// Tags without their sign.
pub(super) const TAGS: [&str; 8] =
    ["maps", "rivers", "bread", "Rust", "herons", "cello", "木工", "bikes"];

/// Ticker symbols without their sign.
pub(super) const TICKERS: [&str; 4] = ["ACME", "XMPL", "LOAF", "REED"];

/// Places as people write them.
pub(super) const PLACES: [&str; 8] = [
    "Reykjavík",
    "東京",
    "Porto, Portugal",
    "the ferry",
    "Lagos",
    "🌍",
    "somewhere north",
    "Kraków",
];

/// Languages of posts.
pub(super) const LANGUAGES: [&str; 6] = ["en", "de", "ja", "pt", "ar", "und"];

/// Countries in which something may be withheld.
pub(super) const COUNTRIES: [&str; 5] = ["DE", "FR", "IN", "TR", "BR"];
