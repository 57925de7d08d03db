//! Strings.

use rdbkit_rdb::digest::{Building, Kind, Rules};
use rdbkit_rdb::{Record, Value};

use super::super::halt::Halt;
use super::{Content, ELEMENT, Typed};

/// A string.
#[derive(Clone, Debug, Default)]
pub(in crate::digest) struct Text(pub Vec<u8>);

impl Typed for Text {
    const KIND: Kind = Kind::String;

    fn new(_: &Rules) -> Text {
        Text::default()
    }

    fn read(_: &Record<'_>, value: Value<'_>, _: &Rules) -> Result<Text, Halt> {
        let Value::String(text) = value else {
            return Ok(Text::default());
        };
        text.to_vec().map(Text).map_err(|_| Halt::BEYOND)
    }

    fn of(content: &mut Content) -> Option<&mut Text> {
        match content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    fn memory(&self) -> usize {
        self.0.capacity() + ELEMENT / 2
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn build(&self, key: &mut Building<'_>) {
        key.text(&self.0);
    }
}
