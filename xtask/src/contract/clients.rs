//! The clients that others generate from the document: generated as their pages in `docs/clients/` say, compiled as
//! strictly as their languages can, and used against a live service.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::site::Demo;
use crate::{commands, node, python, workspace};

/// The languages, and what the page of each quotes: the block's language, and the file.
const QUOTED: [(&str, &[(&str, &str)]); 3] = [
    ("typescript", &[("ts", "retry.ts"), ("ts", "first.ts")]),
    (
        "python",
        &[
            ("yaml", "generator.yaml"),
            ("python", "retry.py"),
            ("python", "first.py"),
        ],
    ),
    (
        "rust",
        &[
            ("yaml", "generator.yaml"),
            ("rust", "retry.rs"),
            ("rust", "first.rs"),
        ],
    ),
];

/// Proves each client on a demo. Each spends a limit of its own, so that they can follow each other at once.
pub(super) fn check() -> Result<()> {
    let drifted = drifted()?;
    if !drifted.is_empty() {
        bail!(
            "the pages are not about what is checked:\n{}",
            drifted.join("\n")
        );
    }
    let live = Demo::start()?;
    for (language, check) in [
        ("typescript", typescript as fn(&Demo) -> Result<()>),
        ("python", python),
        ("rust", rust),
    ] {
        let start = Instant::now();
        check(&live).with_context(|| {
            let log = live.log().display();
            format!("the {language} client failed; the service's log is {log}")
        })?;
        let seconds = start.elapsed().as_secs();
        commands::say(format_args!("the {language} client: {seconds} s"));
    }
    Ok(())
}

fn typescript(live: &Demo) -> Result<()> {
    let folder = laid_out(
        "typescript",
        &[
            ("check.ts", "check.ts"),
            ("first.ts", "first.ts"),
            // It says that these are modules.
            ("package.json", "package.json"),
            ("retry.ts", "retry.ts"),
            ("tsconfig.json", "tsconfig.json"),
        ],
    )?;
    let node = node::Environment::with("client", "xtask/contract/clients/typescript")?;
    linked(
        &node.folder().join("node_modules"),
        &folder.join("node_modules"),
    )?;
    let program = |name: &str| {
        let mut command = commands::program(&node.program(name).to_string_lossy());
        command.current_dir(&folder);
        command
    };
    commands::read(
        program("openapi-typescript")
            .arg(document("hush.json"))
            .args(["-o", "hush.d.ts"]),
    )?;
    commands::run(&mut program("tsc"))?;
    for name in ["first", "check"] {
        let built = folder.join("built").join(name).with_extension("js");
        commands::run(on(live, commands::program("node").arg(built)))?;
    }
    Ok(())
}

fn python(live: &Demo) -> Result<()> {
    let files = ["check.py", "first.py", "generator.yaml", "retry.py"].map(|it| (it, it));
    let folder = laid_out("python", &files)?;
    let environment = environment("python")?;
    let program = |name: &str| {
        let mut command = commands::program(&environment.program(name).to_string_lossy());
        command.current_dir(&folder);
        command
    };
    let document = document("hush.json");
    commands::read(
        program("openapi-python-client")
            .arg("generate")
            .arg("--path")
            .arg(document)
            .args(["--config", "generator.yaml", "--meta", "none"])
            .args(["--output-path", "hush_client", "--overwrite"])
            .arg("--fail-on-warning"),
    )?;
    commands::run(program("mypy").args(["--strict", "check.py", "first.py", "retry.py"]))?;
    for name in ["first.py", "check.py"] {
        commands::run(on(live, program("python").arg(name)))?;
    }
    Ok(())
}

fn rust(live: &Demo) -> Result<()> {
    let folder = laid_out(
        "rust",
        &[
            ("Cargo.toml.in", "Cargo.toml"),
            ("Cargo.lock", "Cargo.lock"),
            ("generator.yaml", "generator.yaml"),
            ("check.rs", "check/main.rs"),
            ("retry.rs", "check/retry.rs"),
            ("watched.rs", "check/watched.rs"),
            ("first.rs", "first/main.rs"),
            ("retry.rs", "first/retry.rs"),
        ],
    )?;
    let client = folder.join("client");
    if client.exists() {
        // The generator leaves what the document no longer has.
        fs::remove_dir_all(&client)
            .with_context(|| format!("cannot remove {}", client.display()))?;
    }
    let generator = environment("rust")?.program("openapi-generator-cli");
    commands::read(
        commands::program(&generator.to_string_lossy())
            .current_dir(&folder)
            .args(["generate", "-g", "rust", "-c", "generator.yaml", "-i"])
            .arg(document("hush-3.0.json"))
            .args(["-o", "client"]),
    )
    .context("Java 11 or newer is needed; on Debian: apt-get install default-jre-headless")?;
    let built = folder.join("target");
    commands::run(
        commands::cargo()
            .current_dir(&folder)
            .args(["build", "--locked", "--quiet", "--target-dir"])
            .arg(&built),
    )?;
    for name in ["first", "check"] {
        let program = built.join("debug").join(name);
        let mut program = commands::program(&program.to_string_lossy());
        commands::run(on(live, &mut program))?;
    }
    Ok(())
}

/// What the programs take from their environment: the token must not be seen among the arguments.
fn on<'a>(live: &Demo, command: &'a mut Command) -> &'a mut Command {
    command
        .env("HUSH_URL", &live.url)
        .env("HUSH_TOKEN", &live.owner)
}

fn source(language: &str) -> PathBuf {
    let clients = workspace::root().join("xtask/contract/clients");
    clients.join(language)
}

fn document(name: &str) -> PathBuf {
    workspace::root().join("openapi").join(name)
}

/// A folder under `target/` with these files of the language's, under other names where they have one.
fn laid_out(language: &str, files: &[(&str, &str)]) -> Result<PathBuf> {
    let folder = workspace::kept("clients")?.join(language);
    for (from, to) in files {
        let to = folder.join(to);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot create {}", parent.display()))?;
        }
        let text = read(&source(language).join(from))?;
        // What has not changed keeps its date, by which cargo knows what to compile.
        if fs::read_to_string(&to).is_ok_and(|there| there == text) {
            continue;
        }
        fs::write(&to, text).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(folder)
}

/// The compiler looks for packages beside the program.
fn linked(from: &Path, to: &Path) -> Result<()> {
    if fs::read_link(to).is_ok_and(|there| there == from) {
        return Ok(());
    }
    if fs::symlink_metadata(to).is_ok() {
        fs::remove_file(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    std::os::unix::fs::symlink(from, to).with_context(|| format!("cannot create {}", to.display()))
}

/// The Python packages that the language's `requirements.txt` pins.
fn environment(language: &str) -> Result<python::Environment> {
    let file = format!("xtask/contract/clients/{language}/requirements.txt");
    python::Environment::from_file(&format!("client-{language}"), &file)
}

/// Where a page and what is checked are not the same any more.
fn drifted() -> Result<Vec<String>> {
    let mut drifted = Vec::new();
    for (language, files) in QUOTED {
        let name = format!("docs/clients/{language}.md");
        let page = read(&workspace::root().join(&name))?;
        for (block, file) in files {
            let text = read(&source(language).join(file))?;
            if !quotes(&page, block, &text) {
                drifted.push(format!("{name}: quote {file} as it is"));
            }
        }
        let pins = if language == "typescript" {
            npm_pins(&read(&source(language).join("package.json"))?)?
        } else {
            let pins = read(&source(language).join("requirements.txt"))?;
            python::pins(&pins).map(str::to_owned).collect()
        };
        let other = words_with_a_version(&page).filter(|word| !pins.iter().any(|pin| pin == word));
        drifted.extend(other.map(|word| format!("{name}: {word} is not what is checked")));
    }
    Ok(drifted)
}

fn quotes(page: &str, block: &str, text: &str) -> bool {
    page.contains(&format!("\n```{block}\n{text}```\n"))
}

/// `name@1.2.3` of npm and `name==1.2.3` of `PyPI`, as a shell is given them. Cargo's ranges are held by its lock file.
fn words_with_a_version(page: &str) -> impl Iterator<Item = &str> {
    let lines = page.lines().map(str::trim_start);
    let installing =
        lines.filter(|line| line.contains("npm install") || line.contains("pip install"));
    let words = installing.flat_map(str::split_whitespace);
    words.filter(|word| word.contains("==") || word.rfind('@').is_some_and(|at| at > 0))
}

fn npm_pins(package: &str) -> Result<Vec<String>> {
    let package: Value = serde_json::from_str(package).context("package.json is no JSON")?;
    let lists = ["dependencies", "devDependencies"].map(|name| package[name].as_object());
    let pins = lists.into_iter().flatten().flatten();
    Ok(pins
        .filter_map(|(name, version)| Some(format!("{name}@{}", version.as_str()?)))
        .collect())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_say_what_is_checked() -> Result<()> {
        assert_eq!(drifted()?, Vec::<String>::new());
        Ok(())
    }

    #[test]
    fn a_quotation_is_whole_and_verbatim() {
        let page = "As `a.ts`:\n\n```ts\nlet a = 1;\n```\n\nThen\n";
        assert!(quotes(page, "ts", "let a = 1;\n"));
        assert!(!quotes(page, "ts", "let a = 1;\nlet b = 2;\n"));
        assert!(!quotes(page, "ts", "a = 1;\n"));
        assert!(!quotes(page, "js", "let a = 1;\n"));
    }

    #[test]
    fn a_version_is_found_where_it_is_installed() {
        let page = "npm install a@1.0.0 @types/node@20.0.0 @scope/b\n  pip install c==2.0 d\ncargo add e@1\n";
        let found: Vec<&str> = words_with_a_version(page).collect();
        assert_eq!(found, ["a@1.0.0", "@types/node@20.0.0", "c==2.0"]);
    }

    #[test]
    fn the_pins_of_npm_are_read() -> Result<()> {
        let package = r#"{"dependencies": {"a": "1.0.0"}, "devDependencies": {"@b/c": "2.0.0"}}"#;
        assert_eq!(npm_pins(package)?, ["a@1.0.0", "@b/c@2.0.0"]);
        Ok(())
    }
}
