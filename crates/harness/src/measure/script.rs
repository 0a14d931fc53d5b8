use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;
use tempfile::TempPath;

/// A request, in which `{}` stands for a value that differs from one to the next.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'static str,
    pub(crate) path: &'a str,
    pub(crate) token: &'a str,
    /// JSON.
    pub(crate) body: Option<&'a str>,
}

/// What `{}` stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values<'a> {
    /// Each of these in turn, and then from the beginning.
    Rotating(&'a [String]),
    /// Each of these, and none of them twice.
    Once(&'a [String]),
    /// These words, and a number.
    Numbered(&'a str),
}

/// A script that has wrk send requests. Its files go when it is dropped.
#[derive(Debug)]
pub(crate) struct Script {
    file: TempPath,
    _values: Option<TempPath>,
    most_requests: Option<u64>,
}

const DONE: &str = r#"
function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,' ..
    '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
"#;

impl Script {
    pub(crate) fn new(request: &Request<'_>, values: Values<'_>) -> Result<Self> {
        let (next, values, most_requests) = match values {
            Values::Rotating(values) => (rotating(), Some(write_lines(values)?), None),
            Values::Once(values) => {
                (rotating(), Some(write_lines(values)?), Some(u64::try_from(values.len())?))
            }
            Values::Numbered(words) => (numbered(words), None, None),
        };
        let file = tempfile::Builder::new().suffix(".lua").tempfile()?.into_temp_path();
        fs::write(&file, lua(request, &next, values.as_deref()))?;
        Ok(Self { file, _values: values, most_requests })
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// From how many requests on they repeat themselves, if they should not.
    pub(crate) fn most_requests(&self) -> Option<u64> {
        self.most_requests
    }
}

fn lua(request: &Request<'_>, next: &str, values: Option<&Path>) -> String {
    let Request { method, path, token, body } = request;
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n");
    let mut lua = String::from("local values = {}\n");
    if let Some(values) = values {
        let file = quoted(&values.to_string_lossy());
        let _ = writeln!(lua, "for line in io.lines({file}) do values[#values + 1] = line end");
    }
    let request = match body {
        None => format!("return {}", with_value(&format!("{head}\r\n"))),
        Some(body) => {
            let head = format!("{head}Content-Type: application/json\r\nContent-Length: ");
            let (head, body) = (with_value(&head), with_value(body));
            format!(
                "local body = {body}\n  return {head} .. #body .. {} .. body",
                quoted("\r\n\r\n")
            )
        }
    };
    let _ = writeln!(
        lua,
        "local number = 0\n\
         function request()\n  \
           number = number + 1\n  \
           local value = {next}\n  \
           {request}\n\
         end"
    );
    lua + DONE
}

fn rotating() -> String {
    "values[(number - 1) % #values + 1]".to_owned()
}

fn numbered(words: &str) -> String {
    format!(r#"string.format("%s%08d", {}, number)"#, quoted(words))
}

/// A text in Lua, with the value in its places.
fn with_value(text: &str) -> String {
    let parts: Vec<_> = text.split("{}").map(quoted).collect();
    parts.join(" .. value .. ")
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', r"\\").replace('"', r#"\""#);
    format!("\"{}\"", text.replace('\r', r"\r").replace('\n', r"\n"))
}

/// Writes each to a line of a file, which goes when it is dropped.
pub(crate) fn write_lines(lines: &[String]) -> Result<TempPath> {
    let file = tempfile::NamedTempFile::new()?.into_temp_path();
    fs::write(&file, lines.join("\n"))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_differs_in_its_path() {
        let request = Request { method: "GET", path: "/chats/{}", token: "abc", body: None };
        let lua = lua(&request, &rotating(), Some(Path::new("/tmp/ids")));
        let expected = concat!(
            "return \"GET /chats/\" .. value .. \" HTTP/1.1\\r\\nHost: localhost\\r\\n",
            "Authorization: Bearer abc\\r\\n\\r\\n\"\n"
        );
        assert!(lua.contains(expected), "{lua}");
        assert!(lua.contains(r#"io.lines("/tmp/ids")"#), "{lua}");
    }

    #[test]
    fn the_length_of_a_body_is_that_of_the_one_that_is_sent() {
        let request = Request {
            method: "POST",
            path: "/chats",
            token: "abc",
            body: Some(r#"{"scope":"{}"}"#),
        };
        let lua = lua(&request, &numbered("turn-1-"), None);
        assert!(lua.contains(r#"local body = "{\"scope\":\"" .. value .. "\"}""#), "{lua}");
        assert!(lua.contains(r#"Content-Length: " .. #body .. "\r\n\r\n" .. body"#), "{lua}");
        assert!(lua.contains(r#"string.format("%s%08d", "turn-1-", number)"#), "{lua}");
    }

    #[test]
    fn values_that_must_not_repeat_are_counted() {
        let request = Request { method: "GET", path: "/", token: "{}", body: None };
        let values = ["a".to_owned(), "b".to_owned()];
        let once = Script::new(&request, Values::Once(&values)).unwrap();
        assert_eq!(once.most_requests(), Some(2));
        let rotating = Script::new(&request, Values::Rotating(&values)).unwrap();
        assert_eq!(rotating.most_requests(), None);
    }
}
