//! The JSON of each command as a JSON Schema and as a page (`docs/json.md`), both generated from
//! the tables of fields.

use serde_json::{Value, json};

use super::field::{Described, Description, Fields, Kind, schema};
use super::record::Record;
use super::{Answer, Run, SCHEMA};

/// The possible contents of a command's report.
#[derive(Default)]
pub struct Documentation {
    /// Its results, each with the options that request it.
    results: Vec<(&'static str, Vec<Description>)>,
    /// Its run; empty if nothing runs.
    run: Vec<Description>,
    /// The run is that of a job, with more fields.
    is_job: bool,
    /// Some results have no run.
    may_not_run: bool,
}

impl Documentation {
    /// A command with this result. `asked` describes how to request it.
    pub fn of<R: Answer>(asked: &'static str) -> Documentation {
        Documentation::default().or::<R>(asked)
    }

    /// Adds an alternative result.
    pub fn or<R: Answer>(mut self, asked: &'static str) -> Documentation {
        self.results.push((asked, Fields(R::FIELDS).describe()));
        self
    }

    /// The command runs a job.
    pub fn with_job(self) -> Documentation {
        Documentation { is_job: true, ..self.with_run::<Run>() }
    }

    /// Its run also has these fields.
    pub fn with_run<R: Record>(mut self) -> Documentation {
        self.run.extend(Fields(R::FIELDS).describe());
        self
    }

    /// Some of its results need no run.
    pub fn or_no_run(self) -> Documentation {
        Documentation { may_not_run: true, ..self }
    }

    /// Whether the command has a report that is described.
    pub fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// The schema of a whole report.
    fn schema(&self, command: &str) -> Value {
        let results: Vec<Value> = self.results.iter().map(|(_, fields)| schema(fields)).collect();
        let mut properties = json!({
            "schema": {"const": SCHEMA},
            "command": {"const": command},
            "version": {"type": "string"},
            "result": {"anyOf": results},
        });
        let mut required = vec!["schema", "command", "version", "result"];
        if !self.run.is_empty() {
            properties["run"] = schema(&self.run);
            if !self.may_not_run {
                required.push("run");
            }
        }
        json!({"properties": properties, "required": required, "additionalProperties": false})
    }
}

/// The JSON Schema of the reports of these commands, by name.
pub fn document(commands: &[(String, Documentation)]) -> Value {
    let reports: serde_json::Map<String, Value> =
        commands.iter().map(|(name, documentation)| (name.clone(), documentation.schema(name))).collect();
    let choose = commands.iter().map(|(name, _)| {
        json!({
            "if": {"properties": {"command": {"const": name}}},
            "then": {"$ref": format!("#/$defs/{name}")},
        })
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("Reports of montesieve, {SCHEMA}"),
        "type": "object",
        "required": ["command"],
        "properties": {"command": {"enum": commands.iter().map(|(name, _)| name).collect::<Vec<_>>()}},
        "allOf": choose.collect::<Vec<_>>(),
        "$defs": reports,
    })
}

/// The page `docs/json.md`.
pub fn page(commands: &[(String, Documentation)]) -> String {
    let mut page = PAGE.to_owned();
    let job = Fields(Run::FIELDS).describe();
    for (name, documentation) in commands {
        page += &format!("\n## `{name}`\n");
        for (asked, fields) in &documentation.results {
            page += &format!("\n`result`, {asked}:\n\n");
            page += &table(fields);
        }
        let (title, own) = match documentation.run.split_at_checked(job.len()) {
            Some((_, own)) if documentation.is_job => ("`run` has, besides the fields of a job", own),
            _ => ("`run`", &*documentation.run),
        };
        if !own.is_empty() {
            page += &format!("\n{title}:\n\n{}", table(own));
        }
    }
    page += "\n## `run` of a job\n\n";
    page += &table(&job);
    page
}

const PAGE: &str = "\
# JSON, field by field

A test writes this page, and its machine-readable form, the JSON Schema [json.schema.json](json.schema.json), from the records
(`record!` in `src/commands/` and `src/report/`) that also write JSON, CSV and text.

- A field has one type. Integers that may exceed 2^53 are strings of digits in every result.
- A field that is *optional* is left out if it was not requested or does not apply; one that may be *null* is null if there is
  no value.
- `--format csv` has the same fields as columns, except the longest lists: names within an object are joined by `_`, and a
  list of objects has one row for each.
- `result` has the same bytes for every rank count, schedule, chunk, instruction set, MPI library and restart.
";

/// The rows of fields, with those of records and lists prefixed by their names.
fn table(fields: &[Description]) -> String {
    let mut rows = "| field | type | |\n|---|---|---|\n".to_owned();
    fields.iter().for_each(|field| row(field, "", &mut rows));
    rows
}

fn row(field: &Description, before: &str, rows: &mut String) {
    let name = format!("{before}{}", field.name);
    *rows += &format!("| `{name}` | {} | {} |\n", field.word(), field.about.trim());
    let (inner, within) = match field.kind {
        Kind::Record(fields) => (fields, format!("{name}.")),
        Kind::Rows(fields) | Kind::List(&Kind::Record(fields)) => (fields, format!("{name}[].")),
        _ => return,
    };
    inner.describe().iter().for_each(|field| row(field, &within, rows));
}
