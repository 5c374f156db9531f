//! What an answer says when it is no success.

use blocks_domain::{ErrorBody, Failure, Problem, ProblemType, UnknownWord, excerpt};
use blocks_ports::ApiError;

use crate::answer::{Answer, Broken};

impl Answer<'_> {
    /// The failure that an answer outside 2xx is.
    ///
    /// The status decides, however little of the body can be read.
    pub(crate) fn refusal(self) -> ApiError {
        let (problems, body) = (self.problems(), self.quoted());
        self.refused(&problems, body).with_problems(problems)
    }

    /// The same of an answer whose body can hold tokens: it shows nothing that is not meant as a
    /// message.
    pub(crate) fn discreet_refusal(self) -> ApiError {
        let problems = self.problems();
        self.refused(&problems, String::new())
    }

    fn refused(mut self, problems: &[Problem], otherwise: String) -> ApiError {
        let types = problem_types(problems);
        let kind = match Failure::of_status(self.status.as_u16(), &types) {
            // A page that is not there, of some other server, is no user who is not there.
            Some(Failure::NotFound) if !self.is_json() => Failure::Malformed,
            kind => kind.unwrap_or(Failure::Malformed),
        };
        let said = if self.status.is_redirection() {
            self.redirection()
        } else {
            message(problems).unwrap_or(otherwise)
        };
        let said = match UnknownWord::first_of(problems) {
            Some(unknown) if kind == Failure::InvalidRequest => format!("{said}; {unknown}"),
            _ => said,
        };
        let mut error = self.error(kind);
        if !said.is_empty() {
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

    /// The problems that the body names, without the secrets; none where it is not JSON.
    fn problems(&self) -> Vec<Problem> {
        let body: Result<ErrorBody, _> = serde_json::from_str(&self.text());
        let problems = body.map(ErrorBody::into_problems).unwrap_or_default();
        self.secrets.cut_out_of_problems(problems)
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
pub(crate) fn failure_of(problem: &Problem) -> Option<Failure> {
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
pub(crate) fn message(problems: &[Problem]) -> Option<String> {
    problems.iter().find_map(Problem::message).map(excerpt)
}
