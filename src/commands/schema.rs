//! `schema`: the JSON Schema (2020-12) of what `-o json` prints, from the table of fields.

use serde_json::{Map, Value, json};

use super::{CommandStatus, Context};
use crate::account::field::Kind;
use crate::account::{Field, RESOURCES, Resource};
use crate::error::Result;
use crate::flags::Takes;
use crate::output::{Format, document};

/// `cacc|partner-account`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The kind of account
    #[arg(value_name = "RESOURCE", value_parser = RESOURCES.map(|resource| resource.schema))]
    resource: String,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &[];
}

/// Prints the schema.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    for resource in RESOURCES.iter().filter(|resource| resource.schema == args.resource) {
        context.ui.print(&document(Format::Json, &schema(resource)))?;
    }
    Ok(CommandStatus::Done)
}

fn schema(resource: &Resource) -> Value {
    let fields = resource.fields.iter();
    let named = |field: &Field| (field.name.to_owned(), property(field));
    let properties: Map<_, _> = fields.clone().map(named).collect();
    let required = fields.filter(|field| !field.optional && !field.secret);
    let required: Vec<_> = required.map(|field| field.name).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": resource.noun,
        "description": format!("What `{} -o json` prints; the server may add members.", resource.command),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": true,
    })
}

fn property(field: &Field) -> Value {
    let pattern = |pattern: String| Some(("pattern", json!(pattern)));
    let (json_type, keyword) = match field.kind {
        Kind::Json => (None, None),
        Kind::Integer => (Some("integer"), None),
        Kind::Enum(_) => {
            let null = field.optional.then_some(Value::Null);
            let words: Vec<_> = field.kind.words().map(|word| json!(word)).chain(null).collect();
            (Some("string"), Some(("enum", json!(words))))
        }
        Kind::Id(prefix) => (Some("string"), pattern(format!("^{prefix}[0-9A-Za-z]{{1,22}}$"))),
        Kind::Country => (Some("string"), pattern("^([A-Z]{2}|00)$".to_owned())),
        Kind::Time => (Some("string"), Some(("format", json!("date-time")))),
        Kind::Text => (Some("string"), None),
    };
    let mut property = json!({"title": field.label, "description": field.describe()});
    if let Some(json_type) = json_type {
        let null = field.optional.then_some("null");
        property["type"] = [json_type].into_iter().chain(null).collect();
    }
    if let Some((name, value)) = keyword {
        property[name] = value;
    }
    property
}
