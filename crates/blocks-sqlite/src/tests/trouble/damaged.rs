//! A file in which something was overwritten.

use super::*;

/// What SQLite reads and writes at a time.
const PAGE: usize = 4_096;
/// How many files are damaged here and there.
const TRIALS: usize = 40;

/// Takes each step and looks at everything, on a file that is damaged; what fails must say so.
async fn use_damaged(path: &Path, what: &str) -> usize {
    let is_told = |error: &StoreError| {
        // Tables that lack a column may as well be those of another version.
        let other = error.kind == StoreFailure::Other && error.source.is_some();
        assert!(error.kind == StoreFailure::Damaged || other, "{what}: {error:?}");
        assert!(error.message.contains("blocks.db"), "{what} names the file: {error}");
    };
    let scene = match Scene::open_and_hold(path).await {
        Ok(scene) => scene,
        Err(error) => {
            is_told(&error);
            return 1;
        }
    };
    let mut failed = Vec::from_iter(scene.shown().await.err());
    for step in STEPS {
        failed.extend(scene.take(step).await.err());
    }
    failed.iter().for_each(is_told);
    failed.len()
}

#[tokio::test]
async fn whatever_meets_an_overwritten_page_says_so() {
    let (dir, path) = place();
    Scene::write(&path).await;
    let whole = fs::read(&path).expect("readable");
    let mut noticed = 0;
    for (number, start) in (0..whole.len()).step_by(PAGE).enumerate() {
        let path = copy(&path, &dir, &format!("page-{number}"));
        let mut bytes = whole.clone();
        bytes[start..start + PAGE].fill(if number % 2 == 0 { 0xff } else { 0 });
        fs::write(&path, &bytes).expect("written");
        noticed += usize::from(use_damaged(&path, &format!("page {number}")).await > 0);
    }
    let pages = whole.len() / PAGE;
    assert!(noticed > pages / 2, "{noticed} of {pages} pages matter to somebody");
}

#[tokio::test]
async fn whatever_meets_a_few_overwritten_bytes_says_so() {
    /// What begins a file says whose it is, which is another question.
    const HEADER: usize = 100;
    let (dir, path) = place();
    Scene::write(&path).await;
    let whole = fs::read(&path).expect("readable");
    let mut number = 1_u64;
    let mut below = |bound: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (number >> 33) as usize % bound
    };
    for trial in 0..TRIALS {
        let path = copy(&path, &dir, &format!("trial-{trial}"));
        let mut bytes = whole.clone();
        for _ in 0..16 {
            bytes[HEADER + below(whole.len() - HEADER)] = below(256) as u8;
        }
        fs::write(&path, &bytes).expect("written");
        use_damaged(&path, &format!("trial {trial}")).await;
    }
}
