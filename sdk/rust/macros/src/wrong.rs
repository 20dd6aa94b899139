//! wrong.rs - an error of the attribute as the compiler shows it: a text over a range of the source.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// What is wrong, and from where to where.
pub struct Wrong {
    from: Span,
    to: Span,
    text: String,
}

impl Wrong {
    pub fn at(span: Span, text: impl Into<String>) -> Wrong {
        Wrong { from: span, to: span, text: text.into() }
    }

    /// From the first to the last of these; the attribute itself if there are none.
    pub fn over(tokens: &[TokenTree], text: impl Into<String>) -> Wrong {
        let from = tokens.first().map_or_else(Span::call_site, TokenTree::span);
        Wrong { from, to: tokens.last().map_or(from, TokenTree::span), text: text.into() }
    }

    /// ::core::compile_error! { "text" }
    pub fn tokens(&self) -> TokenStream {
        let ident = |name| TokenTree::Ident(Ident::new(name, self.from));
        let punct = |c, spacing| {
            let mut p = Punct::new(c, spacing);
            p.set_span(self.from);
            TokenTree::Punct(p)
        };
        let mut text = Literal::string(&self.text);
        text.set_span(self.to);
        let mut body = Group::new(Delimiter::Brace, TokenStream::from(TokenTree::Literal(text)));
        body.set_span(self.to);
        let path = |name| vec![punct(':', Spacing::Joint), punct(':', Spacing::Alone), ident(name)];
        let mut out = path("core");
        out.extend(path("compile_error"));
        out.push(punct('!', Spacing::Alone));
        out.push(TokenTree::Group(body));
        out.into_iter().collect()
    }
}
