//! signature.rs - the function that the attribute stands before: its name, parameters and result, as tokens. Must refuse
//! what can't be called from SQL, and say what can.

use crate::wrong::Wrong;
use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

pub struct Parameter {
    pub name: String,
    /// Of its type.
    pub span: Span,
    /// Its type, with 'static for what it borrows.
    pub lasting: TokenStream,
    /// Option or Value.
    pub nullable: bool,
}

pub struct Signature {
    pub name: Ident,
    pub parameters: Vec<Parameter>,
    /// With 'static for what it borrows; () if there is none.
    pub result: TokenStream,
    pub result_span: Span,
}

const KNOWN: &str = "i64, i32, f64, f32, bool, &str, String, &[u8], Vec<u8>, Json, JsonText, Decimal, DecimalF64, Date, \
                     Timestamp, Value, and Option of one of these";

pub fn is_punct(token: Option<&TokenTree>, c: char) -> bool {
    matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == c)
}

/// type of r#type.
pub fn plain(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_string()
}

fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(i)) if i.to_string() == word)
}

fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(g)) if g.delimiter() == delimiter => Some(g),
        _ => None,
    }
}

/// Behind #[...] attributes.
fn skip_attributes(tokens: &[TokenTree]) -> &[TokenTree] {
    let mut rest = tokens;
    while is_punct(rest.first(), '#') && rest.len() > 1 {
        rest = &rest[2..];
    }
    rest
}

/// Behind pub, pub(crate).
fn skip_visibility(tokens: &[TokenTree]) -> &[TokenTree] {
    match tokens {
        [first, rest @ ..] if is_word(Some(first), "pub") => match group(rest.first(), Delimiter::Parenthesis) {
            Some(_) => &rest[1..],
            None => rest,
        },
        _ => tokens,
    }
}

/// Splits at commas outside of < >.
pub fn split(tokens: Vec<TokenTree>) -> Vec<Vec<TokenTree>> {
    let (mut parts, mut part, mut depth, mut arrow) = (Vec::new(), Vec::new(), 0i32, false);
    for token in tokens {
        if is_punct(Some(&token), ',') && depth == 0 {
            parts.push(std::mem::take(&mut part));
            continue;
        }
        depth += is_punct(Some(&token), '<') as i32 - (is_punct(Some(&token), '>') && !arrow) as i32;
        arrow = is_punct(Some(&token), '-');
        part.push(token);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// 'static behind every & that names no lifetime, at any depth.
pub fn lasting(tokens: &[TokenTree]) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(g) => {
                let inner: Vec<TokenTree> = g.stream().into_iter().collect();
                let mut group = Group::new(g.delimiter(), lasting(&inner));
                group.set_span(g.span());
                out.push(TokenTree::Group(group));
            }
            other => out.push(other.clone()),
        }
        if is_punct(Some(token), '&') && !is_punct(tokens.get(i + 1), '\'') {
            let text: TokenStream = "'static".parse().expect("a lifetime");
            out.extend(text.into_iter().map(|mut t| {
                t.set_span(token.span());
                t
            }));
        }
    }
    out.into_iter().collect()
}

/// The last name of a path type: Option of std::option::Option<T>.
fn last_name(tokens: &[TokenTree]) -> Option<String> {
    let mut name = None;
    for token in tokens {
        match token {
            TokenTree::Ident(i) => name = Some(i.to_string()),
            TokenTree::Punct(p) if p.as_char() == ':' => {}
            _ => break,
        }
    }
    name
}

/// What is wrong with a type, where a hint says more than the compiler's own error would.
fn hint(tokens: &[TokenTree]) -> Option<String> {
    let name = last_name(tokens).unwrap_or_default();
    let advice = match name.as_str() {
        "u8" | "u16" | "i8" | "i16" | "char" => "take an i32",
        "u32" | "u64" | "usize" | "isize" | "i128" | "u128" => "SQL's integers are i64 (or i32)",
        "str" | "dyn" | "impl" => "take one of the types themselves",
        _ if is_punct(tokens.first(), '&') => match tokens.get(1) {
            Some(t) if is_punct(Some(t), '\'') => "leave the lifetime away",
            Some(t) if is_word(Some(t), "mut") => "an argument can't be changed",
            Some(t) if is_word(Some(t), "str") || group(Some(t), Delimiter::Bracket).is_some() => return None,
            Some(t) if is_word(Some(t), "String") => "take a &str",
            Some(t) if is_word(Some(t), "Vec") => "take a &[u8]",
            _ => "take it by value",
        },
        _ => return None,
    };
    Some(advice.to_string())
}

fn read_parameter(tokens: Vec<TokenTree>, position: usize) -> Result<Parameter, Wrong> {
    let rest = skip_attributes(&tokens);
    let rest = if is_word(rest.first(), "mut") { &rest[1..] } else { rest };
    if is_word(rest.first(), "self") || is_word(rest.get(1), "self") {
        return Err(Wrong::over(rest, "a procedure is a function, not a method"));
    }
    let (name, colon, typed) = match rest {
        [TokenTree::Ident(name), colon, typed @ ..] => (name.to_string(), colon, typed),
        _ => return Err(Wrong::over(rest, format!("parameter {} needs a name: SQL calls it by that", position))),
    };
    if !is_punct(Some(colon), ':') || typed.is_empty() || name == "_" {
        return Err(Wrong::over(rest, format!("parameter {} needs a name: SQL calls it by that", position)));
    }
    let name = name.trim_start_matches("r#").to_string();
    if let Some(advice) = hint(typed) {
        let shown: TokenStream = typed.iter().cloned().collect();
        return Err(Wrong::over(typed, format!("parameter {} has type {}: {}. Types: {}", name, shown, advice, KNOWN)));
    }
    let nullable = matches!(last_name(typed).as_deref(), Some("Option" | "Value"));
    Ok(Parameter { name, span: typed[0].span(), lasting: lasting(typed), nullable })
}

/// async, unsafe, extern ... before fn.
fn check_qualifiers(tokens: &[TokenTree]) -> Result<&[TokenTree], Wrong> {
    match tokens.first() {
        Some(TokenTree::Ident(i)) if i.to_string() == "fn" => Ok(&tokens[1..]),
        Some(TokenTree::Ident(i)) if ["async", "unsafe", "extern"].contains(&i.to_string().as_str()) => {
            Err(Wrong::at(i.span(), format!("a procedure can't be {}: the attribute writes what calls it", i)))
        }
        Some(TokenTree::Ident(i)) if i.to_string() == "const" => check_qualifiers(&tokens[1..]),
        Some(other) => Err(Wrong::at(other.span(), "#[heliosdb_procedure] stands before a function")),
        None => Err(Wrong::at(Span::call_site(), "#[heliosdb_procedure] stands before a function")),
    }
}

/// A module's exports and the compiler's own functions have these names.
fn check_name(name: &Ident) -> Result<(), Wrong> {
    let text = name.to_string();
    let taken = ["main", "memory", "malloc", "free", "memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen"];
    if text.starts_with('_') || text.starts_with("helios_") || text.starts_with("hg_") || taken.contains(&text.as_str()) {
        return Err(Wrong::at(name.span(), format!("'{}' is no name for a procedure: give it another", text)));
    }
    Ok(())
}

/// Behind the parameters: -> type, up to where or the body.
fn read_result(rest: &[TokenTree]) -> Result<(TokenStream, Option<Span>), Wrong> {
    let end = rest.iter().position(|t| is_word(Some(t), "where") || group(Some(t), Delimiter::Brace).is_some());
    let tokens = &rest[..end.unwrap_or(rest.len())];
    if let Some(clause) = rest.iter().find(|t| is_word(Some(t), "where")) {
        return Err(Wrong::at(clause.span(), "a procedure can't be generic: SQL calls one function"));
    }
    if tokens.len() < 3 {
        return Ok(("()".parse().expect("unit"), None));
    }
    let typed = &tokens[2..];
    if is_word(typed.first(), "impl") {
        return Err(Wrong::over(typed, "the result needs a type with a name: Rows::new(...) takes any iterator of rows"));
    }
    let list = "i64, i32, f64, f32, bool, String, &str, Vec<u8>, Json, Decimal, Date, Timestamp, Value, (), Rows, Option \
                or Result of one";
    if let Some(advice) = hint(typed) {
        let shown: TokenStream = typed.iter().cloned().collect();
        return Err(Wrong::over(typed, format!("the result has type {}: {}. Types: {}", shown, advice, list)));
    }
    Ok((lasting(typed), Some(typed[0].span())))
}

impl Signature {
    pub fn read(item: TokenStream) -> Result<Signature, Wrong> {
        let all: Vec<TokenTree> = item.into_iter().collect();
        let rest = check_qualifiers(skip_visibility(skip_attributes(&all)))?;
        let name = match rest.first() {
            Some(TokenTree::Ident(i)) => i.clone(),
            _ => return Err(Wrong::over(rest, "#[heliosdb_procedure] stands before a function")),
        };
        check_name(&name)?;
        if is_punct(rest.get(1), '<') {
            return Err(Wrong::at(rest[1].span(), "a procedure can't be generic: SQL calls one function"));
        }
        let list = match group(rest.get(1), Delimiter::Parenthesis) {
            Some(g) => g,
            None => return Err(Wrong::over(rest, "#[heliosdb_procedure] stands before a function")),
        };
        let mut parameters = Vec::new();
        for (i, tokens) in split(list.stream().into_iter().collect()).into_iter().enumerate() {
            parameters.push(read_parameter(tokens, i + 1)?);
        }
        let (result, span) = read_result(&rest[2..])?;
        let result_span = span.unwrap_or_else(|| name.span());
        Ok(Signature { name, parameters, result, result_span })
    }

    pub fn plain_name(&self) -> String {
        plain(&self.name)
    }
}
