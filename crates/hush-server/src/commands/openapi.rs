//! `openapi`: the document, for who has the binary and not the repository.

use hush_http::{Format, Version};

use crate::failure::Failure;
use crate::output;

pub(super) fn print(yaml: bool, v3_0: bool) -> Result<(), Failure> {
    let version = if v3_0 { Version::V3_0 } else { Version::V3_1 };
    let format = if yaml { Format::Yaml } else { Format::Json };
    output::text(&hush_http::openapi(version, format))
}
