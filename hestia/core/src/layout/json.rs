//! Lines of JSON for machines.

use super::Layout;
use super::schema::{Ecs, Hestia, Schema};
use crate::record::Record;

/// One JSON object for each record, on one line: the layout of `app.log`.
///
/// Always valid (RFC 8259) and always one line, whatever was logged: control characters, line separators,
/// bidirectional controls and invisible characters are escaped; NaN and the infinities, which JSON has no numbers
/// for, are the strings `"NaN"`, `"inf"` and `"-inf"`; integers of 128 bits have all their digits; bytes are
/// base64; no object has a key twice. Numbers, booleans, strings, null, arrays and objects keep their type.
///
/// Times are in UTC with microseconds. What is not known of a record is absent. Keys are written as they were
/// logged.
///
/// # Example
/// ```
/// use hestia::{JsonLayout, Schema};
///
/// let layout = JsonLayout::new(Schema::Ecs);
/// assert_ne!(layout, JsonLayout::default());
/// ```
#[derive(Debug)]
pub struct JsonLayout {
    form: Form,
}

#[derive(Debug)]
enum Form {
    Hestia(Hestia),
    Ecs(Ecs),
}

impl JsonLayout {
    /// Objects with the members of a schema.
    #[must_use]
    pub fn new(schema: Schema) -> Self {
        let form = match schema {
            Schema::Hestia => Form::Hestia(Hestia::new()),
            Schema::Ecs => Form::Ecs(Ecs::new()),
        };
        JsonLayout { form }
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> Schema {
        match self.form {
            Form::Hestia(_) => Schema::Hestia,
            Form::Ecs(_) => Schema::Ecs,
        }
    }
}

impl Default for JsonLayout {
    /// [`Schema::Hestia`].
    fn default() -> Self {
        JsonLayout::new(Schema::default())
    }
}

impl Clone for JsonLayout {
    /// One that writes the same lines. It has prepared none yet.
    fn clone(&self) -> Self {
        JsonLayout::new(self.schema())
    }
}

impl PartialEq for JsonLayout {
    /// Whether both write the same lines.
    fn eq(&self, other: &Self) -> bool {
        self.schema() == other.schema()
    }
}

impl Eq for JsonLayout {}

impl Layout for JsonLayout {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        match &mut self.form {
            Form::Hestia(schema) => schema.append(line, record),
            Form::Ecs(schema) => schema.append(line, record),
        }
        line.push(b'\n');
    }
}
