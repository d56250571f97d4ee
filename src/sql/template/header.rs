//! The comment lines at the top of a template.

use crate::domain::template::{Parameter, ParameterType, TemplateError};
use crate::sql::lexer::marker_name;

/// What the header says.
#[derive(Default)]
pub(super) struct Header {
    pub(super) name: Option<String>,
    pub(super) purpose: String,
    pub(super) classes: Vec<u32>,
    pub(super) tables: Vec<String>,
    /// With the line of each.
    pub(super) parameters: Vec<(Parameter, usize)>,
    /// The byte behind the header.
    pub(super) end: usize,
}

impl Header {
    /// Reads the comment lines before the statement. Lines of another form are plain comments.
    pub(super) fn read(file: &str, text: &str) -> Result<Self, TemplateError> {
        let mut header = Self::default();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let fail = |message: String, hint: &str| TemplateError {
                file: file.to_owned(),
                line: index + 1,
                message,
                hint: hint.to_owned(),
            };
            let trimmed = line.trim();
            let Some(comment) = trimmed.strip_prefix("--") else {
                if trimmed.is_empty() {
                    header.end += line.len();
                    continue;
                }
                break;
            };
            header.end += line.len();
            let Some((key, value)) = comment.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim() {
                "name" => header.name = Some(value.to_owned()),
                "purpose" => header.purpose = value.to_owned(),
                "tables" => header.tables = list(value),
                "classes" => {
                    for class in list(value) {
                        let uid = class.parse().map_err(|_| {
                            fail(
                                format!("`{class}` is no OCSF class"),
                                "write class numbers such as 6003, with commas between",
                            )
                        })?;
                        header.classes.push(uid);
                    }
                }
                "param" => {
                    let parameter = parameter(value)
                        .map_err(|message| fail(message, "write `-- param: name type \"help\"`"))?;
                    if header
                        .parameters
                        .iter()
                        .any(|(p, _)| p.name == parameter.name)
                    {
                        return Err(fail(
                            format!("parameter `{}` is there twice", parameter.name),
                            "drop one of the lines",
                        ));
                    }
                    header.parameters.push((parameter, index + 1));
                }
                _ => {}
            }
        }
        if header.purpose.is_empty() {
            return Err(TemplateError {
                file: file.to_owned(),
                line: 1,
                message: "no purpose".to_owned(),
                hint: "add a line `-- purpose: one sentence` at the top".to_owned(),
            });
        }
        Ok(header)
    }
}

fn list(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(|item| item.trim().to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

fn parameter(value: &str) -> Result<Parameter, String> {
    let mut words = value.splitn(3, char::is_whitespace);
    let (Some(name), Some(kind)) = (words.next(), words.next()) else {
        return Err("a parameter without a type".to_owned());
    };
    let kind: ParameterType = kind.parse().map_err(|()| {
        let known: Vec<&str> = ParameterType::ALL.iter().map(|kind| kind.name()).collect();
        format!(
            "`{kind}` is no type of parameter (there are {})",
            known.join(", ")
        )
    })?;
    if marker_name(&format!("/* :{name} */")).is_none() {
        return Err(format!("`{name}` is no name for a parameter"));
    }
    Ok(Parameter {
        name: name.to_owned(),
        kind,
        help: words
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches('"')
            .to_owned(),
        default_sql: String::new(),
        default_text: None,
    })
}
