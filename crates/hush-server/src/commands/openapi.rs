//! `openapi`: the document, for who has the binary and not the repository.

use crate::failure::Failure;
use crate::output;

pub(super) fn print(yaml: bool) -> Result<(), Failure> {
    output::text(&if yaml {
        hush_http::openapi_yaml()
    } else {
        hush_http::openapi_json()
    })
}
