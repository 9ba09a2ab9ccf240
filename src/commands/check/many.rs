//! Many ids: a verdict for each, as they come. Failures are verdicts, too, and what stops a batch stops this one.

use std::cell::RefCell;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::Args;
use super::junit::Report;
use super::result::CheckResult;
use crate::account::{Id, RESOURCES, Redactor};
use crate::client::Client;
use crate::commands::many;
use crate::commands::poll::{self, Question};
use crate::commands::results::{Ending, Results};
use crate::commands::session::Session;
use crate::commands::{CommandStatus, Context};
use crate::error::{Error, ErrorContext, Kind, Result};
use crate::output::Printer;
use crate::process::lock;
use crate::text::grouped;

/// Checks every id.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, ui, shutdown, .. } = context;
    // An expectation may be about one of the APIs only.
    let expected = RESOURCES.map(|resource| poll::parse_all(&args.expect, resource));
    if let [Err(error), Err(_)] = expected {
        return Err(error);
    }
    let session = Session::open(context, &flags.for_config())?;
    let format = session.settings.output.value.for_other_results();
    let report = Arc::new(Mutex::new(Report::new(args.report_junit.clone(), "check", Instant::now())));
    let (judged, told) = (report.clone(), Arc::clone(ui));
    let end = move |kind| {
        let error = Error::new(kind, "a signal ended the run: further ids have not been checked");
        let mut report = lock(&judged);
        report.add(&the_others(&error));
        if let Err(error) = report.write() {
            told.error(&error);
        }
    };
    let columns = [("ID", "id"), ("Verdict", "Verdict"), ("Unmet", "unmet")];
    let printer = Printer::of_records(format, &columns, ui.screen());
    let results = Results::new(ui, printer, shutdown, Ending::Stopped, Some(Box::new(end)));
    let expected_at = |api: Option<&str>| {
        let mut expected = RESOURCES.iter().zip(&expected).filter(|(resource, _)| Some(resource.api) == api);
        expected.next().map_or(Ok(&[][..]), |(_, expected)| expected.as_deref().map_err(Clone::clone))
    };
    let look_up = |id: &Id, client: &Client<'_>, started: Instant| {
        let expected = expected_at(Some(id.resource().api));
        let expected =
            expected.map_err(|error| error.with_context(|context| context.id = Some(id.as_str().to_owned())))?;
        let redactor = RefCell::new(session.redactor().clone());
        let question = Question { id, client, expected, redactor: &redactor, strict: flags.strict };
        let (answer, _) = question.ask(started, None)?;
        let target = question.target().context();
        let context = ErrorContext { attempts: Some(1), elapsed: Some(started.elapsed()), ..target };
        let mut result = CheckResult::new(Ok(answer), context, expected, &redactor.borrow());
        let violations = mem::take(&mut result.violations);
        Ok((Ok(result.piece(format)), result, violations))
    };
    let settle = |judged: Result<CheckResult, &Error>| {
        let failed = |error: &Error| {
            let expected = expected_at(error.context().api).unwrap_or_default();
            CheckResult::failed(error, expected, session.redactor())
        };
        let result = judged.unwrap_or_else(failed);
        lock(&report).add(&result);
        result.error.is_some().then(|| result.piece(format))
    };
    let status = many::run(&args.ids, &RESOURCES, &session, &results, Ending::Stopped, look_up, settle)?;
    let mut report = lock(&report);
    let ([_, unmet, _], total) = (report.counts, report.total());
    if total == 0 && status.is_ok() {
        // Nothing is not what was to be checked.
        return Err(Error::new(Kind::Usage, "there is no id to check").hint("did the command before the pipe fail?"));
    }
    if let Err(error) = &status {
        report.add(&the_others(error));
    }
    let written = report.write();
    if !format.has_json_errors() {
        ui.note(&report.text());
    }
    if unmet > 0 {
        let kind = match &status {
            Ok(CommandStatus::Done) => Kind::Unmet,
            Ok(CommandStatus::Failed(kind)) => *kind,
            Err(error) => error.kind(),
        };
        let message = format!("{} of {} accounts are not as expected", grouped(unmet), grouped(total));
        ui.error(&Error::new(kind, message));
    }
    written?;
    Ok(match status? {
        CommandStatus::Done if unmet > 0 => CommandStatus::Failed(Kind::Unmet),
        status => status,
    })
}

/// What has ended the run early is an error in the report.
fn the_others(error: &Error) -> CheckResult {
    CheckResult { name: Some("the other ids".to_owned()), ..CheckResult::failed(error, &[], &Redactor::default()) }
}
