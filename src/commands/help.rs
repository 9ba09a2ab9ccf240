//! `help`: about a command, or a topic that concerns several.

use super::{CommandStatus, Context};
use crate::account::{Field, RESOURCES};
use crate::error::{Kind, Result};
use crate::flags::Takes;
use crate::output::{Screen, table};

/// `[COMMAND|TOPIC]`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A command, or a topic: environment, exit-codes, output, config, expressions, fields
    #[arg(value_name = "COMMAND|TOPIC")]
    about: Vec<String>,
}

/// The grammar of expressions; the first block of rows is tried one by one.
pub(super) const EXPRESSIONS: &str = include_str!("help/expressions.txt");

/// The topics, beside the commands.
pub const TOPICS: &[&str] = &["environment", "exit-codes", "output", "config", "expressions", "fields"];

/// The width of help where there is no terminal.
pub(super) const HELP_SCREEN: Screen = Screen { width: Some(80), color: false, now: None, markdown: false };

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &[];
}

impl Args {
    /// The command that is asked about, if it is not a topic; the parser knows the commands.
    pub fn command(&self) -> Option<&[String]> {
        let is_topic = matches!(&self.about[..], [topic] if TOPICS.contains(&topic.as_str()));
        (!is_topic).then_some(&self.about)
    }
}

/// Prints a topic.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let text = match args.about.first().map(String::as_str) {
        Some("environment") => include_str!("help/environment.txt").to_owned(),
        Some("output") => include_str!("help/output.txt").to_owned(),
        Some("expressions") => EXPRESSIONS.to_owned(),
        Some("fields") => fields(),
        // The command of that name is reached by its own --help; the topic tells more.
        Some("config") => [include_str!("help/config.txt"), crate::config::TEMPLATE].concat(),
        _ => exit_codes(),
    };
    context.ui.print_page(&text)?;
    Ok(CommandStatus::Done)
}

/// The fields of each API, from the tables that everything else reads.
fn fields() -> String {
    let mut out = "The fields of each API. A table's labels are names, too, for --fields, --sort\n\
                   and expressions, and `id` and `uid` mean each API's own id.\n"
        .to_owned();
    for resource in RESOURCES {
        let rows = |field: &'static Field| {
            let null = if field.optional { " May be null." } else { "" };
            let about = format!("{} ({}). {}{null}", field.label, field.kind.noun(), field.doc);
            let meaning =
                |word: &'static str| vec![format!("  {word}"), field.kind.meaning(word).unwrap_or_default().to_owned()];
            [vec![field.name.to_owned(), about]].into_iter().chain(field.kind.words().map(meaning))
        };
        let rows: Vec<_> = resource.fields.iter().flat_map(rows).collect();
        let table = table(&["Field", "Label (type) and meaning"], &rows, HELP_SCREEN);
        out.extend(["\n", resource.noun, " (", resource.command, ")\n\n", &table]);
    }
    out + "\nExample:\n  acctq -p sandbox get cacc_activestandard -F id,status,metadata.plan\n"
}

fn exit_codes() -> String {
    let success = ("", 0, false, "success; everything expected holds; an empty list");
    let rows = [success].into_iter().chain(Kind::ALL.iter().map(|kind| kind.row()));
    let cells = |(name, code, _, meaning): (&str, u8, _, &str)| [&code.to_string(), name, meaning].map(str::to_owned);
    let rows: Vec<_> = rows.map(|row| cells(row).to_vec()).collect();
    let table = table(&["Code", "Name", "Meaning"], &rows, HELP_SCREEN);
    format!(
        "Exit codes\n\n{table}\n6 to 8: try again; 10: the answer is no. Anything else: something to fix. In\n\
         JSON errors `retryable` is more exact.\n\nExample:\n  acctq -p sandbox get gone; echo $?\n"
    )
}
