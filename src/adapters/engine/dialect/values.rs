//! `VALUES 1, 2, 3`: rows of one column may stand without brackets, which the parser wants.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Puts the missing brackets around the rows of every VALUES.
pub(super) fn bracket(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len());
    // The brackets that were open where each VALUES without brackets started.
    let mut started: Vec<usize> = Vec::new();
    let mut open = 0_usize;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let span = token.span;
        let mut put = |bracket| {
            out.push(TokenWithSpan {
                token: bracket,
                span,
            });
        };
        let inside = started.last() == Some(&open);
        match &token.token {
            Token::LParen | Token::LBracket => open += 1,
            Token::RParen | Token::RBracket => {
                if inside {
                    put(Token::RParen);
                    started.pop();
                }
                open = open.saturating_sub(1);
            }
            Token::Comma if inside => {
                put(Token::RParen);
                out.push(token);
                out.push(TokenWithSpan {
                    token: Token::LParen,
                    span,
                });
                continue;
            }
            Token::SemiColon | Token::EOF if inside => {
                put(Token::RParen);
                started.pop();
            }
            Token::Word(word) if inside && ends_rows(word.keyword) => {
                put(Token::RParen);
                started.pop();
            }
            _ => {}
        }
        let values = matches!(&token.token, Token::Word(word) if word.keyword == Keyword::VALUES);
        out.push(token);
        let bare = tokens.peek().is_some_and(|next| {
            !matches!(
                next.token,
                Token::LParen | Token::RParen | Token::Comma | Token::SemiColon | Token::EOF
            )
        });
        if values && bare {
            out.push(TokenWithSpan {
                token: Token::LParen,
                span,
            });
            started.push(open);
        }
    }
    if let Some(last) = out.last().map(|token| token.span) {
        out.extend(started.iter().map(|_| TokenWithSpan {
            token: Token::RParen,
            span: last,
        }));
    }
    out
}

fn ends_rows(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::ORDER
            | Keyword::LIMIT
            | Keyword::OFFSET
            | Keyword::FETCH
            | Keyword::UNION
            | Keyword::INTERSECT
            | Keyword::EXCEPT
    )
}
