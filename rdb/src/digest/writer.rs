//! Who wrote a file, as far as it says.

use crate::event::{Event, Part};
use crate::text::Scratch;
use crate::verify::{Product, Server};
use crate::wire::Dialect;

/// Listens to what comes before the keys of a file, for whose rules to take.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::digest::Writer;
/// use rdbkit_rdb::{RecordBuf, StreamReader};
///
/// let file: &[u8] = b"REDIS0009\xfa\x09redis-ver\x056.2.7\xfe\x00\x00\x01a\xc0\x07\xff\0\0\0\0\0\0\0\0";
/// let (mut writer, mut record) = (Writer::default(), RecordBuf::new());
/// StreamReader::new(file).read_record_with(&mut record, |event| writer.event(event))?;
/// assert_eq!(writer.server().to_string(), "redis:6.2");
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Writer {
    format: Option<(Dialect, u32)>,
    redis: Option<Server>,
    valkey: Option<Server>,
}

impl Writer {
    /// Takes note of an event, if it tells anything.
    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Part::Header {
                dialect, version, ..
            } => self.format = Some((*dialect, *version)),
            Part::Aux { name, value } => {
                let mut scratch = Scratch::default();
                let (product, told) = match name.bytes(&mut scratch) {
                    Ok(b"redis-ver") => ("redis", &mut self.redis),
                    Ok(b"valkey-ver") => ("valkey", &mut self.valkey),
                    _ => return,
                };
                let version = value.bytes(&mut scratch).map(<[u8]>::to_vec);
                let version = version.ok().and_then(|v| String::from_utf8(v).ok());
                *told = version.and_then(|v| format!("{product}:{v}").parse().ok());
            }
            _ => {}
        }
    }

    /// The server that wrote the file: by its AUX fields, or the first one that
    /// wrote its version.
    #[must_use]
    pub fn server(&self) -> Server {
        let first = || {
            let (dialect, version) = self.format?;
            let product = match dialect {
                Dialect::Redis => Product::Redis,
                Dialect::Valkey => Product::Valkey,
            };
            Server::lowest(product, dialect, version)
        };
        self.told().or_else(first).unwrap_or(Server::REDIS)
    }

    /// The server that its AUX fields name, if they do.
    #[must_use]
    pub fn told(&self) -> Option<Server> {
        self.valkey.or(self.redis)
    }
}
