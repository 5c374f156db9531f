//! Who may do what while a block stands.

use blocks_domain::{BlockStanding, PERMISSIONS, Permission};

use crate::facts::{Cell, Facts};

pub(super) fn facts() -> Vec<Facts> {
    let row = |permission: Permission| {
        let verdicts = BlockStanding::ALL.map(|standing| permission.verdict(standing));
        let verdicts = verdicts.into_iter().map(Cell::text);
        std::iter::once(Cell::text(permission.action)).chain(verdicts).collect()
    };
    vec![Facts {
        heading: "Who may do what".into(),
        home: "`PERMISSIONS`",
        columns: vec!["action", "when blocked", "when blocking"],
        key: 1,
        rows: PERMISSIONS.map(row).to_vec(),
    }]
}
