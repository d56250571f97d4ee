//! Rules that run together, with the filters that are put on them.

use crate::domain::sigma::{About, Correlation, Document, Filter, Rule};

/// Rules that run together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleSet {
    /// Rules about single events.
    pub rules: Vec<Rule>,
    /// Correlations of these.
    pub correlations: Vec<Correlation>,
    /// Filters: they are on the rules already.
    filters: Vec<Filter>,
}

impl RuleSet {
    /// Adds a document. Filters are put on the rules that they are about, whichever comes first.
    pub fn add(&mut self, document: Document) {
        match document {
            Document::Rule(rule) => self.add_rule(rule),
            Document::Counted(counted) => {
                for part in counted.parts {
                    self.add_rule(part);
                }
                self.correlations.push(counted.correlation);
            }
            Document::Correlation(correlation) => self.correlations.push(correlation),
            Document::Filter(filter) => {
                for rule in self.rules.iter_mut().filter(|rule| filter.is_about(rule)) {
                    filter.put_on(rule);
                }
                self.filters.push(filter);
            }
        }
    }

    fn add_rule(&mut self, mut rule: Rule) {
        for filter in &self.filters {
            if filter.is_about(&rule) {
                filter.put_on(&mut rule);
            }
        }
        self.rules.push(rule);
    }

    /// The filters that are on no rule.
    pub fn idle_filters(&self) -> impl Iterator<Item = &About> {
        let is_idle = |filter: &&Filter| !self.rules.iter().any(|rule| filter.is_about(rule));
        self.filters
            .iter()
            .filter(is_idle)
            .map(|filter| &filter.about)
    }
}
