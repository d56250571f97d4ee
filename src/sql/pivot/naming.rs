//! The predicate that is true of a row that names an entity: over every leaf of the table that can
//! hold its type, cheap ones first.

use super::PivotTable;
use super::outline::{Holds, Leaf, Step, identifier, leaves};
use crate::domain::entity::paths::{self, Rule};
use crate::domain::entity::{Entity, EntityType, network_spelled};
use crate::domain::lake::Source;
use crate::sql::parameters::Literal;

/// Which leaves count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of the row.
    Row,
    /// Only what tells who acts.
    Actor,
}

/// SQL with the literals of its `?`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::sql) struct Piece {
    pub(in crate::sql) sql: String,
    pub(in crate::sql) parameters: Vec<String>,
}

/// How a leaf's text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Test {
    /// It is the value.
    Equal,
    /// It is the address.
    Address,
    /// It is the address of version 6, however it is spelled.
    AnySpelling,
    /// It is an address of the network.
    Network,
    /// It contains the value.
    Contains,
    /// It contains the value, whatever the case.
    ContainsFolded,
    /// It contains the address, and not as a part of a longer one.
    ContainsAddress,
}

/// The predicate; `None` where no leaf of the table can name the entity.
pub(super) fn predicate(
    entity: &Entity,
    leaves: &[Leaf],
    source: Option<Source>,
    part: Part,
) -> Option<Piece> {
    let mut tests: Vec<(u8, Test, &Leaf)> = leaves
        .iter()
        .filter(|leaf| matches!(leaf.holds, Holds::Text | Holds::Map))
        .filter(|leaf| part == Part::Row || paths::is_of_the_actor(&leaf.path))
        .filter_map(|leaf| {
            let rule = paths::rule(&leaf.path);
            if !rule.can_name(entity.kind) || repeats(source, &leaf.path, entity.kind) {
                return None;
            }
            let test = test(entity, rule);
            Some((cost(leaf, test), test, leaf))
        })
        .collect();
    tests.sort_by_key(|(cost, test, leaf)| (*cost, *test, leaf.path.clone()));
    if tests.is_empty() {
        return None;
    }
    let values = Values::of(entity);
    let refs: Vec<(&[Step], Test, Holds)> = tests
        .iter()
        .map(|(_, test, leaf)| (leaf.steps.as_slice(), *test, leaf.holds))
        .collect();
    let mut piece = Piece::default();
    any_of("", &refs, 0, &values, &mut piece);
    Some(piece)
}

/// SQL that is true of a row of a table that names the entity, with the literals of its `?`; `None`
/// where no column of the table can.
pub fn names_entity(entity: &Entity, table: &PivotTable) -> Option<(String, Vec<String>)> {
    let outline = leaves(&table.columns);
    let piece = predicate(entity, &outline, table.source, Part::Row)?;
    Some((piece.sql, piece.parameters))
}

/// Columns of native sources that only say again what other columns say: reading them would cost
/// most of the scan and find nothing more.
fn repeats(source: Option<Source>, path: &str, kind: EntityType) -> bool {
    let Some(source) = source else {
        return false;
    };
    if path.starts_with("observables.") {
        // Every observable is the value of another path of the row.
        return true;
    }
    // Of flows, what has no place of its own is where an Outpost or a Wavelength Zone lies.
    source == Source::VpcFlow && path == "unmapped" && kind != EntityType::Resource
}

fn test(entity: &Entity, rule: Rule) -> Test {
    let only = !rule.open;
    let kind = entity.kind;
    match kind {
        EntityType::Ip if only && rule.lead == [EntityType::Ip] => {
            // Addresses of the two versions are two types as far as statements go.
            match entity.value.contains(':') {
                true => Test::AnySpelling,
                false => Test::Address,
            }
        }
        EntityType::Ip => Test::ContainsAddress,
        EntityType::Cidr if only && rule.lead == [EntityType::Ip] => Test::Network,
        EntityType::AccessKey | EntityType::Account if only && rule.lead == [kind] => Test::Equal,
        EntityType::Domain | EntityType::Hash | EntityType::Url
            if rule.lead.first() == Some(&kind) =>
        {
            Test::ContainsFolded
        }
        _ => Test::Contains,
    }
}

fn cost(leaf: &Leaf, test: Test) -> u8 {
    let base = match (leaf.holds, leaf.is_repeated()) {
        (Holds::Map, _) => 6,
        (_, true) => 4,
        _ if leaf.path.ends_with(".data") => 5,
        _ => 1,
    };
    match test {
        Test::Equal | Test::Address | Test::AnySpelling => base - 1,
        _ => base,
    }
}

/// The literals that an entity is looked for by.
struct Values {
    plain: String,
    folded: String,
    pattern: String,
    /// A pattern of LIKE that fits every text with the value in it, and perhaps others: wildcards
    /// of the value are left as they are. Engines try it faster than anything else.
    like: String,
}

impl Values {
    fn of(entity: &Entity) -> Self {
        let text = |value: &str| Literal::text(value).into_string();
        let [short, full] = match entity.kind {
            EntityType::Ip => network_spelled(&entity.value),
            _ => [entity.value.clone(), entity.value.clone()],
        };
        Self {
            plain: text(&entity.value),
            like: text(&format!("%{}%", entity.value.replace('\\', "_"))),
            folded: text(&entity.value.to_lowercase()),
            pattern: text(&whole_address(&short, &full)),
        }
    }
}

/// A regular expression for an address that is not a part of a longer one.
fn whole_address(short: &str, full: &str) -> String {
    let quoted = |address: &str| -> String {
        address
            .chars()
            .filter(|c| c.is_ascii_hexdigit() || matches!(c, '.' | ':'))
            .flat_map(|c| match c {
                '.' => vec!['\\', '.'],
                c => vec![c],
            })
            .collect()
    };
    if short.contains(':') {
        let either = match short == full {
            true => quoted(short),
            false => format!("{}|{}", quoted(short), quoted(full)),
        };
        return format!("(?i)(^|[^0-9a-f:.])({either})($|[^0-9a-f:])");
    }
    format!("(^|[^0-9.])({})($|[^0-9])", quoted(short))
}

/// Writes the tests of leaves below an expression, joined by OR; those inside the same array share
/// one `any_match`.
fn any_of(
    base: &str,
    leaves: &[(&[Step], Test, Holds)],
    depth: usize,
    values: &Values,
    out: &mut Piece,
) {
    let mut done: Vec<String> = Vec::new();
    let mut first = true;
    for (steps, test, holds) in leaves {
        let inside = steps.iter().position(|step| *step == Step::Elements);
        let expression = match inside {
            Some(at) => reach(base, steps.get(..at).unwrap_or_default()),
            None => reach(base, steps),
        };
        if inside.is_some() {
            if done.contains(&expression) {
                continue;
            }
            done.push(expression.clone());
        }
        if !first {
            out.sql.push_str(" OR ");
        }
        first = false;
        match inside {
            None if *holds == Holds::Map => {
                out.sql
                    .push_str(&format!("any_match(map_values({expression}), v -> "));
                one("v", *test, values, out);
                out.sql.push(')');
            }
            None => one(&expression, *test, values, out),
            Some(_) => {
                let element = format!("e{depth}");
                let below: Vec<(&[Step], Test, Holds)> = leaves
                    .iter()
                    .filter_map(|(steps, test, holds)| {
                        let at = steps.iter().position(|step| *step == Step::Elements)?;
                        let same = reach(base, steps.get(..at)?) == expression;
                        same.then_some((steps.get(at + 1..)?, *test, *holds))
                    })
                    .collect();
                out.sql
                    .push_str(&format!("any_match({expression}, {element} -> "));
                any_of(&element, &below, depth + 1, values, out);
                out.sql.push(')');
            }
        }
    }
}

fn reach(base: &str, steps: &[Step]) -> String {
    let mut sql = base.to_owned();
    for step in steps {
        if let Step::Field(name) = step {
            if !sql.is_empty() {
                sql.push('.');
            }
            sql.push_str(&identifier(name));
        }
    }
    sql
}

fn one(text: &str, test: Test, values: &Values, out: &mut Piece) {
    let mut write = |sql: String, parameters: &[&String]| {
        out.sql.push_str(&sql);
        out.parameters
            .extend(parameters.iter().map(|p| (*p).clone()));
    };
    match test {
        Test::Equal => write(format!("{text} = ?"), &[&values.plain]),
        Test::Address => write(format!("{text} = ?"), &[&values.plain]),
        Test::AnySpelling => write(
            format!("TRY_CAST({text} AS IPADDRESS) = CAST(? AS IPADDRESS)"),
            &[&values.plain],
        ),
        Test::Network => write(
            format!("contains(?, TRY_CAST({text} AS IPADDRESS))"),
            &[&values.plain],
        ),
        Test::Contains => write(
            format!("({text} LIKE ? AND strpos({text}, ?) > 0)"),
            &[&values.like, &values.plain],
        ),
        Test::ContainsFolded => write(format!("strpos(lower({text}), ?) > 0"), &[&values.folded]),
        // One of two spellings has no pattern of LIKE.
        Test::ContainsAddress if values.plain.contains(':') => {
            write(format!("regexp_like({text}, ?)"), &[&values.pattern]);
        }
        Test::ContainsAddress => write(
            format!("({text} LIKE ? AND regexp_like({text}, ?))"),
            &[&values.like, &values.pattern],
        ),
    }
}
