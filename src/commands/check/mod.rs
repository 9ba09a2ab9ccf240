//! `check`: whether expectations hold, for one account on the command line or a suite of checks in a file.
//!
//! Every expectation is evaluated and reported. A look-up that fails outranks an unmet expectation: an incomplete run is no
//! verdict. A suite goes on after a failure, and exits with the code that its failures share.

mod junit;
mod result;
mod run;
mod suite;
mod target;

use std::collections::HashMap;
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use result::CheckResult;
use run::CheckRun;
use suite::Check;
use target::CheckTarget;

use super::input::STDIN;
use super::poll;
use super::session::{Session, Target};
use super::violations::Warnings;
use super::{CommandStatus, Context};
use crate::account::id;
use crate::batch;
use crate::client::Throttle;
use crate::config::{self, DEFAULT_JOBS, Origin, Setting, values};
use crate::error::{Error, ErrorContext, Kind, Result};
use crate::flags::Takes;
use crate::process;
use crate::text::grouped;

/// `<ID> [--expect EXPR]...`, `--suite FILE`
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = include_str!("../help/check.txt").trim_end(),
    override_usage = "acctq check [OPTIONS] <ID>\n       acctq check [OPTIONS] --suite <FILE>"
)]
pub struct Args {
    /// The account
    #[arg(value_name = "ID", required_unless_present = "suite")]
    id: Option<String>,
    /// Expect this to hold, such as status=active; repeatable. See `acctq help expressions`
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    expect: Vec<String>,
    /// Run all checks of this file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with_all = ["id", "expect"])]
    suite: Option<PathBuf>,
    /// Write the results of the suite to this file, as XML in the format of `JUnit`
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with_all = ["id", "expect"])]
    report_junit: Option<PathBuf>,
    /// Run N checks of the suite at once: 1 to 256
    #[arg(long, value_name = "N", default_value_t = DEFAULT_JOBS, value_parser = values::jobs(), allow_hyphen_values = true, conflicts_with_all = ["id", "expect"])]
    jobs: usize,
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
    let checks: Vec<_> = load(args, context)?.into_iter().map(Arc::new).collect();
    let mut sessions = HashMap::new();
    for check in &checks {
        sessions.entry(check.place()).or_insert_with(|| {
            let mut flags = flags.for_config();
            if let Some(name) = &check.profile {
                flags.profile = Some(Setting::new(name.clone(), Origin::Flag("--suite")));
            }
            let throttle = if checks.len() == 1 { Throttle::single() } else { Throttle::shared(None) };
            (Session::open(context, &flags), throttle)
        });
    }
    let run = Arc::new(CheckRun {
        ui: (*ui).clone(),
        checks: checks.clone(),
        redactor: context.redactor(),
        suite: args.suite.clone(),
        junit: args.report_junit.clone(),
        format: config::output_setting(&flags.for_config(), env)?.value.for_other_results(),
        started,
        results: Mutex::new(Some(Vec::new())),
    });
    let ended = run.clone();
    shutdown.on_signal(move |kind| ended.end(kind));
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
    let mut warnings = Warnings::new(ui, args.suite.is_some());
    let mut done = 0;
    batch::run(
        args.jobs.min(checks.len()),
        checks.iter().take_while(|_| !shutdown.is_requested()),
        |check| Ok(targets[&check.place()].judge(check, &run, flags.strict)),
        |_| 0,
        |next| {
            let Some((check, judged)) = next else { return };
            let mut result = judged.unwrap_or_else(|panic| CheckResult::new(check, &run.redactor, Err(panic)));
            if let Ok(answer) = &mut result.answer {
                let target = Target::account(&check.id, result.profile.as_deref());
                warnings.warn(mem::take(&mut answer.violations), target, false);
            }
            run.add(result);
            done += 1;
            show_progress(done);
        },
    );
    ui.end_progress();
    warnings.sum_up();
    run.finish()
}

/// The checks of the suite, or the one of the command line.
fn load(args: &Args, context: &Context<'_>) -> Result<Vec<Check>> {
    if let Some(path) = &args.suite {
        let config = config::config_path(&context.flags.for_config(), context.env).ok();
        let whole = |path: &PathBuf| path.canonicalize().ok();
        let report = args.report_junit.as_ref().and_then(whole);
        for (what, path) in [("suite", Some(path)), ("configuration", config.as_ref().map(|config| &config.value))] {
            if let Some(path) = path.filter(|path| report.is_some() && report == whole(path)) {
                let message = format!("--report-junit would overwrite the {what}, {}", path.display());
                return Err(Error::new(Kind::Usage, message).hint("name another file for the report"));
            }
        }
        return suite::read(path);
    }
    let id = args.id.as_deref().unwrap_or_default();
    if id == STDIN {
        // It would be a uid that no account has, and the verdict would be false.
        return Err(Error::new(Kind::Usage, "`-` stands for standard input, which `check` does not read")
            .hint("name one account, or many in a suite: `acctq check --help` shows one"));
    }
    let id = id::route(id)?;
    Ok(vec![Check {
        name: None,
        line: None,
        expected: poll::parse_all(&args.expect, id.resource())?,
        id,
        profile: None,
        retry_for: None,
        strict: false,
    }])
}
