//! What an agent is told, as text: the basis for counting tokens read.

use std::fmt::Write as _;

use keelway_builds::{AgentTask, Role};

const fn instruction(role: Role) -> &'static str {
    match role {
        Role::Architect => {
            "Decide which pages a static site for this brief needs, and write site.json with \
             its name, language, topics and pages."
        }
        Role::Designer => {
            "Write assets/style.css for the pages in site.json: readable type, enough contrast \
             in light and dark mode, layouts from 360 to 1280 pixels."
        }
        Role::Scaffolder => "Write what all pages share: script, icon, 404.html and robots.txt.",
        Role::Implementer => {
            "Write your share of the pages in site.json as valid, accessible HTML. Use the \
             classes of the style sheet. Load nothing from elsewhere, use no inline script."
        }
        Role::Reviewer => {
            "Check every page: links, titles, language, headings, labels. Report what you find \
             and change nothing."
        }
    }
}

/// The earlier files that an agent of `role` has to see.
fn sees(role: Role, path: &str) -> bool {
    match role {
        Role::Architect => false,
        Role::Designer | Role::Scaffolder => path == "site.json",
        Role::Implementer => matches!(path, "site.json" | "assets/style.css"),
        Role::Reviewer => true,
    }
}

/// The whole text a model would be sent for `task`.
pub(crate) fn prompt(task: &AgentTask) -> String {
    let AgentTask { brief, agent, files, .. } = task;
    let request = &brief.request;
    let mut text = format!(
        "{}\nYou are {}, share {} of {}.\nProject: {}\nFeatures: {}\nDescription:\n{}\n",
        instruction(agent.role),
        agent.name(),
        agent.part,
        agent.parts,
        brief.project_name,
        brief.features.join(", "),
        request.description.as_str(),
    );
    for (label, said) in
        [("Users", &request.target_users), ("Constraints", &request.tech_constraints)]
    {
        if let Some(said) = said {
            let _ = writeln!(text, "{label}: {said}");
        }
    }
    for (path, content) in files.iter().filter(|(path, _)| sees(agent.role, path.as_str())) {
        let _ = writeln!(text, "\nFile {path}:\n{}", String::from_utf8_lossy(content));
    }
    text
}
