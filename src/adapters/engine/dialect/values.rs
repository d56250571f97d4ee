//! `VALUES 1, 2, 3`: rows of one column may stand without brackets, which the parser wants; and
//! queries in places where it wants a SELECT: `TABLE name`, `= ANY (VALUES 1, 2)`.

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

/// Writes `TABLE name` as `SELECT * FROM name`, and `ANY (VALUES …)` as `ANY (SELECT * FROM
/// (VALUES …))`.
pub(super) fn select(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    // The brackets that were open where each VALUES of a quantifier started.
    let mut started: Vec<usize> = Vec::new();
    let mut open = 0_usize;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let span = token.span;
        let made = |token| TokenWithSpan { token, span };
        let next = tokens.peek().map(|next| &next.token);
        match &token.token {
            Token::LParen => open += 1,
            Token::RParen => {
                if started.last() == Some(&open) {
                    started.pop();
                    out.push(made(Token::RParen));
                }
                open = open.saturating_sub(1);
            }
            Token::Word(word)
                if word.keyword == Keyword::TABLE
                    && starts_query(out.last().map(|last| &last.token))
                    && matches!(next, Some(Token::Word(_))) =>
            {
                out.extend(select_from().map(made));
                continue;
            }
            Token::Word(word) if word.keyword == Keyword::VALUES && is_quantified(&out) => {
                out.extend(select_from().map(made));
                out.push(made(Token::LParen));
                started.push(open);
            }
            _ => {}
        }
        out.push(token);
    }
    out
}

fn select_from() -> [Token; 3] {
    let word = |text| Token::make_keyword(text);
    [word("SELECT"), Token::Mul, word("FROM")]
}

/// Whether a query can start behind a token.
fn starts_query(before: Option<&Token>) -> bool {
    match before {
        None | Some(Token::LParen | Token::SemiColon) => true,
        Some(Token::Word(word)) => matches!(
            word.keyword,
            Keyword::UNION
                | Keyword::INTERSECT
                | Keyword::EXCEPT
                | Keyword::ALL
                | Keyword::DISTINCT
                | Keyword::EXPLAIN
        ),
        _ => false,
    }
}

/// Whether `ANY (`, `SOME (` or `ALL (` of a comparison stands last.
fn is_quantified(tokens: &[TokenWithSpan]) -> bool {
    let [.., compare, quantifier, bracket] = tokens else {
        return false;
    };
    let is_quantifier = matches!(&quantifier.token, Token::Word(word)
        if matches!(word.keyword, Keyword::ANY | Keyword::SOME | Keyword::ALL));
    let is_comparison = matches!(
        compare.token,
        Token::Eq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq
    );
    bracket.token == Token::LParen && is_quantifier && is_comparison
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
