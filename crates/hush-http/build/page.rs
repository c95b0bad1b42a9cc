//! The documentation page, made from the committed document, the guide, the back-off samples and the changelog.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use crate::{File, read};

/// Everything below `/docs`.
pub(crate) fn files(document: &Value) -> io::Result<Vec<File>> {
    let problems = problems(document);
    let mut files = vec![
        source("docs", "index.html", "text/html; charset=utf-8")?,
        source("docs/page.css", "page.css", "text/css; charset=utf-8")?,
        source("docs/page.js", "page.js", "text/javascript; charset=utf-8")?,
        source(
            "docs/styles.js",
            "styles.js",
            "text/javascript; charset=utf-8",
        )?,
        source("docs/icon.svg", "icon.svg", "image/svg+xml")?,
        File {
            path: "docs/scalar.js".to_owned(),
            content_type: "text/javascript; charset=utf-8",
            bytes: scalar_api_reference::get_asset("scalar.js")
                .ok_or_else(|| io::Error::other("scalar_api_reference holds no scalar.js"))?,
        },
        File {
            path: "docs/reference.json".to_owned(),
            content_type: "application/json",
            bytes: serde_json::to_vec(&reference(document, &problems)?)?,
        },
        page("docs/problems", "../", "Errors", &list_page(&problems))?,
    ];
    for problem in &problems {
        let path = format!("docs/problems/{}", problem.code);
        files.push(page(
            &path,
            "../../",
            &problem.title,
            &problem_page(problem),
        )?);
    }
    Ok(files)
}

/// What the document says of an error code.
struct Problem {
    code: String,
    status: u64,
    title: String,
    cause: String,
    cure: String,
    example: String,
    /// The operations that can answer with it: what they are called, their method and path.
    operations: Vec<(String, String)>,
}

fn problems(document: &Value) -> Vec<Problem> {
    let examples = document["components"]["examples"].as_object();
    let mut problems: Vec<_> = examples
        .into_iter()
        .flatten()
        .map(|(code, example)| {
            let value = &example["value"];
            let description = text(&example["description"]);
            let (cause, cure) = description.split_once("\n\n").unwrap_or_default();
            Problem {
                code: code.clone(),
                status: value["status"].as_u64().unwrap_or_default(),
                title: text(&value["title"]),
                cause: cause.to_owned(),
                cure: cure.to_owned(),
                example: serde_json::to_string_pretty(value).unwrap_or_default(),
                operations: operations_with(document, code),
            }
        })
        .collect();
    problems.sort_by(|one, other| (one.status, &one.code).cmp(&(other.status, &other.code)));
    problems
}

fn operations_with(document: &Value, code: &str) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, method, operation))
    });
    operations
        .filter(|(_, _, operation)| answers_with(operation, code))
        .map(|(path, method, operation)| {
            let line = format!("{} {path}", method.to_uppercase());
            (text(&operation["summary"]), line)
        })
        .collect()
}

fn answers_with(operation: &Value, code: &str) -> bool {
    let responses = operation["responses"].as_object().into_iter().flatten();
    let mut contents = responses.map(|(_, it)| &it["content"]["application/problem+json"]);
    contents.any(|content| content["examples"].get(code).is_some())
}

/// The document as the page shows it: with the guide before it, and with links to the errors of each operation.
fn reference(document: &Value, problems: &[Problem]) -> io::Result<Value> {
    let mut reference = document.clone();
    reference["info"]["description"] = guide(problems)?.into();
    for tag in reference["tags"].as_array_mut().into_iter().flatten() {
        let name = text(&tag["name"]);
        if let Some((first, rest)) = name.split_at_checked(1) {
            tag["x-displayName"] = (first.to_uppercase() + rest).into();
        }
    }
    let items = reference["paths"].as_object_mut().into_iter();
    let items = items
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut);
    for operation in items.flat_map(Map::values_mut) {
        let possible = problems
            .iter()
            .filter(|it| answers_with(operation, &it.code));
        let links = possible.map(|it| format!("[`{0}`](docs/problems/{0})", it.code));
        let links = links.collect::<Vec<_>>().join(", ");
        if !links.is_empty() {
            let description = text(&operation["description"]);
            operation["description"] = format!("{description}\n\nErrors: {links}.").into();
        }
    }
    Ok(reference)
}

fn guide(problems: &[Problem]) -> io::Result<String> {
    let mut guide = words("guide.md")?;
    for (name, language) in [
        ("backoff.js", "js"),
        ("backoff.py", "python"),
        ("backoff.sh", "sh"),
    ] {
        let sample = format!("```{language}\n{}\n```", words(name)?.trim_end());
        guide = guide.replace(&format!("{{{{{name}}}}}"), &sample);
    }
    guide = guide.replace("{{problems}}", &table(problems));
    Ok(guide.replace("{{changelog}}", &changelog()?))
}

fn table(problems: &[Problem]) -> String {
    let mut table = String::from("| status | code | what to do |\n| --- | --- | --- |\n");
    for problem in problems {
        let Problem {
            code, status, cure, ..
        } = problem;
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| {status} | [`{code}`](docs/problems/{code}) | {cure} |"
        );
    }
    table
}

/// The versions, one heading deeper and without the title.
fn changelog() -> io::Result<String> {
    let whole = read(Path::new("../../CHANGELOG.md"))?;
    let whole = String::from_utf8_lossy(&whole).into_owned();
    let versions = whole.find("\n## ").map_or("", |start| &whole[start..]);
    Ok(without_links(&versions.replace("\n## ", "\n### ")))
}

/// The text without links to files of the repository, which the service does not serve.
fn without_links(markdown: &str) -> String {
    let mut parts = markdown.split('[');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part
            .split_once("](docs/")
            .and_then(|(label, rest)| Some((label, rest.split_once(')')?.1)))
        {
            Some((label, rest)) => {
                let _ = write!(text, "{label}{rest}");
            }
            None => {
                let _ = write!(text, "[{part}");
            }
        }
    }
    text
}

fn list_page(problems: &[Problem]) -> String {
    let mut content = String::from(
        "<h1>Errors</h1>\n<p>Every error is <code>application/problem+json</code> (RFC 9457) with one of these codes, \
         which never change their meaning.</p>\n<dl>\n",
    );
    for problem in problems {
        let (code, status) = (&problem.code, problem.status);
        let title = escaped(&problem.title);
        let _ = writeln!(
            content,
            "<dt><a href=\"problems/{code}\"><code>{code}</code></a> ({status})</dt>\n<dd>{title}.</dd>"
        );
    }
    content + "</dl>"
}

fn problem_page(problem: &Problem) -> String {
    let (title, status, code) = (escaped(&problem.title), problem.status, &problem.code);
    let (cause, cure) = (escaped(&problem.cause), escaped(&problem.cure));
    let mut content = format!(
        "<h1>{title}</h1>\n<p>Status {status}, code <code>{code}</code>.</p>\n\
         <h2>Cause</h2>\n<p>{cause}</p>\n<h2>Cure</h2>\n<p>{cure}</p>\n\
         <h2>Example</h2>\n<pre tabindex=\"0\"><code>{}</code></pre>\n",
        escaped(&problem.example)
    );
    if problem.operations.is_empty() {
        content += "<h2>Where it comes</h2>\n<p>Where no operation is.</p>";
        return content;
    }
    content += "<h2>Where it can come</h2>\n<ul>\n";
    for (summary, line) in &problem.operations {
        let _ = writeln!(
            content,
            "<li>{}: <code>{}</code></li>",
            escaped(summary),
            escaped(line)
        );
    }
    content + "</ul>"
}

/// A page without any script.
fn page(path: &str, up: &str, title: &str, content: &str) -> io::Result<File> {
    let whole = words("problem.html")?
        .replace("{{up}}", up)
        .replace("{{title}}", &escaped(title))
        .replace("{{content}}", content);
    Ok(File {
        path: path.to_owned(),
        content_type: "text/html; charset=utf-8",
        bytes: whole.into_bytes(),
    })
}

fn source(path: &str, name: &str, content_type: &'static str) -> io::Result<File> {
    Ok(File {
        path: path.to_owned(),
        content_type,
        bytes: read(&Path::new("docs").join(name))?,
    })
}

fn words(name: &str) -> io::Result<String> {
    String::from_utf8(read(&Path::new("docs").join(name))?).map_err(io::Error::other)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
