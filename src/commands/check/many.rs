//! Many ids: a verdict for each, as they come. Failures are verdicts, too, and what stops a batch stops this one.

use std::cell::RefCell;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::Args;
use super::junit::Report;
use super::result::{CheckRecord, CheckResult, Outcome};
use super::suite::Check;
use crate::account::{Id, RESOURCES, Redactor, Resource, id};
use crate::client::Client;
use crate::commands::many::{self, Answer, Task};
use crate::commands::poll::{self, Question};
use crate::commands::results::{Ending, Results};
use crate::commands::session::Session;
use crate::commands::{CommandStatus, Context};
use crate::error::{Error, Kind, Result};
use crate::expression::Expression;
use crate::output::{Format, Piece, Printer, record};
use crate::process::lock;
use crate::text::grouped;

/// Checks every id.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, ui, shutdown, .. } = context;
    // An expectation may be about one of the APIs only.
    let expected = RESOURCES.map(|resource| poll::parse_all(&args.expect, resource).map(Arc::from));
    if let [Err(error), Err(_)] = expected {
        return Err(error);
    }
    let session = Session::open(context, &flags.for_config())?;
    let format = session.settings.output.value.for_other_results();
    let report = Arc::new(Mutex::new(Report::new(args.report_junit.clone(), "check", Instant::now())));
    let (judged, told) = (report.clone(), Arc::clone(ui));
    let end = move |kind| {
        let error = Error::new(kind, "a signal ended the run: further ids have not been checked");
        if let Err(error) = lock(&judged).write(Some(&error)) {
            told.error(&error);
        }
    };
    let columns = [("ID", "id"), ("Verdict", "Verdict"), ("Unmet", "unmet")];
    let printer = Printer::of_records(format, &columns, ui.screen());
    let results = Results::new(ui, printer, shutdown, Ending::Stopped, Some(Box::new(end)));
    let ids = many::Ids { arguments: &args.ids, args: &args.batch, resources: &RESOURCES, parse: id::route };
    let task = Judge { expected, redactor: session.redactor(), strict: flags.strict, format, report: &report };
    let Some(status) = many::run(&ids, &task, &session, &results, Ending::Stopped, context)? else {
        return Ok(CommandStatus::Done);
    };
    let mut report = lock(&report);
    let counts = report.counts;
    let [_, unmet, _] = counts.0;
    if counts.total() == 0 && status.is_ok() {
        // Nothing is not what was to be checked.
        return Err(Error::new(Kind::Usage, "there is no id to check").hint("did the command before the pipe fail?"));
    }
    let written = report.write(status.as_ref().err());
    if !format.has_json_errors() {
        ui.note(&counts.text(report.started.elapsed()));
    }
    if unmet > 0 {
        let kind = match &status {
            Ok(CommandStatus::Done) => Kind::Unmet,
            Ok(CommandStatus::Failed(kind)) => *kind,
            Err(error) => error.kind(),
        };
        let message = format!("{} of {} accounts are not as expected", grouped(unmet), grouped(counts.total()));
        ui.error(&Error::new(kind, message));
    }
    written?;
    Ok(match status? {
        CommandStatus::Done if unmet > 0 => CommandStatus::Failed(Kind::Unmet),
        status => status,
    })
}

/// The verdict on each account.
struct Judge<'a> {
    /// What is expected of the accounts of each resource, or why that is no expectation there.
    expected: [Result<Arc<[Expression]>>; 2],
    redactor: &'a Redactor,
    strict: bool,
    format: Format,
    report: &'a Mutex<Report>,
}

impl Judge<'_> {
    fn expected(&self, is_meant: impl Fn(&Resource) -> bool) -> Result<Arc<[Expression]>> {
        let mut expected = RESOURCES.iter().zip(&self.expected).filter(|(resource, _)| is_meant(resource));
        expected.next().map_or_else(|| Ok(Arc::default()), |(_, expected)| expected.clone())
    }
}

impl Task for Judge<'_> {
    type Kept = CheckResult;

    fn look_up(&self, id: &Id, client: &Client<'_>, started: Instant) -> Result<Answer<CheckResult>> {
        let expected = self.expected(|resource| resource.api == id.resource().api);
        let expected =
            expected.map_err(|error| error.with_context(|context| context.id = Some(id.as_str().to_owned())))?;
        let redactor = RefCell::new(self.redactor.clone());
        let question = Question { id, client, expected: &expected, redactor: &redactor, strict: self.strict };
        let (mut answer, _) = question.ask(started, None)?;
        let violations = mem::take(&mut answer.violations);
        let check =
            Check { name: None, line: None, id: id.clone(), expected, profile: None, retry_for: None, strict: false };
        let result = CheckResult::new(&Arc::new(check), &redactor.borrow(), Ok(answer));
        let profile = client.profile().map(str::to_owned);
        let result = CheckResult { profile, lookups: 1, elapsed: started.elapsed(), ..result };
        let verdict = if result.outcome() == Outcome::Met { "met" } else { "unmet" };
        let piece = record(self.format, &result.record(), &[id.as_str(), verdict, &result.unmet()]);
        Ok((Ok(piece), result, violations))
    }

    fn take(&self, result: CheckResult) {
        lock(self.report).add(&result);
    }

    fn take_failure(&self, error: &Error) -> Option<Piece> {
        let context = error.context();
        let name = context.id.clone().or(context.line.map(|line| format!("line {line}"))).unwrap_or_default();
        lock(self.report).add_case(&name, "", Some(error), context.elapsed.unwrap_or_default());
        let expected = self.expected(|resource| Some(resource.api) == context.api).unwrap_or_default();
        let object = CheckRecord::of_failure(error, &expected, self.redactor);
        Some(record(self.format, &object, &[&name, "error", &error.kind().code().replace('_', " ")]))
    }
}
