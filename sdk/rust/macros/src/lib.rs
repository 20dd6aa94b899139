//! lib.rs - #[heliosdb_procedure]: a plain function becomes a procedure. The function stays as it is; beside it stand an
//! export that takes what the host gives, and the procedure's part of the manifest (docs/manifest.md). Must never guess:
//! what it does not know is an error at its place. No dependency but the compiler's own `proc_macro`.
//!
//! signature.rs reads the function, words.rs the attribute, this file writes.

extern crate proc_macro;

mod signature;
mod words;
mod wrong;

use proc_macro::{Group, Literal, Span, TokenStream, TokenTree};
use signature::{Parameter, Signature};
use words::Words;
use wrong::Wrong;

/// Makes a function a procedure. `#[heliosdb_procedure]` alone, or with: `name = "sql_name"`, `deterministic`,
/// `state = "call"` (or "statement", "connection"), `capability = "read:orders, log"`, `default(parameter = literal)`,
/// `table(column, column)`.
#[proc_macro_attribute]
pub fn heliosdb_procedure(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut out = item.clone();
    match expand(attribute, item) {
        Ok(more) => out.extend(more),
        Err(wrong) => out.extend(wrong.tokens()),
    }
    out
}

fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream, Wrong> {
    let signature = Signature::read(item)?;
    let words = Words::read(attribute, &signature)?;
    Ok(write(&signature, &words))
}

// ---- writing ----

/// Parses Rust, and puts holes[i] where the text says `__i`. What is not of a hole has the place `at`, and sees nothing of
/// the function's surroundings but by full paths.
fn code(text: &str, at: Span, holes: &[&TokenStream]) -> TokenStream {
    let tokens: TokenStream = text.parse().expect("the attribute writes Rust");
    fill(tokens, Span::mixed_site().located_at(at), holes)
}

fn fill(tokens: TokenStream, span: Span, holes: &[&TokenStream]) -> TokenStream {
    let mut out = Vec::new();
    for mut token in tokens {
        let name = token.to_string();
        let hole = name.strip_prefix("__").and_then(|n| n.parse::<usize>().ok()).and_then(|i| holes.get(i));
        if let (TokenTree::Ident(_), Some(hole)) = (&token, hole) {
            out.extend((*hole).clone());
            continue;
        }
        if let TokenTree::Group(group) = &token {
            token = TokenTree::Group(Group::new(group.delimiter(), fill(group.stream(), span, holes)));
        }
        token.set_span(span);
        out.push(token);
    }
    out.into_iter().collect()
}

const SDK: &str = "::heliosdb_wasm_sdk::call::";

/// How parameter i comes in, and how it becomes the value v<i>.
fn argument(p: &Parameter, i: usize, cells: bool, result: &TokenStream) -> (TokenStream, TokenStream) {
    let name: TokenStream = TokenTree::Literal(Literal::string(&p.name)).into();
    let holes = [&p.lasting, result, &name];
    let refuse = format!("return {0}refuse::<__1>({0}in_parameter(__2, e))", SDK);
    if cells {
        let null = format!("if cell.is_null() {{ return {}null::<__1>(); }}", SDK);
        let take = format!(
            "let v{i} = {{ let cell = call.cell(a{i}); {null}
               match {SDK}Argument::take_cell(cell) {{ Ok(v) => v, Err(e) => {refuse} }} }};",
            i = i,
            null = if p.nullable { "" } else { &null },
            SDK = SDK,
            refuse = refuse
        );
        return (code(&format!("a{}: &'static {}Cell,", i, SDK), p.span, &holes), code(&take, p.span, &holes));
    }
    let come = format!(
        "a{i}: <__0 as {SDK}Argument<'static>>::A, b{i}: <__0 as {SDK}Argument<'static>>::B,",
        i = i,
        SDK = SDK
    );
    let take = format!(
        "let v{i} = match unsafe {{ {SDK}Argument::take(&call, a{i}, b{i}) }} {{ Ok(v) => v, Err(e) => {refuse} }};",
        i = i,
        SDK = SDK,
        refuse = refuse
    );
    (code(&come, p.span, &holes), code(&take, p.span, &holes))
}

/// What may be NULL by another name of its type is an error.
fn check_null(p: &Parameter) -> TokenStream {
    code(&format!("const _: () = {}never_null::<__0>();", SDK), p.span, &[&p.lasting])
}

fn export(s: &Signature, cells: bool) -> TokenStream {
    let (mut come, mut take, mut values, mut checks) = Default::default();
    let extend = |to: &mut TokenStream, more: TokenStream| to.extend(more);
    for (i, p) in s.parameters.iter().enumerate() {
        let (one, two) = argument(p, i, cells, &s.result);
        extend(&mut come, one);
        extend(&mut take, two);
        extend(&mut values, code(&format!("v{},", i), p.span, &[]));
        if !p.nullable {
            extend(&mut checks, check_null(p));
        }
    }
    let function: TokenStream = TokenTree::Ident(s.name.clone()).into();
    let text = format!(
        "__0
         #[allow(improper_ctypes_definitions, dead_code, unused_variables, unused_unsafe, unsafe_code)]
         #[cfg_attr(target_family = \"wasm\", export_name = {name:?})]
         pub extern \"C\" fn export(__1) -> <__2 as {SDK}Return>::Abi {{
             let call = unsafe {{ {SDK}Call::begin() }};
             __3
             {SDK}Return::give(__4(__5))
         }}",
        name = s.plain_name(),
        SDK = SDK
    );
    let holes = [&checks, &come, &s.result, &take, &function, &values];
    code(&text, s.result_span, &holes)
}

/// Text of a JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if c == '"' || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out + "\""
}

/// One of the manifest's texts.
fn text(one: &str) -> TokenStream {
    code(&format!("{:?},", one), Span::call_site(), &[])
}

/// The manifest as an array of texts, some of which only the compiler knows: the types' names.
fn manifest(s: &Signature, w: &Words, cells: bool) -> TokenStream {
    let name = w.name.clone().unwrap_or_else(|| s.plain_name());
    let begin = "{\"v\":1,\"procedures\":[{\"name\":";
    let mut parts = text(&format!("{}{},\"export\":{},\"params\":[", begin, quoted(&name), quoted(&s.plain_name())));
    for (i, p) in s.parameters.iter().enumerate() {
        parts.extend(text(&format!("{}{{\"name\":{},\"type\":\"", if i > 0 { "," } else { "" }, quoted(&p.name))));
        parts.extend(code(&format!("<__0 as {}Argument<'static>>::TYPE,", SDK), p.span, &[&p.lasting]));
        let fallback = w.defaults.iter().find(|(of, _)| *of == p.name);
        let end = fallback.map_or("\"}".to_string(), |(_, sql)| format!("\",\"default\":{}}}", quoted(sql)));
        parts.extend(text(&end));
    }
    if w.columns.is_empty() {
        parts.extend(returned(s));
    } else {
        parts.extend(table(s, w));
    }
    let capabilities: Vec<String> = w.capabilities.iter().map(|c| quoted(c)).collect();
    let end = format!(
        ",\"deterministic\":{},\"strict\":{},\"state\":\"{}\"}}],\"capabilities\":[{}]}}\n",
        w.deterministic,
        !cells,
        w.state,
        capabilities.join(",")
    );
    parts.extend(text(&end));
    parts
}

/// What closes the parameters, and the result.
fn returned(s: &Signature) -> TokenStream {
    let result = format!(
        "{{ if <__0 as {0}Return>::TYPE.is_empty() {{ \"]\" }} else {{ \"],\\\"returns\\\":\\\"\" }} }},
         <__0 as {0}Return>::TYPE,
         {{ if <__0 as {0}Return>::TYPE.is_empty() {{ \"\" }} else {{ \"\\\"\" }} }},",
        SDK
    );
    code(&result, s.result_span, &[&s.result])
}

/// What closes the parameters, and the columns: their types are the result's, or stand behind the names.
fn table(s: &Signature, w: &Words) -> TokenStream {
    let mut parts = text("],\"table\":[");
    for (i, (name, typed)) in w.columns.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        parts.extend(text(&format!("{}{{\"name\":{},\"type\":\"", comma, quoted(&signature::plain(name)))));
        let said = if typed.is_empty() { "\"\"".into() } else { format!("{}value_type::<__1>()", SDK) };
        let column = format!("{}column::<__0>({}, {}, {}),", SDK, i, w.columns.len(), said);
        parts.extend(code(&column, name.span(), &[&s.result, typed]));
        parts.extend(text("\"}"));
    }
    parts.extend(text("]"));
    parts
}

fn write(s: &Signature, w: &Words) -> TokenStream {
    let cells = s.parameters.iter().any(|p| p.nullable);
    let text = format!(
        "const _: () = {{
             __0
             #[allow(dead_code)]
             const PARTS: &[&str] = &[__1];
             #[cfg(target_family = \"wasm\")]
             #[used]
             #[link_section = \"helios.manifest\"]
             static MANIFEST: [u8; {SDK}joined_len(PARTS)] = {SDK}join(PARTS);
         }};",
        SDK = SDK
    );
    code(&text, Span::call_site(), &[&export(s, cells), &manifest(s, w, cells)])
}
