//! Makes what the service serves to whoever reads about it: the committed OpenAPI documents and the documentation page,
//! each compressed as well as can be, once, so that no request and no start pays for it.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

mod page;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Brotli's best.
const QUALITY: u32 = 11;

#[expect(clippy::disallowed_methods, reason = "Cargo says there where to build")]
fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut table = String::from("&[\n");
    for file in files()? {
        let tag = tag(&file.bytes);
        let _ = write!(
            table,
            "File {{ path: {:?}, content_type: {:?}, tag: {tag:?}",
            file.path, file.content_type
        );
        for (field, compress) in [
            ("plain", plain as fn(&[u8]) -> io::Result<Vec<u8>>),
            ("gzip", gzip),
            ("brotli", brotli),
        ] {
            // What has not changed since an earlier build is there already.
            let path = folder.join(format!("{tag}-{QUALITY}.{field}"));
            if !path.exists() {
                keep(&path, &compress(&file.bytes)?)?;
            }
            let quoted = format!("{:?}", path.to_string_lossy());
            let _ = write!(table, ", {field}: include_bytes!({quoted})");
        }
        table.push_str(" },\n");
    }
    table.push(']');
    keep(&folder.join("files.rs"), table.as_bytes())
}

/// Writes a file at once or not at all: half of one would be taken for the whole by the next build.
fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, bytes)?;
    fs::rename(unfinished, path)
}

/// A file that is served.
struct File {
    /// Its path, without the slash at the start.
    path: String,
    content_type: &'static str,
    bytes: Vec<u8>,
}

fn files() -> io::Result<Vec<File>> {
    let documents = Path::new("../../openapi");
    let mut files = Vec::new();
    for (name, served, content_type) in [
        ("hush.json", "openapi.json", "application/json"),
        ("hush.yaml", "openapi.yaml", "application/yaml"),
        ("hush-3.0.json", "openapi-3.0.json", "application/json"),
        ("hush-3.0.yaml", "openapi-3.0.yaml", "application/yaml"),
    ] {
        files.push(File {
            path: served.to_owned(),
            content_type,
            bytes: read(&documents.join(name))?,
        });
    }
    let document = serde_json::from_slice(&files[0].bytes).map_err(|error| {
        io::Error::other(format!(
            "openapi/hush.json is no JSON ({error}): take the committed one back with `git checkout HEAD -- openapi`, then \
             run `cargo xtask openapi`"
        ))
    })?;
    files.extend(page::files(&document)?);
    Ok(files)
}

/// Reads a file, and has Cargo run this again once it changes.
#[expect(clippy::print_stdout, reason = "Cargo listens there")]
fn read(path: &Path) -> io::Result<Vec<u8>> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands in a list with those that compress"
)]
fn plain(bytes: &[u8]) -> io::Result<Vec<u8>> {
    Ok(bytes.to_vec())
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = Vec::new();
    // The best quality and the largest window.
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 4096, QUALITY, 24);
    writer.write_all(bytes)?;
    drop(writer);
    Ok(compressed)
}

/// What a strong entity tag is made of: 128 bits of the SHA-256.
fn tag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .take(16)
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
