//! Projects: making one, finding one, and what builds made of it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use keelway_builds::{Project, ProjectName, Snapshot};
use keelway_kernel::{BuildId, ProjectId, Reply, SnapshotId, Timestamp};
use keelway_platform::permit::right::{CreateProject, ViewProjects};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::args::{Id, Json, Paging, Query, UseCases};
use crate::check::Check;
use crate::guard::Allowed;
use crate::problem::{Code, Problem};
use crate::reply::{Keying, Listing, View, reply_at};
use crate::routes::Routes;
use crate::settings::HttpSettings;

pub(crate) fn routes(routes: &mut Routes) {
    routes.at(__path_create, create).refuses(&[Code::PlanLimitExceeded]);
    routes.at(__path_list, list);
    routes.at(__path_find, find);
    routes.at(__path_snapshots, snapshots);
}

/// Makes a project.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Corner Bakery" }))]
pub(crate) struct CreateProjectBody {
    /// 1 to 80 characters.
    #[schema(max_length = 80)]
    name: String,
}

/// A project.
#[derive(Serialize, ToSchema)]
#[schema(as = Project)]
struct ProjectView {
    #[schema(value_type = String)]
    id: ProjectId,
    name: String,
    /// Unique inside the workspace.
    slug: String,
    /// What is served, once something is.
    #[schema(value_type = Option<String>)]
    live_snapshot_id: Option<SnapshotId>,
    /// Where it is served.
    deployment_url: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl ProjectView {
    fn of(project: &Project, settings: &HttpSettings) -> Self {
        Self {
            deployment_url: project.live.map(|_| (settings.site_address)(&project.site)),
            ..Self::new(project)
        }
    }

    /// One that nothing is served of.
    fn new(project: &Project) -> Self {
        Self {
            id: project.id,
            name: project.name.as_str().to_owned(),
            slug: project.slug.as_str().to_owned(),
            live_snapshot_id: project.live,
            deployment_url: None,
            created_at: project.created_at,
        }
    }
}

/// Creates a project
#[utoipa::path(
    post, path = "/v1/projects", tag = "projects", operation_id = "create_project",
    request_body = CreateProjectBody,
    responses((status = 201, body = ProjectView, description = "The project", headers(("location" = String, description = "The project")))),
)]
async fn create(
    permit: Allowed<CreateProject>,
    app: UseCases,
    keying: Keying,
    Json(body): Json<CreateProjectBody>,
) -> Result<HttpResponse, Problem> {
    let mut check = Check::default();
    let name = check.field("/name", ProjectName::parse(&body.name));
    let (name,) = check.all((name,))?;
    keying.once(created, |keyed| app.create_project(&permit, name, keyed)).await
}

fn created(project: &Project) -> Reply {
    let location = format!("/v1/projects/{}", project.id);
    reply_at(StatusCode::CREATED, location, &ProjectView::new(project))
}

/// Lists projects
#[utoipa::path(
    get, path = "/v1/projects", tag = "projects", operation_id = "list_projects",
    params(Paging),
    responses((status = 200, body = Listing<ProjectView>, description = "Newest first")),
)]
async fn list(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    Query(paging): Query<Paging>,
) -> Result<View<Listing<ProjectView>>, Problem> {
    let page = app.list_projects(&permit, paging.request()?).await?;
    Ok(View(Listing::of(page, |project| ProjectView::of(&project, app.settings()))))
}

/// Shows a project
#[utoipa::path(
    get, path = "/v1/projects/{id}", tag = "projects", operation_id = "get_project",
    params(("id" = String, Path, description = "The project")),
    responses((status = 200, body = ProjectView, description = "The project")),
)]
async fn find(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    Id(id): Id<ProjectId>,
) -> Result<View<ProjectView>, Problem> {
    let project = app.find_project(&permit, id).await?.ok_or_else(Problem::not_found)?;
    Ok(View(ProjectView::of(&project, app.settings())))
}

/// What a build made.
#[derive(Serialize, ToSchema)]
#[schema(as = Snapshot)]
struct SnapshotView {
    #[schema(value_type = String)]
    id: SnapshotId,
    #[schema(value_type = String)]
    project_id: ProjectId,
    #[schema(value_type = String)]
    build_id: BuildId,
    /// The project's snapshot before it.
    #[schema(value_type = Option<String>)]
    parent_id: Option<SnapshotId>,
    /// Equal for equal files.
    digest: String,
    files: u64,
    bytes: u64,
    /// Where it can be looked at, on an origin of its own.
    preview_url: String,
    files_url: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl SnapshotView {
    fn of(snapshot: &Snapshot, settings: &HttpSettings) -> Self {
        Self {
            id: snapshot.id,
            project_id: snapshot.project,
            build_id: snapshot.build,
            parent_id: snapshot.parent,
            digest: snapshot.tree.to_string(),
            files: snapshot.files,
            bytes: snapshot.bytes,
            preview_url: (settings.site_address)(&snapshot.preview),
            files_url: format!("/v1/snapshots/{}/files", snapshot.id),
            created_at: snapshot.created_at,
        }
    }
}

/// Lists a project's snapshots
#[utoipa::path(
    get, path = "/v1/projects/{id}/snapshots", tag = "projects", operation_id = "list_snapshots",
    params(("id" = String, Path, description = "The project"), Paging),
    responses((status = 200, body = Listing<SnapshotView>, description = "Newest first")),
)]
async fn snapshots(
    permit: Allowed<ViewProjects>,
    app: UseCases,
    Id(id): Id<ProjectId>,
    Query(paging): Query<Paging>,
) -> Result<View<Listing<SnapshotView>>, Problem> {
    let page = app.list_snapshots(&permit, id, paging.request()?).await?;
    let page = page.ok_or_else(Problem::not_found)?;
    Ok(View(Listing::of(page, |snapshot| SnapshotView::of(&snapshot, app.settings()))))
}
