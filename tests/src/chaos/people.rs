//! Those who ask for things, as their clients do: what was not answered is asked again under
//! the same key, wherever somebody answers.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::readers::{Told, follow};
use super::world::World;
use crate::api::{PASSWORD, email, text};
use crate::dice::Dice;
use crate::{Answer, Api, LIMIT};

/// Five agents, one in each phase that has any.
const BAKERY: &str = "A landing page for a bakery in Lisbon";

/// Readers that one person has at most; servers allow ten a process.
const MOST_READERS: usize = 4;

/// Before somebody asks again who was not answered.
const PAUSE: Duration = Duration::from_millis(50);

/// Something that is to be done once, however often it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Command {
    what: &'static str,
    path: String,
    body: Value,
    key: String,
}

/// What was acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Promise {
    pub(super) command: Command,
    pub(super) answer: Answer,
}

impl Promise {
    /// Whether a project came with it.
    pub(super) fn makes_a_project(&self) -> bool {
        match self.command.what {
            "project" | "claim" => true,
            "submit" => self.command.body["project_id"].is_null(),
            _ => false,
        }
    }
}

/// Somebody with a workspace.
pub(super) struct Person {
    name: String,
    world: Arc<World>,
    api: Api,
    dice: Dice,
    readers: JoinSet<Told>,
    asked: u32,
    /// What the servers owe this person from now on.
    pub(super) promises: Vec<Promise>,
    pub(super) builds: Vec<String>,
    pub(super) claims: i64,
    pub(super) cancelled: Vec<String>,
    pub(super) projects: Vec<String>,
    /// Others who signed up meanwhile, each with a session.
    pub(super) newcomers: Vec<Api>,
    pub(super) told: Vec<Told>,
}

impl Person {
    pub(super) async fn signed_up(number: usize, world: &Arc<World>, dice: &mut Dice) -> Self {
        let name = format!("person-{number}");
        let api = Api::at(world.doors()[0].clone()).sign_up(&name).await;
        Self {
            name,
            world: Arc::clone(world),
            api,
            dice: dice.split(),
            readers: JoinSet::new(),
            asked: 0,
            promises: Vec::new(),
            builds: Vec::new(),
            claims: 0,
            cancelled: Vec::new(),
            projects: Vec::new(),
            newcomers: Vec::new(),
            told: Vec::new(),
        }
    }

    pub(super) fn api(&self) -> Api {
        self.api.clone()
    }

    /// Goes on until the world closes, and sees everything that was begun to its end.
    pub(super) async fn live(mut self) -> Self {
        while !self.world.is_closing() {
            while let Some(told) = self.readers.try_join_next() {
                self.told.push(told.unwrap());
            }
            let may_build = self.readers.len() < MOST_READERS;
            match self.dice.below(24) {
                0..=5 if may_build => self.submit().await,
                6..=7 if may_build => self.build_again().await,
                8..=10 if may_build => self.claim().await,
                11 => self.cancel().await,
                12 => self.make_project().await,
                13 if self.dice.below(8) == 0 => self.bring_somebody().await,
                _ => self.read().await,
            }
            tokio::time::sleep(Duration::from_millis(self.dice.below(40))).await;
        }
        while let Some(told) = self.readers.join_next().await {
            self.told.push(told.unwrap());
        }
        self
    }

    async fn submit(&mut self) {
        let name = format!("P {} {}", self.name, self.asked);
        let body = json!({ "description": BAKERY, "project_name": name });
        if let Some(answer) = self.carry_out("submit", "/v1/builds", body, &[202]).await {
            self.begun(&answer);
        }
    }

    /// In a project that may have an active build.
    async fn build_again(&mut self) {
        if self.projects.is_empty() {
            return;
        }
        let project = self.dice.pick(&self.projects).clone();
        let body = json!({ "description": BAKERY, "project_id": project });
        if let Some(answer) = self.carry_out("submit", "/v1/builds", body, &[202, 409]).await {
            if answer.status == 202 {
                self.begun(&answer);
            } else {
                let code = answer.json()["code"].clone();
                self.world.check(
                    "I6 a project that is taken says so",
                    code == "PROJECT_LOCKED",
                    || answer.to_string(),
                );
            }
        }
    }

    fn begun(&mut self, answer: &Answer) {
        let build = text(&answer.json()["id"]);
        let readers = if self.dice.below(4) == 0 { 2 } else { 1 };
        for _ in 0..readers {
            let dice = self.dice.split();
            let (world, api) = (Arc::clone(&self.world), self.api.clone());
            self.readers.spawn(follow(world, api, build.clone(), dice));
        }
        self.builds.push(build);
    }

    async fn claim(&mut self) {
        let guest = Api::at(self.world.any_door(&mut self.dice).to_owned());
        let ask = guest.ask(&Method::POST, "/v1/builds").json(&json!({ "description": BAKERY }));
        let Some(parked) = self.world.ask("park", ask).await else { return };
        if parked.status != 202 {
            self.world.violated(format!("parking was refused: {parked}"));
            return;
        }
        let body = json!({ "queue_id": parked.json()["queue_id"] });
        if let Some(answer) = self.carry_out("claim", "/v1/builds/claim", body, &[202]).await {
            self.claims += 1;
            self.begun(&answer);
        }
    }

    async fn cancel(&mut self) {
        let recent = self.builds.len().min(4);
        let Some(chosen) = self.builds.len().checked_sub(recent).filter(|_| recent > 0) else {
            return;
        };
        let build = self.dice.pick(&self.builds[chosen..]).clone();
        let path = format!("/v1/builds/{build}/cancel");
        if let Some(answer) = self.carry_out("cancel", &path, json!({}), &[202, 409]).await
            && answer.status == 202
        {
            self.cancelled.push(build);
        }
    }

    async fn make_project(&mut self) {
        let body = json!({ "name": format!("Q {} {}", self.name, self.asked) });
        if let Some(answer) = self.carry_out("project", "/v1/projects", body, &[201]).await {
            self.projects.push(text(&answer.json()["id"]));
        }
    }

    /// A new workspace begins with credits. Signing up twice signs in.
    async fn bring_somebody(&mut self) {
        let name = format!("{}-{}", self.name, self.newcomers.len());
        let body = json!({
            "email": email(&name), "password": PASSWORD, "workspace": format!("{name} & Co"),
        });
        loop {
            let guest = Api::at(self.world.any_door(&mut self.dice).to_owned());
            let ask = guest.ask(&Method::POST, "/v1/auth/sign-up").json(&body);
            match self.world.ask("sign up", ask).await {
                Some(answer) if answer.status < 300 => {
                    let token = text(&answer.json()["session_token"]);
                    self.newcomers.push(guest.bearing(&token));
                    return;
                }
                Some(answer) => return self.world.violated(format!("not signed up: {answer}")),
                None => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn read(&mut self) {
        let build = |dice: &mut Dice, builds: &[String]| {
            if builds.is_empty() { None } else { Some(dice.pick(builds).clone()) }
        };
        let path = match (self.dice.below(7), build(&mut self.dice, &self.builds)) {
            (0, Some(build)) => format!("/v1/builds/{build}"),
            (1, Some(build)) => format!("/v1/builds/{build}/events?after=0&limit=100"),
            (2, _) => "/v1/builds?limit=20".to_owned(),
            (3, _) => "/v1/credits/ledger?limit=20".to_owned(),
            (4, _) => "/v1/projects".to_owned(),
            (5, _) => "/v1/me".to_owned(),
            _ => "/v1/credits".to_owned(),
        };
        let api = self.api.turned_to(self.world.any_door(&mut self.dice));
        let Some(answer) = self.world.ask("read", api.ask(&Method::GET, &path)).await else {
            return;
        };
        self.world.check(
            "I11 what was acknowledged can be read anywhere",
            answer.status == 200,
            || answer.to_string(),
        );
        if path == "/v1/credits" && answer.status == 200 {
            let credits = answer.json();
            let number = |name: &str| credits[name].as_i64().unwrap();
            let held = number("held");
            let sound = held >= 0 && number("available") == number("balance") - held;
            self.world.check("I3 nothing is held that is not there", sound, || answer.to_string());
        }
    }

    /// Asks until somebody answers; none if nobody does, or not as `expected`.
    async fn carry_out(
        &mut self,
        what: &'static str,
        path: &str,
        body: Value,
        expected: &[u16],
    ) -> Option<Answer> {
        self.asked += 1;
        let key = format!("{}-{}", self.name, self.asked);
        let command = Command { what, path: path.to_owned(), body, key };
        let answer = self.ask_until_answered(&command).await?;
        if !expected.contains(&answer.status) {
            self.world.violated(format!("not what was to be expected: {answer}"));
            return None;
        }
        if answer.status < 300 {
            let promise = Promise { command, answer: answer.clone() };
            if self.dice.below(8) == 0 {
                self.call_in(&promise).await;
            }
            self.promises.push(promise);
        }
        Some(answer)
    }

    async fn ask_until_answered(&mut self, command: &Command) -> Option<Answer> {
        let answered = async {
            loop {
                let api = self.api.turned_to(self.world.any_door(&mut self.dice));
                let ask = api.ask(&Method::POST, &command.path).key(&command.key);
                if let Some(answer) = self.world.ask(command.what, ask.json(&command.body)).await {
                    return answer;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let answered = tokio::time::timeout(LIMIT, answered).await;
        if answered.is_err() {
            self.world.violated(format!("{command:?} was not answered within {LIMIT:?}"));
        }
        answered.ok()
    }

    /// Asks again for what was acknowledged: the answer is the same, byte for byte.
    pub(super) async fn call_in(&mut self, promise: &Promise) {
        let Some(again) = self.ask_until_answered(&promise.command).await else { return };
        let first = &promise.answer;
        let same = (again.status, &again.body, again.headers.get("location"))
            == (first.status, &first.body, first.headers.get("location"));
        let replayed = again.headers.get("idempotency-replayed").is_some_and(|is| is == "true");
        self.world.check("I10 one key, one effect, one answer", same && replayed, || {
            format!("{:?}: first {first}\nthen {again}", promise.command)
        });
    }

    /// Asks for something that is there and must be told.
    pub(super) async fn must_read(&mut self, path: &str) -> Option<Value> {
        let read = async {
            loop {
                let api = self.api.turned_to(self.world.any_door(&mut self.dice));
                if let Some(answer) = self.world.ask("read", api.ask(&Method::GET, path)).await {
                    return answer;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let answer = tokio::time::timeout(LIMIT, read).await.ok()?;
        self.world.check("I11 what was acknowledged is there", answer.status == 200, || {
            answer.to_string()
        });
        (answer.status == 200).then(|| answer.json())
    }
}
