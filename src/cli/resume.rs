//! `lakehound resume`: the runs on Athena that an earlier start began and did not see to their end.

use super::context::Context;
use super::interrupt::run_query;
use super::lake::{LakeArgs, open};
use super::listing;
use super::output::{OutputArgs, run_into};
use super::stdout::Stdout;
use super::stop::Stop;
use crate::app::OpenLake;
use crate::domain::query::{QueryId, QueryRequest, UnfinishedRun};
use crate::ui::text::Align;

const EXAMPLES: &str = "\
Examples:
  lakehound resume --profile prod -o hunt.csv   take up the run that is left, and write its rows
  lakehound resume --profile prod --list        what is left";

/// Characters of a token that are shown, which tell it from every other.
const SHOWN: usize = 12;

/// Characters of a statement that are shown.
const EXCERPT: usize = 80;

/// Take up a run on Athena that an earlier start left, and print its rows
///
/// Nothing is begun and paid a second time. Exit 3 when nothing is left.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The beginning of the run's token, where several are left
    #[arg(value_name = "TOKEN")]
    token: Option<String>,
    /// Show what is left, and take up nothing
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    pub(super) lake: LakeArgs,
}

pub(super) fn run(context: &Context, args: &Args, lake: &LakeArgs) -> Result<(), Stop> {
    let place = lake.place(context)?;
    run_query(|control| async move {
        let lake = open(context, &place).await?;
        let mut left = left_at(&lake).await?;
        if args.list {
            return print(&left);
        }
        if let Some(token) = &args.token {
            left.retain(|run| run.token.starts_with(token.as_str()));
        }
        let only = left.pop().ok_or(Stop::No)?;
        if !left.is_empty() {
            left.push(only);
            print(&left)?;
            return Err(Stop::failed(format_args!("{} runs are left", left.len()))
                .hint("name one by the beginning of its token: `lakehound resume TOKEN`"));
        }
        let request = QueryRequest {
            parameters: only.parameters,
            resume: Some(only.token),
            ..QueryRequest::new(QueryId(1), only.sql)
        };
        run_into(&args.output, &lake, request, control).await
    })
}

/// The same outcome; a failure that leaves a run behind says how it is taken up.
pub(super) async fn or_say_how<T>(lake: &OpenLake, outcome: Result<T, Stop>) -> Result<T, Stop> {
    match outcome {
        Err(stop @ Stop::Failed(_)) => match lake.queries.unfinished().await {
            Ok(left) if !left.is_empty() => Err(stop
                .and_hint("`lakehound resume` takes up what was begun, and begins nothing twice")),
            _ => Err(stop),
        },
        outcome => outcome,
    }
}

async fn left_at(lake: &OpenLake) -> Result<Vec<UnfinishedRun>, Stop> {
    let left = lake.queries.unfinished().await;
    left.map_err(|error| Stop::query(error, ""))
}

fn print(left: &[UnfinishedRun]) -> Result<(), Stop> {
    let rows: Vec<[String; 3]> = left
        .iter()
        .map(|run| {
            let words: Vec<&str> = run.sql.split_whitespace().collect();
            [
                run.token.chars().take(SHOWN).collect(),
                run.begun_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
                words.join(" ").chars().take(EXCERPT).collect(),
            ]
        })
        .collect();
    let mut out = Stdout::lock();
    let align = [Align::Left, Align::Left, Align::Left];
    listing::print(&mut out, ["token", "begun", "statement"], align, &rows)?;
    out.finish()
}
