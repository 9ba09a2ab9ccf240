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
    let mut property = json!({"title": field.label, "description": field.describe()});
    let null = field.optional.then_some("null");
    let json_type = if field.kind == Kind::Integer { "integer" } else { "string" };
    if field.kind != Kind::Json {
        property["type"] = [json_type].into_iter().chain(null).collect();
    }
    match field.kind {
        Kind::Enum(_) => {
            let null = field.optional.then_some(Value::Null);
            property["enum"] = field.kind.words().map(|word| json!(word)).chain(null).collect();
        }
        Kind::Id(prefix) => property["pattern"] = json!(format!("^{prefix}[0-9A-Za-z]{{1,22}}$")),
        Kind::Country => property["pattern"] = json!("^([A-Z]{2}|00)$"),
        Kind::Time => property["format"] = json!("date-time"),
        Kind::Integer | Kind::Json | Kind::Text => {}
    }
    property
}
