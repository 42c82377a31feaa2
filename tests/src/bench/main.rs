//! Measures what the project promises, on this machine, and prints one table; the machine first.

#![expect(clippy::indexing_slicing, reason = "a document without the field is null, and nothing is measured by it")]

mod agent_cost;
mod baseline;
mod counter;
mod large;
mod load;
mod meter;
mod moments;
mod outage;
mod pages;
mod peer;
mod people;
mod removal;
mod rules;
mod school;
mod table;

use clap::{Parser, ValueEnum};
use rollcall_tests::command::program;
use std::path::{Path, PathBuf};
use table::{Figure, print, tell};

/// Measures what the project promises, and prints one table. All parts take about ten minutes.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// What to measure, with commas between; everything by default
    #[arg(value_enum, value_delimiter = ',')]
    parts: Vec<Part>,
    /// How often the collector is killed
    #[arg(long, default_value_t = 50)]
    rounds: u64,
    /// How many agents are connected at once
    #[arg(long, default_value_t = 10_000)]
    agents: usize,
    /// How many devices the very large site has
    #[arg(long, default_value_t = 100_000)]
    devices: u64,
    /// How many people the district's roster has
    #[arg(long, default_value_t = 50_000)]
    people: usize,
    /// The agent as it is shipped (`cargo build --profile small -p rollcall-agent`); beside this program by default
    #[arg(long)]
    agent: Option<PathBuf>,
}

/// A part of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// What a person waits for.
    Moments,
    /// What the agent costs its machine.
    Agent,
    /// Ten thousand agents on one collector.
    Load,
    /// A very large site.
    Large,
    /// The loan desk of a very large site.
    Counter,
    /// The desk's pages over large sites.
    Pages,
    /// A district's roster.
    People,
    /// What it costs to judge.
    Rules,
    /// Crashes and a lost shelf.
    Crash,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let parts = if arguments.parts.is_empty() { Part::value_variants().to_vec() } else { arguments.parts.clone() };
    let mut figures: Vec<Figure> = Vec::new();
    for part in parts {
        tell(&format!("{part:?} …").to_lowercase());
        if let Err(error) = measure(part, &arguments, folder.path(), &mut figures).await {
            // What was measured is shown all the same.
            figures.push(Figure::words(format!("{part:?}").to_lowercase(), format!("broke off: {error:#}"), "", false));
        }
    }
    print(&figures);
    anyhow::ensure!(figures.iter().all(Figure::holds), "not everything that is promised holds here");
    Ok(())
}

async fn measure(part: Part, arguments: &Arguments, folder: &Path, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    match part {
        Part::Moments => {
            figures.extend(moments::moments(folder).await?);
            figures.extend(moments::cable(folder).await?);
            figures.extend(removal::measure(folder).await?);
            figures.extend(outage::measure(folder).await?);
        }
        Part::Agent => {
            let agent = arguments.agent.clone().map_or_else(|| program("rollcall-agent"), Ok)?;
            figures.extend(agent_cost::measure(folder, &agent).await?);
        }
        Part::Load => load::measure(folder, arguments.agents, figures).await?,
        Part::Large => figures.extend(large::measure(folder, arguments.devices).await?),
        Part::Counter => figures.extend(counter::measure(folder, arguments.devices).await?),
        Part::Pages => figures.extend(pages::measure(folder).await?),
        Part::People => figures.extend(people::measure(folder, arguments.people).await?),
        Part::Rules => figures.extend(rules::measure().await?),
        Part::Crash => {
            figures.push(moments::crashes(folder, arguments.rounds).await?);
            figures.push(moments::shelf(folder)?);
        }
    }
    Ok(())
}
