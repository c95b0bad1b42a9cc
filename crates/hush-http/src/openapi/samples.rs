//! A sample of each operation in three languages, made from what the document says of it. A test runs them all.

use std::fmt::Write;

use serde_json::{Number, Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::{HttpMethod, OpenApi, RefOr};

mod literal;

use literal::{JAVASCRIPT, PYTHON};

/// Where the demo answers. The page puts its own address in the place of this one.
const SERVICE: &str = "http://127.0.0.1:8080";
/// The demo's server, and a user there.
const SERVER: &str = "123456";
/// The id of a token or a command, for readers to replace.
const OTHER: &str = "987654";

/// Adds the samples, and to each id in a path the example that they use.
pub(super) fn add(document: &mut OpenApi) {
    let schemas = document.components.as_ref().map(|it| &it.schemas);
    let schemas = serde_json::to_value(schemas).unwrap_or_default();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ] {
            let Some(operation) = operation else { continue };
            give_examples(path, operation);
            let described = serde_json::to_value(&*operation).unwrap_or_default();
            let call = Call::new(method, path, &described, &schemas);
            let samples = json!([
                {"lang": "JavaScript", "label": "JavaScript (fetch)", "source": call.javascript()},
                {"lang": "Python", "label": "Python (requests)", "source": call.python()},
                {"lang": "Shell", "label": "curl", "source": call.curl()},
            ]);
            let samples = Extensions::from_iter([("x-codeSamples", samples)]);
            operation.extensions.get_or_insert_default().merge(samples);
        }
    }
}

/// Gives each id in the path its example.
fn give_examples(path: &str, operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        if parameter.parameter_in == ParameterIn::Path {
            let of_the_demo = ["/v1/servers/{id}", "/v1/users/{id}"];
            let named = of_the_demo.iter().any(|start| path.starts_with(start));
            let id = if named && parameter.name == "id" {
                SERVER
            } else {
                OTHER
            };
            let with_example = ParameterBuilder::from(std::mem::take(parameter));
            *parameter = with_example.example(Some(id.into())).build();
        }
    }
}

/// What an answer holds that is worth printing.
#[derive(Clone, Copy)]
enum Shown {
    Json,
    Text,
    /// Its status: it has no body.
    Status,
    /// Where it leads.
    Redirect,
}

/// A request as the samples send it.
struct Call {
    method: HttpMethod,
    path: String,
    query: Vec<(String, Number)>,
    needs_token: bool,
    takes_key: bool,
    body: Option<Value>,
    shown: Shown,
}

impl Call {
    fn new(method: HttpMethod, path: &str, operation: &Value, schemas: &Value) -> Self {
        let mut filled = path.to_owned();
        let mut query = Vec::new();
        let mut takes_key = false;
        for parameter in items(&operation["parameters"]) {
            let name = parameter["name"].as_str().unwrap_or_default();
            takes_key |= name == "Idempotency-Key";
            match (parameter["in"].as_str(), &parameter["example"]) {
                (Some("path"), Value::String(example)) => {
                    filled = filled.replace(&format!("{{{name}}}"), example);
                }
                (Some("query"), Value::Number(example)) => {
                    query.push((name.to_owned(), example.clone()));
                }
                _ => {}
            }
        }
        Self {
            method,
            path: filled,
            query,
            needs_token: items(&operation["security"]).next().is_some(),
            takes_key,
            body: body(operation, schemas),
            shown: shown(operation),
        }
    }

    fn address(&self) -> String {
        let mut address = format!("{SERVICE}{}", self.path);
        for (place, (name, value)) in self.query.iter().enumerate() {
            let mark = if place == 0 { '?' } else { '&' };
            // Writing to a string cannot fail.
            let _ = write!(address, "{mark}{name}={value}");
        }
        address
    }

    fn javascript(&self) -> String {
        let mut options = Vec::new();
        if !matches!(self.method, HttpMethod::Get) {
            options.push(format!("  method: '{}',\n", self.verb()));
        }
        let mut headers = Vec::new();
        if self.needs_token {
            headers.push("Authorization: `Bearer ${process.env.HUSH_TOKEN}`");
        }
        if self.body.is_some() {
            headers.push("'Content-Type': 'application/json'");
        }
        if self.takes_key {
            headers.push("'Idempotency-Key': crypto.randomUUID()");
        }
        match headers.as_slice() {
            [] => {}
            [only] => options.push(format!("  headers: {{ {only} }},\n")),
            several => options.push(format!(
                "  headers: {{\n    {},\n  }},\n",
                several.join(",\n    ")
            )),
        }
        if let Some(body) = &self.body {
            let body = JAVASCRIPT.write(body, 2, 2);
            options.push(format!("  body: JSON.stringify({body}),\n"));
        }
        if matches!(self.shown, Shown::Redirect) {
            options.push("  redirect: 'manual',\n".to_owned());
        }
        let options = match options.as_slice() {
            [] => String::new(),
            some => format!(", {{\n{}}}", some.concat()),
        };
        let shown = match self.shown {
            Shown::Json => "console.log(JSON.stringify(await response.json(), null, 2));",
            Shown::Text => "console.log(await response.text());",
            Shown::Status => "console.log(response.status);",
            Shown::Redirect => "console.log(response.headers.get('Location'));",
        };
        format!(
            "const response = await fetch('{}'{options});\n\
             if (response.status >= 400) throw new Error(await response.text());\n{shown}\n",
            self.address()
        )
    }

    fn python(&self) -> String {
        let mut imports = Vec::new();
        let mut arguments = vec![format!("    \"{SERVICE}{}\",\n", self.path)];
        if !self.query.is_empty() {
            let pairs = self.query.iter();
            let pairs = pairs.map(|(name, value)| format!("\"{name}\": {value}"));
            let pairs = pairs.collect::<Vec<_>>().join(", ");
            arguments.push(format!("    params={{{pairs}}},\n"));
        }
        let mut headers = Vec::new();
        if self.needs_token {
            imports.push("os");
            headers.push("\"Authorization\": f\"Bearer {os.environ['HUSH_TOKEN']}\"");
        }
        if self.takes_key {
            headers.push("\"Idempotency-Key\": str(uuid.uuid4())");
        }
        match headers.as_slice() {
            [] => {}
            [only] => arguments.push(format!("    headers={{{only}}},\n")),
            several => arguments.push(format!(
                "    headers={{\n        {},\n    }},\n",
                several.join(",\n        ")
            )),
        }
        if let Some(body) = &self.body {
            arguments.push(format!("    json={},\n", PYTHON.write(body, 4, 4)));
        }
        if matches!(self.shown, Shown::Redirect) {
            arguments.push("    allow_redirects=False,\n".to_owned());
        }
        // Longer than any answer takes, the one to a long poll as well.
        arguments.push("    timeout=30,\n".to_owned());
        let shown = match self.shown {
            Shown::Json => {
                imports.insert(0, "json");
                "print(json.dumps(response.json(), indent=2))"
            }
            Shown::Text => "print(response.text)",
            Shown::Status => "print(response.status_code)",
            Shown::Redirect => "print(response.headers[\"Location\"])",
        };
        if self.takes_key {
            imports.push("uuid");
        }
        let imports = imports.iter().map(|name| format!("import {name}\n"));
        let imports = match imports.collect::<String>() {
            none if none.is_empty() => none,
            some => some + "\n",
        };
        format!(
            "{imports}import requests\n\nresponse = requests.{}(\n{})\n\
             response.raise_for_status()\n{shown}\n",
            self.verb().to_lowercase(),
            arguments.concat(),
        )
    }

    fn curl(&self) -> String {
        let mut words = vec!["curl --fail-with-body --silent --show-error".to_owned()];
        if !matches!(self.method, HttpMethod::Get) {
            words.push(format!("--request {}", self.verb()));
        }
        if self.needs_token {
            words.push("--header \"Authorization: Bearer $HUSH_TOKEN\"".to_owned());
        }
        if self.takes_key {
            words.push("--header \"Idempotency-Key: $(date +%s)-$$\"".to_owned());
        }
        if let Some(body) = &self.body {
            words.push("--header 'Content-Type: application/json'".to_owned());
            // An apostrophe would end the shell's word.
            let body = body.to_string().replace('\'', "\\u0027");
            words.push(format!("--data '{body}'"));
        }
        match self.shown {
            Shown::Status => words.push("--write-out '%{http_code}\\n'".to_owned()),
            Shown::Redirect => words.push("--write-out '%{redirect_url}\\n'".to_owned()),
            Shown::Json | Shown::Text => {}
        }
        words.push(format!("'{}'", self.address()));
        words.join(" \\\n  ") + "\n"
    }

    fn verb(&self) -> &'static str {
        match self.method {
            HttpMethod::Post => "POST",
            HttpMethod::Patch => "PATCH",
            HttpMethod::Delete => "DELETE",
            _ => "GET",
        }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The example of the body, where the schema that it refers to has one.
fn body(operation: &Value, schemas: &Value) -> Option<Value> {
    let schema = operation.pointer("/requestBody/content/application~1json/schema/$ref")?;
    let schema = &schemas[schema.as_str()?.rsplit('/').next()?];
    let example = schema.get("example").or_else(|| schema["examples"].get(0));
    example.cloned()
}

/// What the first answer holds, which is the good one.
fn shown(operation: &Value) -> Shown {
    let answers = operation["responses"].as_object();
    let Some((status, good)) = answers.and_then(|answers| answers.iter().next()) else {
        return Shown::Status;
    };
    let content = good["content"].as_object();
    match content.and_then(|content| content.keys().next()) {
        None if status.starts_with('3') => Shown::Redirect,
        Some(name) if name.ends_with("json") => Shown::Json,
        Some(_) => Shown::Text,
        None => Shown::Status,
    }
}
