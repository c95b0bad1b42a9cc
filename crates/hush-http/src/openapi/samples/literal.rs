//! JSON values as the sample languages write them.

use serde_json::Value;

/// How a language writes a value.
pub(super) struct Style {
    quote: char,
    quoted_keys: bool,
    /// `true`, `false` and `null`.
    words: [&'static str; 3],
}

pub(super) const JAVASCRIPT: Style = Style {
    quote: '\'',
    quoted_keys: false,
    words: ["true", "false", "null"],
};

pub(super) const PYTHON: Style = Style {
    quote: '"',
    quoted_keys: true,
    words: ["True", "False", "None"],
};

impl Style {
    /// The value, its lines after the first set in by so many spaces more than `indent`.
    pub(super) fn write(&self, value: &Value, step: usize, indent: usize) -> String {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let inner = indent + step;
                let lines = fields.iter().map(|(name, field)| {
                    let is_word = name
                        .bytes()
                        .all(|it| it.is_ascii_alphanumeric() || it == b'_');
                    let name = if self.quoted_keys || !is_word {
                        self.text(name)
                    } else {
                        name.clone()
                    };
                    let field = self.write(field, step, inner);
                    format!("{:inner$}{name}: {field},\n", "")
                });
                format!("{{\n{}{:indent$}}}", lines.collect::<String>(), "")
            }
            Value::Object(_) => "{}".to_owned(),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.write(item, step, indent));
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
            Value::String(text) => self.text(text),
            Value::Bool(true) => self.words[0].to_owned(),
            Value::Bool(false) => self.words[1].to_owned(),
            Value::Null => self.words[2].to_owned(),
            Value::Number(number) => number.to_string(),
        }
    }

    /// A text, escaped as in JSON, which both languages read.
    fn text(&self, text: &str) -> String {
        let escaped = Value::from(text).to_string();
        if self.quote == '"' {
            return escaped;
        }
        let inner = &escaped[1..escaped.len() - 1];
        let inner = inner.replace("\\\"", "\"").replace('\'', "\\'");
        format!("'{inner}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_language_writes_its_own_words() {
        let value = json!({"a": [1, null, true], "b-c": {"c": "it's \\ \"so\"\n"}, "d": {}});
        assert_eq!(
            JAVASCRIPT.write(&value, 2, 2),
            "{\n    a: [1, null, true],\n    'b-c': {\n      c: 'it\\'s \\\\ \"so\"\\n',\n    },\n    d: {},\n  }"
        );
        assert_eq!(
            PYTHON.write(&value, 4, 0),
            "{\n    \"a\": [1, None, True],\n    \"b-c\": {\n        \"c\": \"it's \\\\ \\\"so\\\"\\n\",\n    },\n    \
             \"d\": {},\n}"
        );
    }
}
