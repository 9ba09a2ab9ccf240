//! `help`: about a command, or a topic that concerns several.

use super::{CommandStatus, Context};
use crate::error::{Kind, Result};
use crate::flags::Takes;
use crate::output::{Screen, table};

/// How wide a topic is, in columns.
const WIDTH: u16 = 80;

/// `[COMMAND|TOPIC]`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A command, or a topic: environment, exit-codes, output, config, expressions
    #[arg(value_name = "COMMAND|TOPIC")]
    about: Vec<String>,
}

const ENVIRONMENT: &str = "\
Environment variables

  ACCTQ_PROFILE, ACCTQ_OUTPUT, ACCTQ_TIMEOUT, ACCTQ_RETRIES, ACCTQ_CONFIG
      as the flags of those names

  ACCTQ_CONNECT_TOKEN, ACCTQ_CONNECT_URL, ACCTQ_PARTNER_TOKEN, ACCTQ_PARTNER_URL
      a bearer token and a base URL, so that a CI job needs no file. A URL needs
      the token of the same API; a token alone goes to the profile's URL.
      --profile ignores all four, and so does the sandbox.

  NO_COLOR, CLICOLOR_FORCE, TERM=dumb, COLUMNS
      as usual

  SSL_CERT_FILE, SSL_CERT_DIR
      CA certificates instead of the system's

  HTTPS_PROXY, ALL_PROXY, NO_PROXY (lower case too)
      as in curl: http://[USER:PASSWORD@]HOST[:PORT], port 1080 by default. A
      proxy that acctq cannot use (SOCKS, https://) is an error (7); it is never
      bypassed. Loopback addresses are never reached through a proxy.

Precedence: flag, environment, profile, [defaults], built-in. A variable that is
set but empty is an error for a token, and counts as unset otherwise.

Example:
  ACCTQ_CONNECT_URL=https://api.example.com ACCTQ_CONNECT_TOKEN=… \\
  acctq cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7 -o json
";

const OUTPUT: &str = "\
Output

  -o table   for people: one account as labels and values, several as rows
  -o json    one document: an object for one id, an array for several
  -o yaml    the same in YAML
  -o ndjson  one JSON object a line

Standard output has the result and nothing else; it is empty when a single
look-up fails. The document is the server's own: every member in its order,
numbers to the last digit. Secret members are left out without --reveal.
Characters that act on terminals or deceive readers are escaped; the escapes
parse back to the same string.

-F id,status,metadata.plan selects and orders the members, in every format.

With json and ndjson, standard error is JSON too: one object a line with a
single key: error, warning, trace (-v) or progress (what `wait` saw change).

Examples:
  acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7 -o json
  acctq -p sandbox get cacc_activestandard ending -o ndjson -F status
";

/// The grammar of expressions; the first block of rows is tried one by one.
pub(super) const EXPRESSIONS: &str = "\
Expressions

`check --expect`, `wait --for` and `cacc list --where` take an expression. All
must hold if the flag is repeated.

  status=active                   equal
  status=pending|active           equal to one of these
  status!=revoked                 not equal
  status!=suspended|revoked       equal to none of these
  deployed_members>=5             numbers: <, <=, >, >=, exact to the last digit
  ends_at>2030-01-31T00:00:00Z    times: the same, in RFC 3339
  ends_at<now+14d                 relative to now: s, m, h, d, w
  created_at<now-1d12h            units add up
  pending_email~@example.com      contains this text
  pending_email~@a.test|@b.test   contains one of these
  ends_at?                        is set
  !revoked_at                     is not set: null or absent
  metadata.plan=pro               a path into metadata
  metadata.\"a.b\".seats>9          a quoted name may hold any character
  metadata.seats=12               a number, or the text \"12\"
  metadata.seats=\"12\"             quoted: only the text
  metadata.tags~beta              a list contains this element
  metadata.team=\"A|B\"             quotes keep a value together
  not_found                       the account does not exist: 404 or 410

Each field takes the operators of its type; a value that it can never hold is an
error:

  Values                          Operators
  ids, text, e-mail addresses     = != ~
  enumerations, countries         = !=
  times, whole numbers            = != < <= > >=
  metadata                        = != < <= > >= ~

Blanks around names, operators and values are ignored. Put a value that begins
with = ! < > ~ or a quote, or contains |, in double quotes, as in JSON. Case
matters. A shell interprets < > | ! \" too: put the expression in single quotes.

A field that is not set is unequal (!=) to every value; no other comparison with
it holds. A comparison with a field that violates the contract (missing, or of
another type) never holds, not even !=. For an account that does not exist only
`not_found` holds. Secrets cannot be compared: `activation_token?` and
`!activation_token` test whether there is one.

Examples:
  acctq -p sandbox check cacc_activestandard --expect status=active
  acctq -p sandbox check ending --expect 'ends_at>now+14d' --expect 'ends_at?'
";

const CONFIG: &str = "\
Configuration

`acctq config init` writes this template, `acctq config path` prints where, and
`acctq config show` prints the values in effect and where each comes from.

";

/// The topics, beside the commands.
pub const TOPICS: &[&str] = &["environment", "exit-codes", "output", "config", "expressions"];

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
    let Args { about } = args;
    let text = match about.first().map(String::as_str) {
        Some("environment") => ENVIRONMENT.to_owned(),
        Some("output") => OUTPUT.to_owned(),
        Some("expressions") => EXPRESSIONS.to_owned(),
        // The command of that name is reached by its own --help; the topic tells more.
        Some("config") => format!("{CONFIG}{}", crate::config::TEMPLATE),
        _ => exit_codes(),
    };
    context.ui.print(text.as_bytes())?;
    Ok(CommandStatus::Done)
}

fn exit_codes() -> String {
    let row = |code: u8, name: &str, meaning: &str| {
        vec![code.to_string(), name.to_owned(), meaning.to_owned()]
    };
    let mut rows = vec![row(0, "", "success; everything expected holds; an empty list")];
    rows.extend(Kind::ALL.iter().map(|kind| {
        let (name, code, _, meaning) = kind.row();
        row(code, name, meaning)
    }));
    let screen = Screen { width: Some(WIDTH), ..Screen::default() };
    let table = table(&["Code", "Name", "Meaning"], &rows, screen);
    format!(
        "Exit codes\n\n{table}\n6 to 8: try again; 10: the answer is no. Anything else: something to fix. In\n\
         JSON errors `retryable` is more exact.\n\nExample:\n  acctq -p sandbox get gone; echo $?\n"
    )
}
