//! Management events: people signing in and looking around, pipelines deploying through chains of
//! roles, programs fetching keys and secrets, services minding the account.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use super::calls::{call, plain};
use super::operations::{Operation, PEOPLE, PIPELINES, PROGRAMS, SERVICES};
use super::{Background, Caller};
use crate::demo::dice::{Dice, Weighted};
use crate::demo::plan::Stream;
use crate::demo::rows::{ApiEvent, Error, Event, Grant, Target};
use crate::demo::world::{Actor, Person, Pipeline, Role, SECURITY, SHARED, World};

const HOUR: i64 = 3_600_000;
const SDK: &str =
    "aws-sdk-java/2.34.9 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.0 lang/java#21.0.8";
const PIPELINE_TOOL: &str =
    "aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 lang/python#3.13.7 exec-env/CI";
/// The most follow-ups that wait at one time.
const BACKLOG: usize = 64;

/// The management events of one account in one Region.
pub(super) struct Trail<'w> {
    world: &'w World,
    stream: Stream,
    people: Vec<&'w Person>,
    pipelines: Vec<&'w Pipeline>,
    roles: Vec<&'w Role>,
    who: Weighted,
    operations: [(&'static [Operation], Weighted); 4],
    /// What has been begun and goes on at the next times.
    waiting: VecDeque<ApiEvent>,
}

impl<'w> Trail<'w> {
    pub(super) fn new(world: &'w World, stream: Stream) -> Self {
        let people: Vec<&Person> = world
            .people
            .iter()
            .filter(
                |person| matches!(person.role.account, a if a == stream.account || a == SECURITY),
            )
            .collect();
        let pipelines: Vec<&Pipeline> = world
            .pipelines
            .iter()
            .filter(|p| stream.account == SHARED || p.second.account == stream.account)
            .collect();
        let roles = world.roles_of(stream.account);
        let home = stream.region == 0;
        let who = Weighted::new([
            if home { 3.0 } else { 1.0 },
            if pipelines.is_empty() || !home {
                0.0
            } else {
                2.0
            },
            5.0,
            2.5,
        ]);
        Self {
            world,
            stream,
            people,
            pipelines,
            roles,
            who,
            operations: [PEOPLE, PIPELINES, PROGRAMS, SERVICES]
                .map(|list| (list, Weighted::new(list.iter().map(|op| op.weight)))),
            waiting: VecDeque::new(),
        }
    }

    fn operation(&self, of: usize, dice: &mut Dice) -> &'static Operation {
        let (list, weights) = &self.operations[of];
        &list[weights.draw(dice)]
    }

    fn call(&self, of: usize, caller: &Caller, dice: &mut Dice) -> ApiEvent {
        let operation = self.operation(of, dice);
        call(self.world, self.stream, dice, caller, operation)
    }

    /// A person: in working hours mostly; a session begins with a sign-in.
    fn person(&mut self, time: i64, dice: &mut Dice) -> ApiEvent {
        let mut person = *dice.pick(&self.people);
        for _ in 0..3 {
            let hour = (time / HOUR + person.zone).rem_euclid(24);
            if (8..19).contains(&hour) || dice.chance(0.03) {
                break;
            }
            person = *dice.pick(&self.people);
        }
        // One session a person and half day: what the half day's calls have in common.
        let since = time.div_euclid(12 * HOUR) * 12 * HOUR;
        let label = format!("session/{}/{}/{since}", person.email, self.stream.account);
        let key = Dice::new(self.world.seed, &label).iam_id("ASIA");
        let browser = dice.chance(0.55);
        let role = Role {
            account: self.stream.account,
            account_id: self.world.accounts[self.stream.account].id.clone(),
            ..person.role.clone()
        };
        let caller = Caller {
            actor: Arc::new(role.session(&person.email, key, since, true)),
            from: Cow::Owned(person.address.clone()),
            agent: Cow::Borrowed(person.agents[usize::from(!browser)]),
        };
        if browser && self.stream.region == 0 && dice.chance(0.06) {
            for _ in 0..dice.between(1, 5) {
                let next = self.call(0, &caller, dice);
                self.follow(next);
            }
            return self.sign_in(&caller, person, dice);
        }
        self.call(0, &caller, dice)
    }

    fn sign_in(&self, caller: &Caller, person: &Person, dice: &mut Dice) -> ApiEvent {
        let service = "signin.amazonaws.com";
        let mut event = plain(
            self.world,
            self.stream,
            dice,
            caller,
            service,
            "ConsoleLogin",
        );
        event.target = Some(Target {
            name: person.email.clone(),
            uid: caller.actor.uid.clone(),
        });
        let failed = dice.chance(0.04);
        if failed {
            event.error = Some(Error {
                code: "Failure",
                message: "Failed authentication".to_owned(),
            });
        }
        let outcome = if failed { "Failure" } else { "Success" };
        event.response = Some(format!("{{\"ConsoleLogin\":\"{outcome}\"}}"));
        event.leftovers = vec![
            ("additionalEventData.MFAUsed", "Yes".to_owned()),
            ("additionalEventData.MobileVersion", "No".to_owned()),
        ];
        event
    }

    /// A pipeline run: in the build account the user opens a session of the first role; the
    /// second role's session works where it deploys to.
    fn pipeline(&mut self, time: i64, dice: &mut Dice) -> ApiEvent {
        let pipeline = self.pipelines[dice.below(self.pipelines.len() * 3) % self.pipelines.len()];
        let run = format!("run-{}", dice.between(10_000, 99_999));
        let caller = |actor: Actor| Caller {
            actor: Arc::new(actor),
            from: Cow::Owned(pipeline.address.clone()),
            agent: Cow::Borrowed(PIPELINE_TOOL),
        };
        let user = caller((*pipeline.user).clone());
        let first_key = dice.iam_id("ASIA");
        let second_key = dice.iam_id("ASIA");
        if self.stream.account == SHARED {
            if dice.chance(0.5) {
                return self.call(1, &user, dice);
            }
            let first = caller(pipeline.first.session(&run, first_key.clone(), time, false));
            let chained = self.assume(&first, &pipeline.second, &run, second_key, dice);
            self.follow(chained);
            for _ in 0..dice.between(1, 4) {
                let next = self.call(1, &first, dice);
                self.follow(next);
            }
            return self.assume(&user, &pipeline.first, &run, first_key, dice);
        }
        let second = caller(pipeline.second.session(&run, second_key, time, false));
        for _ in 0..dice.between(2, 8) {
            let next = self.call(1, &second, dice);
            self.follow(next);
        }
        self.call(1, &second, dice)
    }

    fn assume(
        &self,
        caller: &Caller,
        role: &Role,
        session: &str,
        key: String,
        dice: &mut Dice,
    ) -> ApiEvent {
        let service = "sts.amazonaws.com";
        let mut event = plain(self.world, self.stream, dice, caller, service, "AssumeRole");
        assume_role(&mut event, role, session, key);
        event
    }

    /// A program with a role, on a host of the network or in a managed service.
    fn program(&mut self, time: i64, dice: &mut Dice) -> ApiEvent {
        let role = *dice.pick(&self.roles);
        let since = time.div_euclid(6 * HOUR) * 6 * HOUR;
        let place = self.world.place(self.stream.account, self.stream.region);
        let (session, from) = match place {
            Some(place) if role.service.starts_with("ec2") => {
                let host = &place.hosts[place.busy.draw(dice)];
                (host.instance.clone(), place.gateway.clone())
            }
            _ => {
                let slot = dice.below(6);
                let session = format!("{}-{slot}", role.name);
                (
                    session,
                    format!("10.250.{}.{}", self.stream.account, 100 + slot),
                )
            }
        };
        let label = format!("session/{}/{session}/{since}", role.arn);
        let key = Dice::new(self.world.seed, &label).iam_id("ASIA");
        let caller = Caller {
            actor: Arc::new(role.session(&session, key, since, false)),
            from: Cow::Owned(from),
            agent: Cow::Borrowed(SDK),
        };
        let event = self.call(2, &caller, dice);
        if dice.chance(0.008) {
            // Throttled: the same call comes again and passes.
            let mut throttled = event.clone();
            throttled.ids = (dice.uuid(), dice.uuid());
            throttled.error = Some(Error {
                code: "ThrottlingException",
                message: "Rate exceeded".to_owned(),
            });
            self.follow(event);
            return throttled;
        }
        event
    }

    fn service(&mut self, dice: &mut Dice) -> ApiEvent {
        let services = [
            "autoscaling",
            "config",
            "elasticloadbalancing",
            "ecs",
            "securityhub",
        ];
        let name = format!("{}.amazonaws.com", dice.pick(&services));
        let caller = Caller {
            actor: Arc::new(Actor {
                kind: "AWSService",
                invoked_by: Some(name.clone()),
                ..Actor::default()
            }),
            from: Cow::Owned(name.clone()),
            agent: Cow::Owned(name),
        };
        let operation = self.operation(3, dice);
        if operation.name != "AssumeRole" {
            return call(self.world, self.stream, dice, &caller, operation);
        }
        let role = *dice.pick(&self.roles);
        let (session, key) = (format!("svc-{}", dice.below(40)), dice.iam_id("ASIA"));
        self.assume(&caller, role, &session, key, dice)
    }

    fn follow(&mut self, event: ApiEvent) {
        if self.waiting.len() < BACKLOG {
            self.waiting.push_back(event);
        }
    }
}

/// Fills in what an AssumeRole tells of the session that it gives out.
pub(crate) fn assume_role(event: &mut ApiEvent, role: &Role, session: &str, key: String) {
    event.request = Some(format!(
        "{{\"roleArn\":\"{}\",\"roleSessionName\":\"{session}\",\"durationSeconds\":3600}}",
        role.arn
    ));
    event.response = Some(format!(
        "{{\"credentials\":{{\"accessKeyId\":\"{key}\"}},\"assumedRoleUser\":{{\"assumedRoleId\":\"{}:{session}\",\"arn\":\"{}\"}}}}",
        role.id,
        role.session_arn(session)
    ));
    event.resources = vec![("AWS::IAM::Role", role.arn.clone())];
    event.target = Some(Target {
        name: role.name.clone(),
        uid: Some(role.arn.clone()),
    });
    event.leftovers = vec![
        ("requestParameters.roleArn", role.arn.clone()),
        ("requestParameters.roleSessionName", session.to_owned()),
    ];
    event.grant = Some(Grant {
        uid: role.session_arn(session),
        uid_alt: format!("{}:{session}", role.id),
        key,
        issuer: role.arn.clone(),
    });
}

impl Background for Trail<'_> {
    fn next(&mut self, time: i64, dice: &mut Dice) -> Event {
        if dice.chance(0.6)
            && let Some(event) = self.waiting.pop_front()
        {
            return Event::Api(event);
        }
        Event::Api(match self.who.draw(dice) {
            0 if !self.people.is_empty() => self.person(time, dice),
            1 => self.pipeline(time, dice),
            2 if !self.roles.is_empty() => self.program(time, dice),
            _ => self.service(dice),
        })
    }
}
