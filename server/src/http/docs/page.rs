//! One HTML page of both documents: headings, sentences and schemas, no script.

use serde_json::Value;

/// Renders the page.
pub(super) fn render(openapi: &Value, asyncapi: &Value) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Sotto relay: the API</title><link rel=\"stylesheet\" href=\"/docs/docs.css\"></head>\n<body>\n<main>\n<h1>The API of this relay</h1>\n",
    );
    page.push_str(
        "<p>As documents for machines: <a href=\"/openapi.json\">OpenAPI</a>, <a href=\"/asyncapi.json\">AsyncAPI</a>. \
         On this page: <a href=\"#http\">HTTP</a>, <a href=\"#socket\">the socket</a>, <a href=\"#types\">types</a>.</p>\n",
    );
    page.push_str("<h2 id=\"http\">HTTP</h2>\n");
    paragraph(&mut page, openapi.pointer("/info/description"));
    for (path, methods) in entries(openapi.get("paths")) {
        for (method, operation) in entries(Some(methods)) {
            render_operation(&mut page, path, method, operation);
        }
    }
    page.push_str("<h2 id=\"socket\">The socket</h2>\n");
    paragraph(&mut page, asyncapi.pointer("/info/description"));
    for (name, message) in entries(asyncapi.pointer("/channels/socket/messages")) {
        render_message(&mut page, name, message);
    }
    page.push_str("<h2 id=\"types\">Types</h2>\n");
    for document in [openapi, asyncapi] {
        for (name, schema) in entries(document.pointer("/components/schemas")) {
            let heading = format!("<h3 id=\"type-{0}\">{0}</h3>\n", escape(name));
            if page.contains(&heading) {
                continue;
            }
            page.push_str(&heading);
            paragraph(&mut page, schema.get("description"));
            page.push_str(&shape(schema));
        }
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn render_operation(page: &mut String, path: &str, method: &str, operation: &Value) {
    page.push_str(&format!(
        "<section>\n<h3><code class=\"method\">{}</code> <code>{}</code></h3>\n",
        escape(&method.to_uppercase()),
        escape(path)
    ));
    paragraph(page, operation.get("summary"));
    paragraph(page, operation.get("description"));
    let mut facts = Vec::new();
    if let Some(security) = operation.pointer("/security/0").and_then(Value::as_object) {
        let names: Vec<String> = security
            .keys()
            .map(|name| format!("{} token", escape(name)))
            .collect();
        facts.push(("Bearer", names.join(", ")));
    }
    for parameter in operation
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        facts.push((
            "Parameter",
            format!(
                "<code>{}</code>: {}",
                escape(text(parameter.get("name"))),
                escape(text(parameter.get("description")))
            ),
        ));
    }
    if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
        facts.push(("Takes", type_of(schema)));
    }
    for (status, response) in entries(operation.get("responses")) {
        let body = entries(response.get("content"))
            .next()
            .and_then(|(_, content)| content.get("schema"))
            .map(|schema| format!("{}: ", type_of(schema)))
            .unwrap_or_default();
        facts.push((
            "Answers",
            format!(
                "<code>{}</code> {body}{}",
                escape(status),
                escape(text(response.get("description")))
            ),
        ));
    }
    page.push_str("<dl>\n");
    for (name, fact) in facts {
        page.push_str(&format!("<dt>{name}</dt><dd>{fact}</dd>\n"));
    }
    page.push_str("</dl>\n</section>\n");
}

fn render_message(page: &mut String, name: &str, message: &Value) {
    let (from, tag) = name.split_once('.').unwrap_or(("", name));
    let from = if from == "ClientFrame" {
        "client →"
    } else {
        "← relay"
    };
    page.push_str(&format!(
        "<section>\n<h3><code class=\"method\">{from}</code> <code>{}</code></h3>\n",
        escape(tag)
    ));
    paragraph(page, message.get("summary"));
    if let Some(schema) = message.pointer("/payload/schema") {
        match schema.pointer(&format!("/properties/{tag}")) {
            Some(inner) if inner.get("properties").is_some() => page.push_str(&shape(inner)),
            Some(inner) => page.push_str(&format!("<p>{}</p>\n", type_of(inner))),
            None => page.push_str("<p>The text alone.</p>\n"),
        }
    }
    page.push_str("</section>\n");
}

/// A schema's fields as a table, or its values as a list.
fn shape(schema: &Value) -> String {
    let mut out = String::new();
    if schema.get("properties").is_some() {
        out.push_str("<table>\n");
        for (field, of) in entries(schema.get("properties")) {
            let required = schema
                .get("required")
                .and_then(Value::as_array)
                .is_some_and(|names| names.iter().any(|name| name == field));
            out.push_str(&format!(
                "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>\n",
                escape(field),
                if required { "" } else { " (optional)" },
                type_of(of),
                escape(text(of.get("description")))
            ));
        }
        out.push_str("</table>\n");
        return out;
    }
    let values: Vec<String> = values(schema);
    if values.is_empty() {
        return format!("<p>{}</p>\n", type_of(schema));
    }
    out.push_str("<ul>\n");
    for value in values {
        out.push_str(&format!("<li>{value}</li>\n"));
    }
    out.push_str("</ul>\n");
    out
}

fn values(schema: &Value) -> Vec<String> {
    let listed = |key: &str| schema.get(key).and_then(Value::as_array).cloned();
    if let Some(names) = listed("enum") {
        return names
            .iter()
            .map(|name| format!("<code>{}</code>", escape(text(Some(name)))))
            .collect();
    }
    listed("oneOf")
        .unwrap_or_default()
        .iter()
        .map(|one| {
            let names = one
                .get("const")
                .map(|only| vec![only.clone()])
                .or_else(|| one.get("enum").and_then(Value::as_array).cloned())
                .unwrap_or_default();
            let names: Vec<String> = names
                .iter()
                .map(|name| format!("<code>{}</code>", escape(text(Some(name)))))
                .collect();
            format!(
                "{}: {}",
                names.join(", "),
                escape(text(one.get("description")))
            )
        })
        .collect()
}

/// A type in words, linked where it has a name.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = escape(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#type-{name}\">{name}</a>");
    }
    for combined in ["allOf", "anyOf", "oneOf"] {
        if let Some(parts) = schema.get(combined).and_then(Value::as_array) {
            let parts: Vec<String> = parts.iter().map(type_of).collect();
            return parts.join(" or ");
        }
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", type_of(items));
    }
    match schema.get("type") {
        Some(Value::Array(types)) => {
            let types: Vec<&str> = types.iter().map(|one| text(Some(one))).collect();
            escape(&types.join(" or "))
        }
        Some(one) => escape(text(Some(one))),
        None => "anything".to_owned(),
    }
}

fn entries(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn paragraph(page: &mut String, value: Option<&Value>) {
    let text = text(value);
    if !text.is_empty() {
        page.push_str(&format!("<p>{}</p>\n", escape(text)));
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_names_every_path_and_holds_no_script_or_style() {
        let page = super::render(&super::super::OPENAPI, &super::super::ASYNCAPI);
        for path in [
            "/v1/register/start",
            "/v1/prekeys",
            "queue_empty",
            "ProblemCode",
        ] {
            assert!(page.contains(path), "{path}");
        }
        assert!(!page.contains("<script") && !page.contains("<style") && !page.contains(" style="));
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            super::escape("<a b=\"&\">"),
            "&lt;a b=&quot;&amp;&quot;&gt;"
        );
    }
}
