//! The packages of the workspace, as cargo sees them.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// A package of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// Its name.
    pub(crate) name: String,
    /// Its manifest, from the root of the project.
    pub(crate) manifest: String,
    /// What it names in its manifest.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A direct dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The name of the package.
    pub(crate) name: String,
    /// What it is needed for.
    pub(crate) kind: Kind,
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The product.
    Normal,
    /// The product, with a feature alone.
    Optional,
    /// Tests, examples and benchmarks.
    Dev,
    /// The build script.
    Build,
}

impl Kind {
    /// The word that the tables have for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Optional => "optional",
            Self::Dev => "dev",
            Self::Build => "build",
        }
    }
}

/// Asks cargo for the packages of the workspace at `root`, by name.
pub(crate) fn members(root: &Path) -> Result<Vec<Member>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("asking cargo for the workspace")?;
    let mut members = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| member(package, metadata.workspace_root.as_std_path()))
        .collect::<Result<Vec<_>>>()?;
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(members)
}

fn member(package: &Package, root: &Path) -> Result<Member> {
    let manifest = package.manifest_path.as_std_path().strip_prefix(root)?;
    let dependencies = package.dependencies.iter().map(|dependency| Dependency {
        name: dependency.name.clone(),
        kind: match dependency.kind {
            DependencyKind::Development => Kind::Dev,
            DependencyKind::Build => Kind::Build,
            _ if dependency.optional => Kind::Optional,
            _ => Kind::Normal,
        },
    });
    Ok(Member {
        name: package.name.to_string(),
        manifest: manifest.to_string_lossy().replace('\\', "/"),
        dependencies: dependencies.collect(),
    })
}
