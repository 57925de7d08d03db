//! The part of JSON Schema that our schemas use. A full validator would triple
//! what the tests compile; a keyword that is not known here fails the test.

use serde_json::Value;

/// Why `value` does not fit the schema at `at`, a part of `root`.
pub fn fault(root: &Value, at: &Value, value: &Value) -> Option<String> {
    let rules = at.as_object()?;
    rules.iter().find_map(|(keyword, rule)| {
        let bad = |why: &str| Some(format!("{keyword} {rule}: {why}: {value}"));
        match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => None,
            "$ref" => {
                let path = rule.as_str()?.trim_start_matches('#');
                fault(root, root.pointer(path)?, value)
            }
            "const" => (rule != value).then(|| bad("differs")).flatten(),
            "enum" => {
                let known = rule.as_array()?.contains(value);
                (!known).then(|| bad("is none of them")).flatten()
            }
            "type" => {
                let types = rule
                    .as_array()
                    .cloned()
                    .unwrap_or_else(|| vec![rule.clone()]);
                let fits = types.iter().filter_map(Value::as_str).any(|t| is(t, value));
                (!fits).then(|| bad("is of another type")).flatten()
            }
            "minimum" => {
                let low = value.as_i64()? < rule.as_i64()?;
                low.then(|| bad("is too small")).flatten()
            }
            "minItems" => (value.as_array()?.len() < rule.as_u64()? as usize)
                .then(|| bad("is too short"))
                .flatten(),
            "maxItems" => (value.as_array()?.len() > rule.as_u64()? as usize)
                .then(|| bad("is too long"))
                .flatten(),
            // The only pattern in use: major and minor version.
            "pattern" => {
                let parts: Vec<&str> = value.as_str()?.split('.').collect();
                let fits = parts.len() == 2 && parts.iter().all(|p| p.parse::<u16>().is_ok());
                (!fits).then(|| bad("is no version")).flatten()
            }
            "oneOf" => {
                let fits = rule
                    .as_array()?
                    .iter()
                    .filter(|s| fault(root, s, value).is_none());
                (fits.count() != 1)
                    .then(|| bad("does not fit exactly one"))
                    .flatten()
            }
            "required" => {
                let object = value.as_object()?;
                let missing = rule.as_array()?.iter().filter_map(Value::as_str);
                missing
                    .into_iter()
                    .find(|n| !object.contains_key(*n))
                    .and_then(bad)
            }
            "properties" => value
                .as_object()?
                .iter()
                .find_map(|(name, part)| rule.get(name).and_then(|s| fault(root, s, part))),
            "additionalProperties" => value.as_object()?.iter().find_map(|(name, part)| {
                if at["properties"].get(name).is_some() {
                    None
                } else if rule == false {
                    bad(name)
                } else {
                    fault(root, rule, part)
                }
            }),
            "items" => value
                .as_array()?
                .iter()
                .find_map(|item| fault(root, rule, item)),
            "prefixItems" => {
                let pairs = rule.as_array()?.iter().zip(value.as_array()?);
                pairs.into_iter().find_map(|(s, item)| fault(root, s, item))
            }
            _ => bad("is a keyword this test does not know"),
        }
    })
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "number" => value.is_number(),
        _ => false,
    }
}
