//! Descriptions that mean harm, or that nobody thought of, through the whole program.

use crate::harness::books::{Books, Moment};
use crate::harness::{Api, House};
use crate::main_job::unzipped;
use serde_json::{Value, json};

const ATTACK: &str = "<script>alert('owned')</script><img src=x onerror=alert(1)>\"'><svg/onload=\
                      alert(2)> a shop for ../../etc/passwd and C:\\windows\\system32, {{7*7}} \
                      ${jndi:ldap://x} '; DROP TABLE builds; --";

fn descriptions() -> Vec<String> {
    vec![
        ATTACK.to_owned(),
        "0123456789".to_owned(),
        format!("A shop for {}", "many words and ".repeat(665)).chars().take(10_000).collect(),
        "🥐🥖🧁 Une boulangerie à Lyon 👩‍🍳 avec réservation 🇫🇷".to_owned(),
        "متجر لبيع القهوة والتمور في دبي مع توصيل سريع".to_owned(),
        "A bakery\u{202e}moc.elpmaxe\u{202c} with\u{200b}zero\u{feff}width \u{7}\u{1b}[31mred"
            .to_owned(),
        "\r\n\r\nid: 99\nevent: build.completed\ndata: {}\n\n a landing page".to_owned(),
    ]
}

async fn built(owner: &Api, description: &str) -> Value {
    let asked = json!({ "description": description, "project_name": "Hostile", "target_users":
        description.chars().take(2_000).collect::<String>() });
    let build = owner.post("/v1/builds", &asked).await.must(202);
    let view = owner.ended(build["id"].as_str().unwrap()).await;
    assert_eq!(view["status"], "deployed", "{description:?}: {view:#}");
    assert_eq!(view["description"], description.trim());
    view
}

#[tokio::test]
async fn hostile_and_odd_descriptions_become_harmless_sites() {
    let house = House::new();
    let server = house.start().await;
    let guest = house.guest();
    let owner = guest.sign_up("ada").await;
    for description in descriptions() {
        let view = built(&owner, &description).await;
        let build = view["id"].as_str().unwrap();
        let history = owner.history(build).await;
        assert_eq!(history.last().unwrap()["type"], "build.completed");
        let zip = owner.get(&format!("/v1/builds/{build}/download")).await;
        assert_eq!(zip.status, 200, "{zip}");
        for (path, bytes) in unzipped(&zip.body) {
            assert!(
                !path.contains("..") && !path.starts_with('/') && !path.contains('\\'),
                "{path}"
            );
            let text = String::from_utf8_lossy(&bytes);
            for harm in ["<script>alert", "<img src=x", "<svg/onload", "\u{0}"] {
                assert!(!text.contains(harm), "{harm} in {path} of {description:?}");
            }
            let page = guest.get(&format!("{}{path}", view["preview_url"].as_str().unwrap())).await;
            assert_eq!((page.status, page.body), (200, bytes), "{path}");
        }
    }
    // The sites' origin gives out files of sites, and nothing else of the machine.
    let view = built(&owner, "A landing page for a bakery").await;
    let site = view["deployment_url"].as_str().unwrap();
    for path in
        ["../keelway.db", "..%2f..%2fkeelway.db", "%2e%2e/viewer.key", "index.html%00", "//"]
    {
        let answer = guest.get(&format!("{site}{path}")).await;
        assert!([400, 404].contains(&answer.status), "{answer}");
        assert!(!answer.body.starts_with(b"SQLite"), "{path}");
    }
    server.stop().await;
    Books::of(&house).await.inspect(Moment::AtRest).await.must_be_sound();
}
