//! AsyncAPI 3 of the socket, from the frames' types.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use sotto_protocol::socket::{ClientFrame, SUBPROTOCOL_CBOR, SUBPROTOCOL_JSON, ServerFrame};

/// The AsyncAPI document.
pub fn asyncapi() -> Value {
    let mut schemas = Map::new();
    let client = frames::<ClientFrame>("ClientFrame", &mut schemas);
    let server = frames::<ServerFrame>("ServerFrame", &mut schemas);
    let names = |frames: &Map<String, Value>| -> Vec<Value> {
        frames
            .keys()
            .map(|name| json!({ "$ref": format!("#/channels/socket/messages/{name}") }))
            .collect()
    };
    let operations = json!({
        "client": {
            "action": "receive",
            "summary": "What a client sends.",
            "channel": { "$ref": "#/channels/socket" },
            "messages": names(&client),
        },
        "relay": {
            "action": "send",
            "summary": "What the relay sends.",
            "channel": { "$ref": "#/channels/socket" },
            "messages": names(&server),
        },
    });
    let messages: Map<String, Value> = client.into_iter().chain(server).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sotto relay, the socket",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "One WebSocket per device. The subprotocol chooses the codec: `{SUBPROTOCOL_CBOR}` (binary frames) or `{SUBPROTOCOL_JSON}` \
                 (text frames). Both carry these shapes, externally tagged; binary values are byte strings in CBOR, base64url without padding in JSON."
            ),
        },
        "channels": {
            "socket": {
                "address": "/v1/socket",
                "title": "The socket",
                "messages": messages,
            },
        },
        "operations": operations,
        "components": { "schemas": schemas },
    })
}

/// The variants of a frame enum as messages; the types they name are moved to `schemas`.
fn frames<T: JsonSchema>(name: &str, schemas: &mut Map<String, Value>) -> Map<String, Value> {
    let generator = SchemaSettings::draft07()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut root = generator.into_root_schema_for::<T>().to_value();
    if let Some(definitions) = root
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        schemas.append(definitions);
    }
    let mut messages = Map::new();
    let variants = root.get("oneOf").and_then(Value::as_array);
    for variant in variants.into_iter().flatten() {
        for tag in tags(variant) {
            messages.insert(
                format!("{name}.{tag}"),
                json!({
                    "name": tag,
                    "title": tag,
                    "summary": variant.get("description").cloned().unwrap_or_default(),
                    "payload": { "schemaFormat": "application/schema+json;version=draft-07", "schema": payload(variant, &tag) },
                }),
            );
        }
    }
    messages
}

/// A variant with fields is an object with one key, its tag; those without are strings.
fn tags(variant: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(required) = variant.get("required").and_then(Value::as_array) {
        return required.iter().filter_map(text).collect();
    }
    if let Some(only) = variant.get("const").and_then(text) {
        return vec![only];
    }
    let names = variant.get("enum").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(text).collect()
}

fn payload(variant: &Value, tag: &str) -> Value {
    if variant.get("properties").is_some() {
        variant.clone()
    } else {
        json!({ "const": tag })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_a_message_and_every_reference_resolves() {
        let document = asyncapi();
        let messages = document
            .pointer("/channels/socket/messages")
            .and_then(Value::as_object)
            .unwrap();
        for name in [
            "ClientFrame.hello",
            "ClientFrame.send",
            "ClientFrame.ack",
            "ClientFrame.ping",
            "ServerFrame.welcome",
            "ServerFrame.deliver",
            "ServerFrame.queue_empty",
            "ServerFrame.refused",
            "ServerFrame.pong",
        ] {
            assert!(messages.contains_key(name), "{name}: {:?}", messages.keys());
        }
        fn walk(value: &Value, document: &Value) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(reference)) = map.get("$ref") {
                        let pointer = reference.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{reference}");
                    }
                    map.values().for_each(|value| walk(value, document));
                }
                Value::Array(list) => list.iter().for_each(|value| walk(value, document)),
                _ => {}
            }
        }
        walk(&document, &document);
    }
}
