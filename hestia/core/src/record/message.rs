//! A statement's message, from its template and the arguments that its record took along.
//!
//! The writer's thread. Placeholders that are nothing but `{}`, `{:?}` or `{:.2}`, in the order of the arguments, are
//! filled in from the template's text; for any other a statement has a function of its own, in which the compiler's
//! `format_args!` does the work ([`Message::Printed`]). Either way `std::fmt` prints, except for what is quicker here
//! and the same to the letter: text and integers under `{}`, and numbers with a fixed count of decimals.
//!
//! *Invariant:* arguments are values of std's types, so that no code of the user's runs on the writer's thread.

use once_cell::race::OnceBox;
use std::fmt::{self, Write as _};

use super::decode::{DecodeError, Decoder, Items};
use super::encode::FORMATTING_FAILED;
use super::scalar::{self, Scalar};

/// How a statement's message is said.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// It is this text.
    Constant(&'static str),
    /// It is this template, with doubled braces for single ones; the placeholders take one argument each, in order,
    /// and are `{}`, `{:?}` or `{:.D}`, with or without a name, which says nothing about what is printed.
    Template(&'static str),
    /// It is this template, filled in by this function. The names are those of the arguments, empty for none, up to the
    /// last that has one.
    Printed(
        &'static str,
        &'static [&'static str],
        fn(&mut Printer<'_>, Arguments<'_>),
    ),
}

/// A message for a process that does not have the statement: nothing of it is an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Described<'d> {
    Constant(&'d str),
    Template(&'d str),
}

impl<'d> Described<'d> {
    /// Reads the message whose arguments come next.
    pub(super) fn read(
        self,
        decoder: &mut Decoder<'_>,
        message: &mut String,
    ) -> Result<(), DecodeError> {
        match self {
            Described::Constant(text) => message.push_str(text),
            Described::Template(template) => fill_in(&parse(template), decoder, message)?,
        }
        Ok(())
    }
}

impl Message {
    /// Whether only a function of this program can say it.
    pub(crate) fn is_printed(&self) -> bool {
        matches!(self, Message::Printed(..))
    }

    /// What it says to a process that does not have it; `None` when only its function can say it.
    pub(super) fn described(&self) -> Option<Described<'static>> {
        match *self {
            Message::Constant(text) => Some(Described::Constant(text)),
            Message::Template(template) => Some(Described::Template(template)),
            Message::Printed(..) => None,
        }
    }

    /// The names of its arguments, in their order; an empty one for an argument without.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        let (template, names) = match *self {
            Message::Constant(_) => ("", &[][..]),
            Message::Template(template) => (template, &[][..]),
            Message::Printed(_, names, _) => ("", names),
        };
        let placeholders = Split(template).filter_map(|part| match part {
            (Piece::Text(_), _) => None,
            (_, name) => Some(name),
        });
        placeholders.chain(names.iter().copied())
    }

    /// Reads the message whose arguments come next. `pieces` are this message's own.
    #[inline]
    pub(super) fn read<'a>(
        &self,
        pieces: &Pieces,
        decoder: &mut Decoder<'a>,
        message: &'a mut String,
    ) -> Result<&'a str, DecodeError> {
        match *self {
            Message::Constant(text) => return Ok(text),
            Message::Template(template) => fill_in(pieces.of(template), decoder, message)?,
            Message::Printed(.., print) => {
                print(&mut Printer(message), Arguments(*decoder));
                decoder.rest();
            }
        }
        Ok(message)
    }
}

/// A template taken apart, once. Nobody waits for anybody who is at it: in a forked child that thread would be missing.
#[derive(Debug)]
pub(crate) struct Pieces(OnceBox<Vec<Piece<'static>>>);

#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    /// `{}`
    Display,
    /// `{:?}`
    Debug,
    /// `{:.2}`
    Decimals(usize),
}

impl Pieces {
    pub(crate) const fn new() -> Self {
        Pieces(OnceBox::new())
    }

    #[inline]
    fn of(&self, template: &'static str) -> &[Piece<'static>] {
        self.0.get_or_init(|| Box::new(parse(template)))
    }
}

/// Takes a template apart. What no macro writes stands for itself.
#[cold]
fn parse(template: &str) -> Vec<Piece<'_>> {
    Split(template).map(|(piece, _)| piece).collect()
}

/// The pieces of a template that are left, with the names of placeholders.
struct Split<'t>(&'t str);

impl<'t> Iterator for Split<'t> {
    type Item = (Piece<'t>, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.0.find(['{', '}']).unwrap_or(self.0.len());
        let (text, from_brace) = self.0.split_at(at);
        if !text.is_empty() {
            self.0 = from_brace;
            return Some((Piece::Text(text), ""));
        }
        let (piece, after) = match (from_brace.as_bytes(), from_brace.find('}')) {
            ([], _) => return None,
            ([b'{', b'{', ..] | [b'}', b'}', ..], _) => {
                ((Piece::Text(&from_brace[..1]), ""), &from_brace[2..])
            }
            ([b'{', ..], Some(end)) => (placeholder(&from_brace[..=end]), &from_brace[end + 1..]),
            _ => ((Piece::Text(&from_brace[..1]), ""), &from_brace[1..]),
        };
        self.0 = after;
        Some(piece)
    }
}

fn placeholder(braced: &str) -> (Piece<'_>, &str) {
    let inside = &braced[1..braced.len() - 1];
    let (name, spec) = match inside.split_once(':') {
        Some((name, spec)) => (name, Some(spec)),
        None => (inside, None),
    };
    let begins_name = |letter: char| letter.is_alphabetic() || letter == '_';
    let is_name = name.is_empty()
        || name.starts_with(begins_name)
            && name
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '_');
    let decimals = spec.and_then(|spec| spec.strip_prefix('.')).map(str::parse);
    match (spec, decimals) {
        (None, _) if is_name => (Piece::Display, name),
        (Some("?"), _) if is_name => (Piece::Debug, name),
        (_, Some(Ok(decimals))) if is_name => (Piece::Decimals(decimals), name),
        _ => (Piece::Text(braced), ""),
    }
}

/// Fills in a template with the arguments that come next.
fn fill_in(
    pieces: &[Piece<'_>],
    decoder: &mut Decoder<'_>,
    message: &mut String,
) -> Result<(), DecodeError> {
    pieces
        .iter()
        .try_for_each(|piece| piece.append(decoder, message))
}

impl Piece<'_> {
    #[inline]
    fn append(&self, decoder: &mut Decoder<'_>, message: &mut String) -> Result<(), DecodeError> {
        let printed = match *self {
            Piece::Text(text) => {
                message.push_str(text);
                Ok(())
            }
            Piece::Display => display(message, &decoder.get_argument()?),
            Piece::Debug => write!(message, "{:?}", decoder.get_argument_slowly()?),
            Piece::Decimals(decimals) => match decoder.get_argument()? {
                Arg::Scalar(Scalar::F64(number)) if decimal::append(message, number, decimals) => {
                    Ok(())
                }
                argument => write!(message, "{argument:.decimals$}"),
            },
        };
        if printed.is_err() {
            message.push_str(FORMATTING_FAILED);
        }
        Ok(())
    }
}

/// Prints what `{}` prints.
#[inline]
fn display(message: &mut String, argument: &Arg<'_>) -> fmt::Result {
    let Arg::Scalar(scalar) = argument else {
        return write!(message, "{argument}");
    };
    match *scalar {
        Scalar::Str(text) | Scalar::Verbatim(text) => message.push_str(text),
        Scalar::U64(number) => message.push_str(itoa::Buffer::new().format(number)),
        Scalar::I64(number) => message.push_str(itoa::Buffer::new().format(number)),
        Scalar::I32(number) => message.push_str(itoa::Buffer::new().format(number)),
        _ => return write!(message, "{argument}"),
    }
    Ok(())
}

/// Prints a message.
#[derive(Debug)]
pub struct Printer<'s>(&'s mut String);

impl Printer<'_> {
    /// What `write!` calls.
    pub fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) {
        if self.0.write_fmt(arguments).is_err() {
            self.0.push_str(FORMATTING_FAILED);
        }
    }
}

/// The arguments of a message.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a>(Decoder<'a>);

impl<'a> Arguments<'a> {
    /// An argument by its place. What is not there, as cannot be, prints as nothing.
    #[must_use]
    pub fn at(&self, place: usize) -> Arg<'a> {
        let mut decoder = self.0;
        let mut arguments = std::iter::from_fn(|| decoder.get_argument().ok());
        arguments
            .nth(place)
            .unwrap_or(Arg::Scalar(Scalar::Verbatim("")))
    }

    /// A width or a precision by its place.
    #[must_use]
    pub fn count(&self, place: usize) -> usize {
        match self.at(place) {
            Arg::Scalar(Scalar::Count(count)) => count.into(),
            _ => 0,
        }
    }
}

/// An argument as the writer has it: prints under each trait as the original would have.
#[derive(Clone, Copy)]
pub enum Arg<'a> {
    #[doc(hidden)]
    Scalar(Scalar<'a>),
    /// `Some`, of one item.
    #[doc(hidden)]
    Some(Items<'a>),
    #[doc(hidden)]
    List(Items<'a>),
}

impl fmt::Debug for Arg<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::Scalar(scalar) => scalar::debug(scalar, out),
            Arg::Some(items) => match items.arguments().next() {
                Some(value) => out.debug_tuple("Some").field(&value).finish(),
                None => Err(fmt::Error),
            },
            Arg::List(items) => out.debug_list().entries(items.arguments()).finish(),
        }
    }
}

macro_rules! print_scalars_only {
    ($($trait:ident)+) => {$(
        #[diagnostic::do_not_recommend]
        impl fmt::$trait for Arg<'_> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Arg::Scalar(scalar) => fmt::$trait::fmt(scalar, out),
                    Arg::Some(_) | Arg::List(_) => Err(fmt::Error),
                }
            }
        }
    )+};
}

print_scalars_only!(Display LowerHex UpperHex Octal Binary LowerExp UpperExp);

/// Addresses are formatted at the call, so all there is to print here is that text.
impl fmt::Pointer for Arg<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::Scalar(Scalar::Verbatim(text)) => out.write_str(text),
            _ => Err(fmt::Error),
        }
    }
}

mod decimal {
    //! Numbers with a fixed count of decimals.

    use std::cmp::Ordering;

    /// Ten to the 17th, times a significand of 53 bits, fits into 128 bits with room to spare.
    const POWERS: [u64; 18] = {
        let mut powers = [1; 18];
        let mut at = 1;
        while at < powers.len() {
            powers[at] = powers[at - 1] * 10;
            at += 1;
        }
        powers
    };

    /// Appends a number with so many decimals, rounded half to even in its exact value, as `{:.decimals$}` does.
    /// `false`, and nothing is appended, where the number is too large or there are too many decimals for this.
    ///
    /// A finite number is an integer times a power of two. Times ten to the power of the decimals it is still an
    /// integer times a power of two, and in 128 bits nothing of it is lost before the one division, by that power. What comes
    /// of it has all digits; the point is put among them.
    pub(super) fn append(message: &mut String, number: f64, decimals: usize) -> bool {
        let bits = number.to_bits();
        #[allow(clippy::cast_possible_truncation, reason = "eleven bits")]
        let exponent = (bits >> 52) as u32 & 0x7ff;
        let fraction = bits & ((1 << 52) - 1);
        let Some(power) = POWERS.get(decimals) else {
            return false;
        };
        // Below 2^53, so that the number is significand / 2^shift with a shift of at least one; and no NaN.
        if exponent >= 1075 {
            return false;
        }
        let (significand, shift) = match exponent {
            0 => (fraction, 1074),
            _ => (fraction | 1 << 52, 1075 - exponent),
        };
        let mut buffer = itoa::Buffer::new();
        let digits = match significand.checked_mul(*power) {
            // As it nearly always is: large enough, and with few decimals.
            Some(scaled) if shift < u64::BITS => {
                let (whole, rest) = (scaled >> shift, scaled & ((1 << shift) - 1));
                let is_up = rounds_up(rest.cmp(&(1 << (shift - 1))), whole & 1 == 1);
                buffer.format(whole + u64::from(is_up))
            }
            _ => {
                let rounded = rounded(u128::from(significand) * u128::from(*power), shift);
                match u64::try_from(rounded) {
                    Ok(rounded) => buffer.format(rounded),
                    Err(_) => buffer.format(rounded),
                }
            }
        };
        if bits >> 63 == 1 {
            message.push('-');
        }
        let (whole, decimal) = digits.split_at(digits.len().saturating_sub(decimals));
        message.push_str(if whole.is_empty() { "0" } else { whole });
        if decimals > 0 {
            message.push('.');
            for _ in decimal.len()..decimals {
                message.push('0');
            }
            message.push_str(decimal);
        }
        true
    }

    /// The product over two to the power of the shift.
    fn rounded(scaled: u128, shift: u32) -> u128 {
        // Of a shift beyond all bits of the product nothing stays: it is below a half.
        if shift >= 127 {
            return 0;
        }
        let (whole, rest) = (scaled >> shift, scaled & ((1 << shift) - 1));
        let is_up = rounds_up(rest.cmp(&(1 << (shift - 1))), whole & 1 == 1);
        whole + u128::from(is_up)
    }

    fn rounds_up(rest_to_half: Ordering, is_odd: bool) -> bool {
        rest_to_half.is_gt() || rest_to_half.is_eq() && is_odd
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_template_is_taken_apart() {
        let expected = [
            Piece::Text("{"),
            Piece::Display,
            Piece::Text("}"),
            Piece::Text(" a "),
            Piece::Debug,
            Piece::Decimals(3),
            Piece::Text("b"),
            Piece::Text("}"),
        ];
        assert_eq!(parse("{{{}}} a {:?}{:.3}b}}"), expected);
        assert_eq!(parse("{{{user}}} a {_a1:?}{größe:.3}b}}"), expected);
        let names = |message: Message| message.names().collect::<Vec<_>>();
        let template = "{{no}} {user} {} {größe:.3}";
        assert_eq!(names(Message::Template(template)), ["user", "", "größe"]);
        assert_eq!(names(Message::Constant("{user}")), [""; 0]);
        let printed = Message::Printed("{user:>5}", &["user"], |_, _| ());
        assert_eq!(names(printed), ["user"]);
        for odd in ["{", "}", "a{b", "{0:>5}", "{:.x}", "}{", ""] {
            parse(odd);
        }
    }

    fn decimals_are_those_of_std(number: f64, decimals: usize) {
        let mut message = String::new();
        if decimal::append(&mut message, number, decimals) {
            assert_eq!(message, format!("{number:.decimals$}"), "{number:e}");
        } else {
            assert_eq!(message, "");
        }
    }

    #[test]
    fn halves_ends_and_signs_are_rounded_as_std_rounds_them() {
        let tiny = f64::from_bits(1);
        let large = 2f64.powi(53);
        for number in [
            0.0,
            0.5,
            1.5,
            2.5,
            0.125,
            0.375,
            0.25,
            0.35,
            9.995,
            99.5,
            0.05,
            1e-5,
            1e15,
            0.1,
            tiny,
            f64::MIN_POSITIVE,
            large,
            large - 1.0,
            large / 2.0 - 0.5,
            1e16,
            1e300,
            f64::INFINITY,
            f64::NAN,
        ] {
            for decimals in 0..20 {
                decimals_are_those_of_std(number, decimals);
                decimals_are_those_of_std(-number, decimals);
            }
        }
    }

    proptest! {
        #[test]
        fn any_number_has_the_decimals_that_std_gives_it(bits: u64, decimals in 0..20usize) {
            decimals_are_those_of_std(f64::from_bits(bits), decimals);
        }

        #[test]
        fn usual_numbers_have_the_decimals_that_std_gives_them(
            whole in -1_000_000i32..1_000_000, part in 0..1_000_000u32, decimals in 0..10usize,
        ) {
            let number = f64::from(whole) + f64::from(part) / 1e6;
            decimals_are_those_of_std(number, decimals);
            decimals_are_those_of_std(f64::from(whole) / 8.0, decimals);
        }
    }
}
