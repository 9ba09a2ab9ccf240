//! `schema`: the JSON Schema (2020-12) of what `-o json` prints, from the table of fields.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::{Context, Ending};
use crate::account::field::Kind;
use crate::account::{Field, RESOURCES, Resource};
use crate::error::Result;
use crate::flags::Takes;
use crate::json::string;
use crate::output::{Format, document};

/// `cacc|partner-account`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose schema
    #[arg(value_name = "RESOURCE", value_parser = resource_parser())]
    resource: &'static Resource,
}

fn resource_parser() -> impl clap::builder::TypedValueParser<Value = &'static Resource> {
    PossibleValuesParser::new(RESOURCES.map(|resource| resource.schema)).map(|name| {
        RESOURCES
            .into_iter()
            .find(|resource| resource.schema == name)
            .unwrap_or(RESOURCES[0])
    })
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &[];
}

/// Prints it.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
    let Args { resource } = args;
    context
        .ui
        .print(&document(Format::Json, schema(resource)))?;
    Ok(Ending::Done)
}

fn schema(resource: &Resource) -> String {
    let properties: Vec<_> = resource
        .fields
        .iter()
        .map(|field| format!("{}:{}", string(field.name), property(field)))
        .collect();
    let required = resource
        .fields
        .iter()
        .filter(|field| !field.optional && !field.secret);
    let required: Vec<_> = required.map(|field| string(field.name)).collect();
    format!(
        "{{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":{},\"description\":{},\"type\":\"object\",\
         \"properties\":{{{}}},\"required\":[{}],\"additionalProperties\":true}}",
        string(resource.noun),
        string(&format!(
            "What `{} -o json` prints; the server may add members.",
            resource.command
        )),
        properties.join(","),
        required.join(",")
    )
}

fn property(field: &Field) -> String {
    let or_null = if field.optional { ",\"null\"" } else { "" };
    let kind = |json_type: &str, more: &str| format!("\"type\":[{json_type}{or_null}]{more}");
    let text = |more: &str| kind("\"string\"", more);
    let kind = match field.kind {
        Kind::Json => String::new(),
        Kind::Integer => kind("\"integer\"", ""),
        Kind::Enum(words) => {
            let words: Vec<_> = words.iter().map(|word| string(word)).collect();
            text(&format!(
                ",\"enum\":[{}{}]",
                words.join(","),
                if field.optional { ",null" } else { "" }
            ))
        }
        Kind::Id(prefix) => text(&format!(
            ",\"pattern\":{}",
            string(&format!("^{prefix}[0-9A-Za-z]{{1,22}}$"))
        )),
        Kind::Country => text(",\"pattern\":\"^[A-Z]{2}$\""),
        Kind::Time => text(",\"format\":\"date-time\""),
        Kind::Email => text(",\"format\":\"email\""),
        Kind::Text => text(""),
    };
    let comma = if kind.is_empty() { "" } else { "," };
    format!(
        "{{\"title\":{},\"description\":{}{comma}{kind}}}",
        string(field.label),
        string(field.doc)
    )
}
