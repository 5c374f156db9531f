//! What an answer says when it is no success.

use blocks_domain::{ErrorBody, Failure, Problem, ProblemType, excerpt};
use blocks_ports::ApiError;

use crate::answer::{Answer, Broken};

impl Answer<'_> {
    /// The failure that an answer outside 2xx is.
    ///
    /// The status decides, however little of the body can be read.
    pub(crate) fn refusal(mut self) -> ApiError {
        let problems = self.problems();
        let types = problem_types(&problems);
        let kind = Failure::of_status(self.status.as_u16(), &types).unwrap_or(Failure::Malformed);
        let said = if self.status.is_redirection() {
            Some(self.redirection())
        } else {
            message(&problems).or_else(|| Some(self.quoted()))
        };
        let mut error = self.error(kind).with_problems(problems);
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            error = error.with_detail(said);
        }
        match self.broken.take() {
            Some(Broken::Cut(cause)) => error.with_source(cause.without_url()),
            Some(Broken::TooLarge { .. }) | None => error,
        }
    }

    /// The failure of a 2xx answer that lacks what it is for: what its problems say, if any.
    pub(crate) fn without(&self, key: &str) -> ApiError {
        let problems = self.problems();
        match problems.iter().find_map(failure_of) {
            Some(kind) => {
                let said = message(&problems).unwrap_or_else(|| "X gives no reason".to_owned());
                self.error(kind).with_detail(said).with_problems(problems)
            }
            None => {
                let lack = format!("the answer has no `{key}`");
                self.malformed(lack).with_problems(problems)
            }
        }
    }

    /// The problems that the body names, without the token; none where it is not JSON.
    fn problems(&self) -> Vec<Problem> {
        let body: Result<ErrorBody, _> = serde_json::from_str(&self.text());
        let problems = body.map(ErrorBody::into_problems).unwrap_or_default();
        self.token.cut_out_of_problems(problems)
    }

    fn redirection(&self) -> String {
        let (host, target) = (&self.host, self.points_to.as_deref().unwrap_or("nowhere"));
        format!(
            "{host} answers with a redirect to {target}, which a token must not follow; check the \
             address of the API"
        )
    }
}

/// The failure that a problem under a 2xx status names, by its type or by its own status.
fn failure_of(problem: &Problem) -> Option<Failure> {
    let problem_type = problem.problem_type();
    problem_type
        .as_ref()
        .and_then(Failure::of_problem)
        .or_else(|| Failure::of_status(problem.status?, &problem_type))
}

fn problem_types(problems: &[Problem]) -> Vec<ProblemType> {
    problems.iter().filter_map(Problem::problem_type).collect()
}

/// What X says first, fit to be shown.
fn message(problems: &[Problem]) -> Option<String> {
    problems.iter().find_map(Problem::message).map(excerpt)
}
