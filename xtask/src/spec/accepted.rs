//! Differences from the official files that are right all the same, each with its reason.

/// A difference that is accepted: every one that holds these parts.
struct Accepted {
    parts: [&'static str; 2],
    why: &'static str,
}

const ACCEPTED: [Accepted; 2] = [
    Accepted {
        parts: ["/public_metrics: ", "('media_count' was unexpected)"],
        why: "2.167 has `media_count`, and both vocabularies are answered from one store",
    },
    Accepted {
        parts: ["latest: GET ", "/affiliation/user_id: value is not of type \"string\""],
        why: "`affiliation.user_id` is a list since 2.166; the file of January 2025 is older",
    },
];

/// Why a difference is accepted, where it is.
pub(super) fn reason(difference: &str) -> Option<&'static str> {
    let holds = |accepted: &&Accepted| accepted.parts.iter().all(|part| difference.contains(part));
    ACCEPTED.iter().find(holds).map(|accepted| accepted.why)
}
