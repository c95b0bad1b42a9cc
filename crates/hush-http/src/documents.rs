//! What `/docs` and `/openapi.*` serve, made once at the start.

use std::sync::Arc;

use bytes::Bytes;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::Config;

use crate::openapi;
use crate::problem::Code;

/// The page that loads Swagger UI from this host. Its addresses are relative, so that a reverse proxy may
/// serve it below a path.
const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hush API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/swagger-ui-standalone-preset.js"></script>
<script src="docs/swagger-initializer.js"></script>
</body>
</html>
"#;

/// The document in both forms, and the page.
pub(crate) struct Documents {
    json: Bytes,
    yaml: Bytes,
    swagger: Arc<Config<'static>>,
}

impl Documents {
    pub(crate) fn new(document: &OpenApi) -> Self {
        // Swagger UI would otherwise ask a validator elsewhere about the document.
        let swagger = Config::from("openapi.json")
            .validator_url("none")
            .use_base_layout();
        Self {
            json: openapi::to_json(document).into(),
            yaml: openapi::to_yaml(document).into(),
            swagger: Arc::new(swagger),
        }
    }

    pub(crate) fn json(&self) -> Bytes {
        self.json.clone()
    }

    pub(crate) fn yaml(&self) -> Bytes {
        self.yaml.clone()
    }

    #[expect(clippy::unused_self, reason = "the page is one of the documents")]
    pub(crate) fn page(&self) -> Bytes {
        Bytes::from_static(PAGE.as_bytes())
    }

    /// The page of a problem: what it is and what to do about it.
    #[expect(clippy::unused_self, reason = "the page is one of the documents")]
    pub(crate) fn problem(&self, code: Code) -> Bytes {
        let (name, status) = (code.as_str(), code.status());
        let (title, cure) = (code.title(), code.cure());
        Bytes::from(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{name} · Hush API</title>\n</head>\n<body>\n<h1>{name}</h1>\n\
             <p>Status {status}. {title}.</p>\n<p>{cure}</p>\n\
             <p><a href=\"../../docs\">Documentation</a></p>\n</body>\n</html>\n"
        ))
    }

    /// A file of Swagger UI with its media type.
    pub(crate) fn file(&self, path: &str) -> Option<(&'static str, Bytes)> {
        let content_type = match path.rsplit('.').next()? {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "png" => "image/png",
            _ => return None,
        };
        let file = utoipa_swagger_ui::serve(path, self.swagger.clone()).ok()??;
        Some((content_type, file.bytes.into_owned().into()))
    }
}
