//! `check`: whether expectations hold, for one account, many, or a suite of checks in a file.
//!
//! Every expectation is evaluated and reported. A look-up that fails outranks an unmet expectation: an incomplete run is no
//! verdict. A suite goes on after a failure, and exits with the code that its failures share.

mod junit;
mod many;
mod result;
mod run;
mod suite;
mod target;

use std::collections::HashMap;
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use run::CheckRun;
use suite::Check;
use target::CheckTarget;

use super::input;
use super::poll;
use super::session::{Session, Target};
use super::violations::Warnings;
use super::{CommandStatus, Context};
use crate::account::id;
use crate::batch;
use crate::client::Throttle;
use crate::config::{self, Origin, Setting};
use crate::error::{Error, ErrorContext, Kind, Result};
use crate::flags::Takes;
use crate::process;
use crate::text::grouped;

/// `<ID|->... [--expect EXPR]...`, `--suite FILE`
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = include_str!("../help/check.txt").trim_end(),
    mut_arg("ids", |ids| ids.required(false).required_unless_present("suite")),
    override_usage = "acctq check [OPTIONS] <ID>...\n       acctq check [OPTIONS] --suite <FILE>"
)]
pub struct Args {
    /// Expect this to hold, such as status=active; repeatable. See `acctq help expressions`
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    expect: Vec<String>,
    /// Run all checks of this file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with_all = ["ids", "expect", "rate", "skip", "column"])]
    suite: Option<PathBuf>,
    /// Write the results to this file, as XML in the format of `JUnit`
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    report_junit: Option<PathBuf>,
    #[command(flatten)]
    ids: input::Args,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] =
        &["profile", "output", "redact", "strict", "timeout", "retries", "config", "verbose"];
}

/// Checks, and reports.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, shutdown, .. } = context;
    let started = Instant::now();
    let expanded = |path: &Option<PathBuf>| path.as_ref().map(|path| env.expand_home(path));
    let args = &Args { suite: expanded(&args.suite), report_junit: expanded(&args.report_junit), ..args.clone() };
    refuse_overwriting(args, context)?;
    let checks = match (&args.suite, args.ids.single()) {
        (Some(suite), _) => suite::read(suite)?,
        (None, Some(id)) => vec![one(&id, args)?],
        _ => return many::run(args, context),
    };
    let run = Arc::new(CheckRun {
        ui: (*ui).clone(),
        checks,
        redactor: context.redactor(),
        suite: args.suite.clone(),
        junit: args.report_junit.clone(),
        format: config::output_setting(&flags.for_config(), env)?.value.for_other_results(),
        started,
        results: Mutex::new(Some(Vec::new())),
    });
    let (checks, ended) = (&run.checks, run.clone());
    shutdown.on_signal(move |kind| ended.end(kind));
    let mut sessions = HashMap::new();
    for check in checks {
        sessions.entry(check.place()).or_insert_with(|| {
            let mut flags = flags.for_config();
            if let Some(name) = &check.profile {
                flags.profile = Some(Setting::new(name.clone(), Origin::Flag("--suite")));
            }
            let throttle = if checks.len() == 1 { Throttle::single() } else { Throttle::shared(None) };
            (Session::open(context, &flags), throttle)
        });
    }
    if args.suite.is_some() {
        ui.begin_progress(env);
    }
    let show_progress = |done| {
        let progress = format!("{} of {} checks done", grouped(done), grouped(checks.len()));
        shutdown.doing(format!("with {progress}"), ErrorContext::default());
        ui.progress(|| progress);
    };
    show_progress(0);
    let targets = sessions.iter().map(|(place, opened)| (place, CheckTarget::new(opened)));
    let targets: HashMap<_, _> = targets.collect();
    process::raise_file_limit();
    let mut warnings = Warnings::new(ui);
    let mut done = 0;
    batch::run(
        args.ids.jobs.min(checks.len()),
        checks.iter().take_while(|_| !shutdown.is_requested()),
        |check| Ok(targets[&check.place()].judge(check, &run, flags.strict)),
        |_| 0,
        |next| {
            let Some((check, judged)) = next else { return };
            let mut result = judged.unwrap_or_else(|panic| run.result(check, Err(panic), None, &run.redactor));
            let target = Target::account(&check.id, result.profile.as_deref());
            warnings.warn(mem::take(&mut result.violations), target, false);
            run.add(result);
            done += 1;
            show_progress(done);
        },
    );
    ui.end_progress();
    warnings.sum_up();
    run.finish()
}

/// The report is written to a file that is not ours.
fn refuse_overwriting(args: &Args, context: &Context<'_>) -> Result<()> {
    let config = config::config_path(&context.flags.for_config(), context.env).ok();
    let whole = |path: &PathBuf| path.canonicalize().ok();
    let report = args.report_junit.as_ref().and_then(whole);
    let config = config.as_ref().map(|config| &config.value);
    for (what, path) in [("suite", args.suite.as_ref()), ("configuration", config)] {
        if let Some(path) = path.filter(|path| report.is_some() && report == whole(path)) {
            let message = format!("--report-junit would overwrite the {what}, {}", path.display());
            return Err(Error::new(Kind::Usage, message).hint("name another file for the report"));
        }
    }
    Ok(())
}

/// The check of one account, straight from the command line.
fn one(id: &str, args: &Args) -> Result<Check> {
    let id = id::route(id)?;
    let expected = poll::parse_all(&args.expect, id.resource())?;
    Ok(Check { name: None, line: None, expected, id, profile: None, retry_for: None, strict: false })
}
