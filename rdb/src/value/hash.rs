//! Hashes: fields, values, expiries, and where the names of fields come from.

use super::blob::Blob;
use super::template::{Names, of_array};
use super::walk::{self, Number, Piece, Walk};
use crate::error::Result;
use crate::event::{Packing, Role};
use crate::packed::Element;
use crate::record::{Record, Templates};
use crate::text::{Scratch, Str};
use crate::wire::{Dialect, ValueType};

/// A field of a hash. `T` is `&[u8]` or [`Element`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<T> {
    /// The path, for a path hash of Valkey (its type 23): there a field is
    /// unique only together with its path. `None` for every other hash.
    pub path: Option<T>,
    /// The field.
    pub field: T,
    /// Its value.
    pub value: T,
    /// When the field expires, in Unix milliseconds.
    pub expire_ms: Option<i64>,
}

/// The fields of a hash, in the file's order.
///
/// | type | stored as | expiry |
/// |---|---|---|
/// | 4 | strings | - |
/// | 9, 13, 16 | one zipmap, ziplist or listpack of pairs | - |
/// | 22, 24 (Redis) | strings | before the field |
/// | 23, 25 (Redis) | one listpack of triples | third element |
/// | 22 (Valkey) | strings | after the value |
/// | 23 (Valkey) | strings, grouped by path | - |
/// | 29, 30 | names apart, values in one listpack | - |
/// | 31, 32 | names apart, values as strings | - |
///
/// Fields that expired before the file was saved are among them: whether to
/// keep those is for the reader to say, as it is for keys.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{SliceReader, Value};
///
/// // A hash with a field that expires, in the way of Valkey 9.
/// let file = b"VALKEY080\x16\x01h\x01\x01f\xc0\x05\x10\x27\0\0\0\0\0\0\xff\0\0\0\0\0\0\0\0";
/// let record = SliceReader::new(file).records().next_record()?.unwrap();
/// let Value::Hash(mut hash) = record.value()? else { panic!() };
/// let field = hash.next()?.expect("one field");
/// assert_eq!((field.field, field.value), (&b"f"[..], &b"5"[..]));
/// assert_eq!(field.expire_ms, Some(10_000));
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    inner: Inner<'a>,
    digits: [[u8; 20]; 3],
    failed: bool,
}

#[derive(Clone, Debug)]
struct Inner<'a> {
    walk: Walk<'a>,
    blob: Blob<'a>,
    names: Option<Box<Names<'a>>>,
    /// Whether the expiry comes after the value.
    expiry_last: bool,
    /// Whether the blob holds triples.
    triples: bool,
    /// Whether names of fields come with the value, apart from the values.
    named: bool,
    /// A field whose value has not come yet, and its offset.
    field: (Str<'a>, u64),
    value: (Str<'a>, u64),
    expire_ms: Option<i64>,
    /// Bytes of the current path in its scratch or the input.
    path: Option<Path<'a>>,
    scratch: [Scratch; 2],
    templates: Option<Templates>,
    max_decompressed: u64,
}

/// A path, decompressed once for all of its fields.
#[derive(Clone, Debug)]
enum Path<'a> {
    Input(Str<'a>),
    Held(Box<[u8]>),
}

impl<'a> Fields<'a> {
    pub(super) fn new(record: &Record<'a>, mut walk: Walk<'a>) -> Result<Fields<'a>> {
        let redis = record.dialect == Dialect::Redis;
        if record.kind == ValueType::HASH_TMPL_ARRAY_REF
            && let Some((id, template)) = of_array(record)
        {
            walk.know_template(id, template.fields);
        }
        let scratch = || Scratch::with_limit(record.max_decompressed);
        Ok(Fields {
            inner: Inner {
                walk,
                blob: Blob::new(record.max_decompressed),
                names: None,
                expiry_last: record.kind == ValueType::HASH_2 && !redis,
                triples: matches!(record.kind.0, 23 | 25) && redis,
                named: matches!(record.kind.0, 29 | 31) && redis,
                field: (Str::Raw(&[]), 0),
                value: (Str::Raw(&[]), 0),
                expire_ms: None,
                path: None,
                scratch: [scratch(), scratch()],
                templates: record.templates.clone(),
                max_decompressed: record.max_decompressed,
            },
            digits: [[0; 20]; 3],
            failed: false,
        })
    }

    /// The next field with value and expiry, or `None` at the end or after an
    /// error.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the value from here to the field's end.
    #[inline]
    #[allow(clippy::should_implement_trait)] // lends
    pub fn next(&mut self) -> Result<Option<Field<&[u8]>>> {
        if self.failed {
            return Ok(None);
        }
        let [path, field, value] = &mut self.digits;
        match self.inner.next() {
            Ok(Some(f)) => Ok(Some(Field {
                path: f.path.map(|p| p.text(path)),
                field: f.field.text(field),
                value: f.value.text(value),
                expire_ms: f.expire_ms,
            })),
            Ok(None) => Ok(None),
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }

    /// As [`next`](Self::next), with integers as integers where the file has
    /// them so.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    #[inline]
    pub fn next_element(&mut self) -> Result<Option<Field<Element<'_>>>> {
        if self.failed {
            return Ok(None);
        }
        let field = self.inner.next();
        self.failed = field.is_err();
        field
    }
}

impl<'a> Inner<'a> {
    #[inline]
    fn next(&mut self) -> Result<Option<Field<Element<'_>>>> {
        loop {
            if self.blob.more()? {
                return match (self.triples, self.names.is_some()) {
                    (_, true) => self.templated_blob(),
                    (true, _) => self.triple(),
                    (false, _) => self.pair(),
                };
            }
            let Some(piece) = self.walk.piece()? else {
                self.check_names()?;
                return Ok(None);
            };
            match piece {
                Piece::Item(role, text) => match role {
                    Role::Field => self.field = (text, self.walk.token_offset()),
                    Role::FieldValue => {
                        self.value = (text, self.walk.token_offset());
                        if !self.expiry_last {
                            return self.field();
                        }
                    }
                    Role::Packed(Packing::TemplateValues) => self.open_values(text)?,
                    Role::Packed(Packing::TemplateNames) => self.open_names(text)?,
                    Role::Packed(packing) => self.blob.open(packing, text, &self.walk)?,
                    Role::Path => self.set_path(text)?,
                    _ => {}
                },
                Piece::Expiry(expire_ms) => {
                    self.expire_ms = expire_ms;
                    if self.expiry_last {
                        return self.field();
                    }
                }
                Piece::Number(number) => self.number(number)?,
                Piece::Score(_) => {}
            }
        }
    }

    /// A field whose parts have all come.
    #[inline]
    fn field(&mut self) -> Result<Option<Field<Element<'_>>>> {
        let [first, second] = &mut self.scratch;
        let field = match &mut self.names {
            None => walk::element(self.field.0, first, self.field.1)?,
            Some(names) => names.expect(&self.walk)?,
        };
        let path = match &self.path {
            None => None,
            Some(Path::Held(bytes)) => Some(Element::Bytes(bytes)),
            Some(Path::Input(Str::Int(n))) => Some(Element::Int((*n).into())),
            Some(Path::Input(Str::Raw(bytes))) => Some(Element::Bytes(bytes)),
            // Was decompressed when it came.
            Some(Path::Input(Str::Lzf { .. })) => None,
        };
        Ok(Some(Field {
            path,
            field,
            value: walk::element(self.value.0, second, self.value.1)?,
            expire_ms: self.expire_ms,
        }))
    }

    fn pair(&mut self) -> Result<Option<Field<Element<'_>>>> {
        let (field, value) = self.blob.pair()?;
        Ok(Some(Field {
            path: None,
            field,
            value,
            expire_ms: None,
        }))
    }

    fn triple(&mut self) -> Result<Option<Field<Element<'_>>>> {
        let (field, value, expiry) = self.blob.triple()?;
        Ok(Some(Field {
            path: None,
            field,
            value,
            expire_ms: (expiry != 0).then_some(expiry),
        }))
    }

    fn templated_blob(&mut self) -> Result<Option<Field<Element<'_>>>> {
        let field = match &mut self.names {
            Some(names) => names.expect(&self.walk)?,
            None => Element::Bytes(&[]),
        };
        let Some(value) = self.blob.next()? else {
            return Ok(None);
        };
        Ok(Some(Field {
            path: None,
            field,
            value,
            expire_ms: None,
        }))
    }

    fn set_path(&mut self, text: Str<'a>) -> Result<()> {
        self.path = Some(match text {
            Str::Lzf { .. } => {
                let [scratch, _] = &mut self.scratch;
                let offset = self.walk.token_offset();
                match walk::element(text, scratch, offset)? {
                    Element::Bytes(bytes) => Path::Held(bytes.into()),
                    Element::Int(_) => Path::Input(text),
                }
            }
            _ => Path::Input(text),
        });
        Ok(())
    }

    /// What only template hashes have: their names, or where to look them up.
    #[cold]
    fn number(&mut self, number: Number) -> Result<()> {
        let names = match number {
            // The names follow as strings, and the values behind them.
            Number::Count(fields) if self.named => {
                Names::of_input(self.walk.rest(), fields, self.max_decompressed)
            }
            Number::TemplateRef(id) => self.look_up(id)?,
            _ => return Ok(()),
        };
        self.names = Some(Box::new(names));
        Ok(())
    }

    #[cold]
    fn open_names(&mut self, text: Str<'a>) -> Result<()> {
        let names = Names::of_blob(text, &self.walk, self.max_decompressed)?;
        self.names = Some(Box::new(names));
        Ok(())
    }

    /// A template's id, then one value for each of its fields. The id counts
    /// only where the names have not come with the value.
    #[cold]
    fn open_values(&mut self, text: Str<'a>) -> Result<()> {
        self.blob.open(Packing::TemplateValues, text, &self.walk)?;
        let first = self.blob.next()?.and_then(|id| id.as_integer());
        let Some(id) = first.and_then(|id| u64::try_from(id).ok()) else {
            return Err(self.blob.bad("template hash without a template id"));
        };
        if self.names.is_none() {
            self.names = Some(Box::new(self.look_up(id)?));
        }
        Ok(())
    }

    fn look_up(&self, id: u64) -> Result<Names<'a>> {
        match self.templates.as_ref().and_then(|known| known.get(id)) {
            Some(template) => Ok(Names::of_template(template, self.max_decompressed)),
            None => Err(self.walk.bad("hash refers to a template that is not there")),
        }
    }

    /// At the end of the value: every name had a value.
    fn check_names(&mut self) -> Result<()> {
        let left = match &mut self.names {
            Some(names) => names.more()?,
            None => false,
        };
        match left {
            true => Err(self.walk.bad("template hash with fewer values than fields")),
            false => Ok(()),
        }
    }
}
