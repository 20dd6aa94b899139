//! words.rs - what stands in the attribute's parentheses; the same words as in other languages' annotations
//! (docs/sdk-rust.md). An unknown word is an error: it is never silently nothing.

use crate::signature::{is_punct, lasting, plain, split, Signature};
use crate::wrong::Wrong;
use proc_macro::{Delimiter, Ident, Span, TokenStream, TokenTree};

pub struct Words {
    pub name: Option<String>,
    pub deterministic: bool,
    pub state: &'static str,
    pub capabilities: Vec<String>,
    /// Parameter, literal of SQL.
    pub defaults: Vec<(String, String)>,
    /// Name, and type if it has one; empty: no table, or as CREATE declares it.
    pub columns: Vec<(Ident, TokenStream)>,
}

const KNOWN: &str = "known are name = \"...\", deterministic, state = \"call\" (\"statement\", \"connection\"), \
                     capability = \"read:orders, log\", default(parameter = literal), table(column, column)";

/// One escape behind its backslash.
fn escape(chars: &mut std::iter::Peekable<std::str::Chars>, out: &mut String) -> Option<()> {
    match chars.next()? {
        'n' => out.push('\n'),
        't' => out.push('\t'),
        'r' => out.push('\r'),
        '0' => out.push('\0'),
        'x' => {
            let hex: String = chars.by_ref().take(2).collect();
            out.push(u8::from_str_radix(&hex, 16).ok()? as char);
        }
        'u' => {
            let hex: String = chars.by_ref().skip(1).take_while(|c| *c != '}').filter(|c| *c != '_').collect();
            out.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
        }
        '\n' => while chars.next_if(|c| c.is_whitespace()).is_some() {},
        c => out.push(c),
    }
    Some(())
}

/// The value of a string literal: "..." or r#"..."#.
fn string(token: Option<&TokenTree>) -> Option<String> {
    let text = match token {
        Some(TokenTree::Literal(l)) => l.to_string(),
        _ => return None,
    };
    if let Some(raw) = text.strip_prefix('r') {
        return Some(raw.trim_matches('#').strip_prefix('"')?.strip_suffix('"')?.to_string());
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let (mut out, mut chars) = (String::new(), inner.chars().peekable());
    while let Some(c) = chars.next() {
        if c == '\\' {
            escape(&mut chars, &mut out)?;
        } else {
            out.push(c);
        }
    }
    Some(out)
}

/// A number of Rust as one of SQL: no _, no suffix, no base but ten.
fn number(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            let digits = digits.trim_end_matches("i64").trim_end_matches("i32");
            return u64::from_str_radix(digits, base).ok().map(|v| v.to_string());
        }
    }
    let end = plain.find(|c: char| c == 'i' || c == 'f' || c == 'u').unwrap_or(plain.len());
    let digits = &plain[..end];
    digits.parse::<f64>().ok().map(|_| digits.trim_end_matches('.').to_string())
}

/// A literal of Rust as one of SQL.
fn sql_literal(tokens: &[TokenTree]) -> Option<String> {
    match tokens {
        [minus, TokenTree::Literal(l)] if is_punct(Some(minus), '-') => number(&l.to_string()).map(|n| format!("-{}", n)),
        [TokenTree::Ident(i)] => match i.to_string().as_str() {
            "true" => Some("TRUE".into()),
            "false" => Some("FALSE".into()),
            "None" | "NULL" => Some("NULL".into()),
            _ => None,
        },
        [TokenTree::Literal(l)] => match string(tokens.first()) {
            Some(text) => Some(format!("'{}'", text.replace('\'', "''"))),
            None => number(&l.to_string()),
        },
        _ => None,
    }
}

/// As the manifest takes it: letters, digits, _, $ and dots between.
fn is_name(name: &str) -> bool {
    let word = |w: &str| !w.is_empty() && w.chars().all(|c| c == '_' || c == '$' || c.is_alphanumeric());
    name.len() <= 128 && name.split('.').all(word) && !name.starts_with(|c: char| c == '$' || c.is_ascii_digit())
}

/// SQL's names know no case.
fn same_column(a: &Ident, b: &Ident) -> bool {
    plain(a).eq_ignore_ascii_case(&plain(b))
}

impl Words {
    pub fn read(attribute: TokenStream, s: &Signature) -> Result<Words, Wrong> {
        let mut words = Words {
            name: None,
            deterministic: false,
            state: "call",
            capabilities: Vec::new(),
            defaults: Vec::new(),
            columns: Vec::new(),
        };
        for tokens in split(attribute.into_iter().collect()) {
            words.read_one(&tokens, s)?;
        }
        Ok(words)
    }

    fn read_one(&mut self, tokens: &[TokenTree], s: &Signature) -> Result<(), Wrong> {
        let word = match tokens.first() {
            Some(TokenTree::Ident(i)) => i.to_string(),
            Some(other) => return Err(Wrong::at(other.span(), KNOWN)),
            None => return Err(Wrong::at(Span::call_site(), KNOWN)),
        };
        let list = match tokens.get(1) {
            Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Parenthesis && tokens.len() == 2 => Some(g.stream()),
            _ => None,
        };
        let text = if is_punct(tokens.get(1), '=') && tokens.len() == 3 { string(tokens.get(2)) } else { None };
        match (word.as_str(), text, list) {
            ("deterministic", None, None) if tokens.len() == 1 => self.deterministic = true,
            ("name", Some(name), _) if is_name(&name) => self.name = Some(name),
            ("name", Some(_), _) => return Err(Wrong::over(tokens, "this is no name for a procedure in SQL")),
            ("state", Some(state), _) => self.read_state(tokens, &state)?,
            ("capability", Some(text), _) => self.add_capabilities(tokens, &text)?,
            ("capability", None, Some(list)) => {
                for one in split(list.into_iter().collect()) {
                    let text = string(one.first()).ok_or_else(|| Wrong::over(&one, KNOWN))?;
                    self.add_capabilities(&one, &text)?;
                }
            }
            ("default", None, Some(list)) => {
                for one in split(list.into_iter().collect()) {
                    self.read_default(&one, s)?;
                }
            }
            ("table", None, Some(list)) if self.columns.is_empty() => self.read_table(tokens, list)?,
            ("private", ..) => return Err(Wrong::over(tokens, "a function without the attribute is private")),
            _ => return Err(Wrong::over(tokens, format!("'{}' is nothing that a procedure has: {}", word, KNOWN))),
        }
        Ok(())
    }

    fn read_state(&mut self, tokens: &[TokenTree], state: &str) -> Result<(), Wrong> {
        let known = ["call", "statement", "connection"];
        match known.iter().find(|k| **k == state) {
            Some(k) => self.state = k,
            None => return Err(Wrong::over(tokens, "state is call, statement or connection")),
        }
        Ok(())
    }

    fn add_capabilities(&mut self, tokens: &[TokenTree], text: &str) -> Result<(), Wrong> {
        for one in text.split(',').map(str::trim) {
            if one.is_empty() || one.chars().any(|c| c.is_control()) {
                return Err(Wrong::over(tokens, "a capability is a text such as \"read:orders\""));
            }
            self.capabilities.push(one.to_string());
        }
        Ok(())
    }

    /// parameter = literal
    fn read_default(&mut self, tokens: &[TokenTree], s: &Signature) -> Result<(), Wrong> {
        let name = tokens.first().map(|t| t.to_string()).unwrap_or_default();
        if !s.parameters.iter().any(|p| p.name == name) {
            return Err(Wrong::over(tokens, format!("'{}' is no parameter of {}", name, s.name)));
        }
        let literal = if is_punct(tokens.get(1), '=') { sql_literal(&tokens[2..]) } else { None };
        let literal = literal.filter(|text| text.len() <= 127 && !text.chars().any(|c| c.is_control()));
        match literal {
            Some(text) if !self.defaults.iter().any(|(of, _)| *of == name) => self.defaults.push((name, text)),
            Some(_) => return Err(Wrong::over(tokens, format!("'{}' has two defaults", name))),
            None => return Err(Wrong::over(tokens, "a default is a number, \"text\", true, false or None: default(rate = 0.19)")),
        }
        Ok(())
    }

    /// name, name: type
    fn read_table(&mut self, tokens: &[TokenTree], list: TokenStream) -> Result<(), Wrong> {
        for one in split(list.into_iter().collect()) {
            let column = match one.as_slice() {
                [TokenTree::Ident(name)] => (name.clone(), TokenStream::new()),
                [TokenTree::Ident(name), colon, typed @ ..] if is_punct(Some(colon), ':') && !typed.is_empty() => {
                    (name.clone(), lasting(typed))
                }
                _ => return Err(Wrong::over(&one, "a column is a name, or a name and a type: table(n: i64, name: String)")),
            };
            if self.columns.iter().any(|(name, _)| same_column(name, &column.0)) {
                return Err(Wrong::over(&one, format!("there are two columns '{}'", column.0)));
            }
            self.columns.push(column);
        }
        match self.columns.len() {
            1..=100 => Ok(()),
            _ => Err(Wrong::over(tokens, "a table has 1 to 100 columns")),
        }
    }
}
