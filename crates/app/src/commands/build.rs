//! `keelway build --local`: the main job in one process, from a description to a ZIP.

use std::io::IsTerminal as _;
use std::path::Path;

use keelway_builds::{Build, BuildRequest, BuildStatus, Description, ProjectName};
use keelway_kernel::{Credits, Failure, Once};
use keelway_platform::builds::ForProject;
use keelway_platform::permit::right::{
    CancelBuild, DownloadSnapshot, SubmitBuild, ViewBuildEvents,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::estimate;
use super::progress::{Progress, Wanted};
use crate::archive::{self, Target};
use crate::cli::BuildArgs;
use crate::exit::{Exit, cannot_begin};
use crate::files::{NewFile, Readers, Replace, plain};
use crate::local::{self, Owner};
use crate::settings::Sources;
use crate::system::Signals;
use crate::wiring::{House, Schema};

pub(super) fn run(args: &BuildArgs, sources: &Sources) -> anyhow::Result<Exit> {
    if !args.local {
        return Err(cannot_begin(
            "building on a server needs a sign-in, which this version of the command does not \
             have: add --local to build in this process, or use the API (POST /v1/builds)",
        ));
    }
    let checked = super::quiet_settings(sources)?;
    let description = super::description(&args.description)?;
    let project = args.name.as_deref().map(ProjectName::parse).transpose();
    let project = project.map_err(|error| cannot_begin(format!("the name {error}")))?;
    let zip = begin_zip(args)?;
    crate::logging::begin(&checked.settings.log, &sources.environment)?;
    super::block_on(async {
        let house = House::open(&checked, Schema::Migrate).await?;
        let job = Job { args, description, project, zip };
        let outcome = job.run(&house).await;
        house.close().await;
        outcome
    })
}

/// Proves, before anything is spent, that the result can be written.
fn begin_zip(args: &BuildArgs) -> anyhow::Result<Target> {
    if goes_to_output(args) {
        if std::io::stdout().is_terminal() {
            return Err(cannot_begin("a ZIP is nothing to read: send it into a file or a command"));
        }
        return Ok(Target::Output);
    }
    let out = args.out.display();
    if args.out.is_dir() {
        return Err(cannot_begin(format!("{out} is a directory; name a file with --out")));
    }
    if args.out.exists() && !args.force {
        return Err(cannot_begin(format!(
            "{out} exists; name another file with --out, or replace it with --force"
        )));
    }
    let file = NewFile::beside(&args.out, Readers::Usual).map_err(|error| {
        cannot_begin(format!(
            "cannot write {out}: {}; name another place with --out",
            plain(&error)
        ))
    })?;
    let replace = if args.force { Replace::Allowed } else { Replace::Never };
    Ok(Target::File(file, replace))
}

/// Standard output is then the ZIP's alone: what there is to say goes to standard error.
fn goes_to_output(args: &BuildArgs) -> bool {
    args.out == Path::new("-")
}

fn say(args: &BuildArgs, text: &str) -> anyhow::Result<Exit> {
    if goes_to_output(args) {
        eprintln!("{text}");
        return Ok(Exit::Done);
    }
    super::print(text)
}

fn say_json(args: &BuildArgs, json: &serde_json::Value) -> anyhow::Result<Exit> {
    say(args, &serde_json::to_string_pretty(json)?)
}

struct Job<'a> {
    args: &'a BuildArgs,
    description: Description,
    project: Option<ProjectName>,
    zip: Target,
}

impl Job<'_> {
    async fn run(self, house: &House) -> anyhow::Result<Exit> {
        let owner = local::owner(house).await?;
        let args = self.args;
        let platform = &house.platform;
        let request = BuildRequest {
            description: self.description,
            tier: args.tier,
            target_users: None,
            tech_constraints: None,
            use_conductor: true,
            max_credits: args.max_credits.map(Credits::new),
            script: None,
        };
        let estimate = platform
            .estimate(Some(owner.permit::<SubmitBuild>()?.scope()), &request.description, args.tier)
            .await?;
        let estimated = platform.credits_of(&estimate);
        if !args.quiet && !args.json {
            eprint!("{}", estimate::to_text(&estimate, estimated));
        }
        local::top_up(house, &owner, estimated).await?;

        let project = self.project.map_or(ForProject::Unnamed, ForProject::Named);
        let permit = owner.permit::<SubmitBuild>()?;
        let submitted = match platform.submit_build(&permit, request, project, None).await {
            Ok(Once::Fresh(submitted)) => submitted,
            Ok(Once::Replayed { .. }) => {
                anyhow::bail!("a build without a key cannot be a repetition")
            }
            Err(Failure::Rejected(refusal)) => return Err(cannot_begin(refusal.to_string())),
            Err(Failure::Store(error)) => return Err(error.into()),
        };
        let build = follow(house, &owner, submitted.build, args).await?;
        let report = Report { build: &build, estimated, project: submitted.project.name.as_str() };
        match &build.status {
            BuildStatus::Deployed { .. } => {
                let permit = owner.permit::<DownloadSnapshot>()?;
                let files = archive::write(platform, &permit, build.id, self.zip).await?;
                report.deployed(args, files)
            }
            _ => report.ended(args),
        }
    }
}

/// Runs a worker until the build has ended, and shows what happens meanwhile; Ctrl-C cancels.
async fn follow(
    house: &House,
    owner: &Owner,
    build: Build,
    args: &BuildArgs,
) -> anyhow::Result<Build> {
    let id = build.id;
    let stop = CancellationToken::new();
    let worker = house.worker();
    let wanted = if args.quiet || args.json { Wanted::No } else { Wanted::Yes };
    let watching = async {
        let permit = owner.permit::<ViewBuildEvents>()?;
        let mut feed = house.platform.follow(&permit, id, 0);
        let mut progress = Progress::of(&build, house.micro_usd_per_credit(), wanted);
        let mut signals = Signals::new()?;
        let mut asked = false;
        loop {
            let events = tokio::select! {
                events = feed.next() => events?,
                _ = signals.next() => {
                    if asked {
                        std::process::exit(130);
                    }
                    asked = true;
                    progress.note("cancelling; once more to stop at once");
                    let permit = owner.permit::<CancelBuild>()?;
                    match house.platform.cancel_build(&permit, id, None).await {
                        Ok(_) | Err(Failure::Rejected(_)) => continue,
                        Err(Failure::Store(error)) => return Err(error.into()),
                    }
                }
            };
            if events.is_empty() {
                break;
            }
            for event in &events {
                progress.show(&event.body);
            }
        }
        progress.finish();
        anyhow::Ok(())
    };
    let (watched, ()) = tokio::join!(
        async {
            let watched = watching.await;
            stop.cancel();
            watched
        },
        worker.run(stop.clone())
    );
    watched?;
    let permit = owner.permit()?;
    let found = house.platform.find_build(&permit, id).await?;
    found.map(|(build, _)| build).ok_or_else(|| anyhow::anyhow!("the build {id} is gone"))
}

/// What a person is told at the end.
struct Report<'a> {
    build: &'a Build,
    estimated: Credits,
    project: &'a str,
}

impl Report<'_> {
    fn deployed(&self, args: &BuildArgs, files: archive::Written) -> anyhow::Result<Exit> {
        if args.json {
            let mut json = self.to_json();
            json["out"] = json!(args.out);
            json["files"] = json!(files.files);
            json["bytes"] = json!(files.bytes);
            return say_json(args, &json);
        }
        let url = self.build.deployment_url.as_deref().unwrap_or_default();
        let place = if goes_to_output(args) {
            "Written to standard output".to_owned()
        } else {
            absolute(&args.out)
        };
        let text = format!(
            "{}\n{place}  ({} files, {} KB)\nWhile `keelway` runs it is served at {url}",
            self.charged(),
            files.files,
            files.bytes.div_ceil(1024),
        );
        say(args, &text)
    }

    fn ended(&self, args: &BuildArgs) -> anyhow::Result<Exit> {
        let exit = match self.build.status {
            BuildStatus::Cancelled { .. } => Exit::Interrupted,
            _ => Exit::No,
        };
        if args.json {
            say_json(args, &self.to_json())?;
            return Ok(exit);
        }
        if let BuildStatus::Failed { failure, .. } = &self.build.status {
            eprintln!("keelway: the build failed: {}", failure.message);
        }
        say(args, &self.charged())?;
        Ok(exit)
    }

    fn charged(&self) -> String {
        format!(
            "“{}” {}. Charged {} of {} held.",
            self.project,
            self.build.status.state(),
            self.build.captured,
            super::credits_text(self.build.held),
        )
    }

    fn to_json(&self) -> serde_json::Value {
        let build = self.build;
        let failure = match &build.status {
            BuildStatus::Failed { failure, .. } => {
                json!({ "reason": failure.reason.as_str(), "message": failure.message })
            }
            _ => serde_json::Value::Null,
        };
        // A build that is reported on has ended.
        let released = build.held.get().saturating_sub(build.captured.get()).max(0);
        json!({
            "id": build.id,
            "tenant_id": build.tenant,
            "project_id": build.project,
            "project": self.project,
            "status": build.status.state().as_str(),
            "failure": failure,
            "credits": {
                "estimated": self.estimated,
                "held": build.held,
                "captured": build.captured,
                "released": released,
            },
            "tokens": build.used.tokens_in + build.used.tokens_out,
            "cost_micro_usd": build.used.cost,
            "snapshot_id": build.snapshot,
            "deployment_url": build.deployment_url,
        })
    }
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
