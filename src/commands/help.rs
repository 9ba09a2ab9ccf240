//! `help`: on a command, or on a topic that concerns them all.

use super::{Context, Ending};
use crate::error::{Kind, Result};
use crate::flags::Takes;
use crate::output::table::{Screen, grid};

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
      the token of the same API beside it; a token alone goes to the profile's
      URL. --profile sets all four aside, and the sandbox does, too.

  NO_COLOR, CLICOLOR_FORCE, TERM=dumb, COLUMNS
      as usual

  SSL_CERT_FILE, SSL_CERT_DIR
      CA certificates instead of the system's

  HTTPS_PROXY, ALL_PROXY, NO_PROXY (lower case, too)
      by curl's rules: http://[USER:PASSWORD@]HOST[:PORT], port 1080 if none is
      given. What acctq cannot use (SOCKS, https://) ends a look-up with 7, it
      does not go around it. A loopback address never goes through a proxy.

Precedence: flag, environment, profile, [defaults], built-in. A variable that is
set but empty is an error for a token, and unset for the rest.

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

Standard output carries the result and nothing else; when a single look-up fails
it is empty. The document is the server's own, every member in its order,
numbers to the last digit. Members named like a secret field are left out unless
--reveal; characters that act on terminals or deceive readers are written as
escapes that parse back to the same string.

-F id,status,metadata.plan narrows and orders, in every format.

With json and ndjson, what goes to standard error is JSON, too, one object a
line with a single key: error, warning, trace (-v) or progress (what `wait` saw
change).

Examples:
  acctq -p sandbox cacc get cacc_7n42DGM5Tflk9n8mt7Fhc7 -o json
  acctq -p sandbox get cacc_activestandard ending -o ndjson -F status
";

/// The grammar of expressions; the first block of rows is tried one by one.
pub(super) const EXPRESSIONS: &str = "\
Expressions

What `check --expect`, `wait --for` and `cacc list --where` take. A flag takes
one expression; repeat it, and all of them must hold.

  status=active                   it is that
  status=pending|active           it is one of these
  status!=revoked                 it is not that
  status!=suspended|revoked       it is none of these
  deployed_members>=5             numbers: <, <=, >, >= too, to the last digit
  ends_at>2030-01-31T00:00:00Z    times: the same, in RFC 3339
  ends_at<now+14d                 so long from now: s, m, h, d, w
  created_at<now-1d12h            several units add up
  pending_email~@example.com      it contains that text
  pending_email~@a.test|@b.test   it contains one of these
  ends_at?                        it is set
  !revoked_at                     it is not set: null or absent
  metadata.plan=pro               a path into metadata
  metadata.\"a.b\".seats>9          names in quotes hold any character
  metadata.seats=12               a number, or a text that is one
  metadata.seats=\"12\"             in quotes: this text
  metadata.tags~beta              a list contains that
  metadata.team=\"A|B\"             quotes keep a value together
  not_found                       there is no such account: 404 or 410

What a field takes, the contract decides; what it can never hold is refused:

  Values                          Operators
  ids, text, e-mail addresses     = != ~
  enumerations, countries         = !=
  times, whole numbers            = != < <= > >=
  metadata                        = != < <= > >= ~

Blanks around names, operators and values do not count. A value that begins
with one of = ! < > ~ or a quote, or holds a |, stands in double quotes, written
as in JSON. Upper and lower case are different letters. To a shell < > | ! \"
mean something, too: put the expression in single quotes.

What is not set differs (!=) from every value, and no other comparison holds of
it. Nothing is concluded from what strays from the contract: a comparison with a
missing field or one of another type does not hold, != included. Of an account
that does not exist only `not_found` holds. A secret is not compared with:
`activation_token?` and `!activation_token` ask whether there is one.

Examples:
  acctq -p sandbox check cacc_activestandard --expect status=active
  acctq -p sandbox check ending --expect 'ends_at>now+14d' --expect 'ends_at?'
";

const CONFIG: &str = "\
Configuration

`acctq config init` writes this template; `acctq config path` says where it
belongs; `acctq config show` prints what is in force, and where it comes from.

";

/// What there is help on beside the commands.
pub const TOPICS: &[&str] = &[
    "environment",
    "exit-codes",
    "output",
    "config",
    "expressions",
];

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &[];
}

impl Args {
    /// The path of a command, if that is what is asked about: the root's parser knows the commands.
    #[must_use]
    pub fn command(&self) -> Option<&[String]> {
        let is_topic = matches!(&self.about[..], [topic] if TOPICS.contains(&topic.as_str()));
        (!is_topic).then_some(&self.about)
    }
}

/// Prints a topic.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
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
    Ok(Ending::Done)
}

fn exit_codes() -> String {
    let success = [
        "0".to_owned(),
        String::new(),
        "success; everything expected holds; an empty list".to_owned(),
    ];
    let rows = Kind::ALL.iter().map(|kind| {
        let (name, code, _, meaning) = kind.row();
        [code.to_string(), name.to_owned(), meaning.to_owned()]
    });
    let rows: Vec<_> = std::iter::once(success).chain(rows).collect();
    let screen = Screen {
        width: Some(WIDTH),
        ..Screen::default()
    };
    let table = grid(&["Code", "Name", "Meaning"], &rows, screen);
    format!(
        "Exit codes\n\n{}\n6 to 8: try again; 10: the answer is no. Anything else: something to fix. In\n\
         JSON errors `retryable` says it more exactly.\n\nExample:\n  acctq -p sandbox get gone; echo $?\n",
        String::from_utf8_lossy(&table)
    )
}
