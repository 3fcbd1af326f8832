//! What somebody signed in with, in words.

use keelway_access::UserAgent;

/// A browser or program as a list of sessions shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Device {
    /// "Firefox on Windows", "curl".
    pub(super) words: String,
    /// The icon that goes with it.
    pub(super) icon: &'static str,
}

/// What a browser says of itself, the more particular first: each of these also calls itself
/// by the names further down.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str, &str); 8] = [
    ("iPhone", "iPhone", "phone"),
    ("iPad", "iPad", "tablet"),
    ("Android", "Android", "phone"),
    ("Windows", "Windows", "desktop"),
    ("Macintosh", "macOS", "desktop"),
    ("CrOS", "ChromeOS", "desktop"),
    ("Linux", "Linux", "desktop"),
    ("BSD", "BSD", "desktop"),
];
/// More of a program's own name is not shown.
const LONGEST: usize = 40;

impl Device {
    pub(super) fn of(agent: Option<&UserAgent>) -> Self {
        let text = agent.map(UserAgent::as_str).unwrap_or_default();
        let browser = BROWSERS.into_iter().find(|(mark, _)| text.contains(mark));
        let system = SYSTEMS.into_iter().find(|(mark, ..)| text.contains(mark));
        match (browser, system) {
            (Some((_, browser)), Some((_, system, icon))) => {
                Self { words: format!("{browser} on {system}"), icon }
            }
            (Some((_, browser)), None) => Self { words: browser.to_owned(), icon: "desktop" },
            (None, Some((_, system, icon))) if text.starts_with("Mozilla/") => {
                Self { words: format!("A browser on {system}"), icon }
            }
            _ => Self { words: program(text), icon: "terminal" },
        }
    }
}

/// The program's own name, which stands before its version.
fn program(text: &str) -> String {
    let name = text.split(['/', ' ']).next().unwrap_or_default();
    let name: String = name.chars().take(LONGEST).collect();
    if name.is_empty() { "An unnamed program".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_programs_are_called_what_people_call_them() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/142.0.0.0 Safari/537.36";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                    Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                      (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
        let firefox = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 \
                       Firefox/144.0";
        for (agent, words, icon) in [
            (chrome, "Chrome on Linux", "desktop"),
            (edge, "Edge on Windows", "desktop"),
            (safari, "Safari on iPhone", "phone"),
            (firefox, "Firefox on macOS", "desktop"),
            ("Mozilla/5.0 (X11; Linux x86_64)", "A browser on Linux", "desktop"),
            ("curl/8.14.1", "curl", "terminal"),
            ("Linuxbot", "Linuxbot", "terminal"),
            ("/", "An unnamed program", "terminal"),
        ] {
            let device = Device::of(UserAgent::trimmed(agent).as_ref());
            assert_eq!(device, Device { words: words.to_owned(), icon }, "{agent}");
        }
        assert_eq!(Device::of(None).words, "An unnamed program");
        let long = UserAgent::trimmed(&"x".repeat(200));
        assert_eq!(Device::of(long.as_ref()).words.len(), LONGEST);
    }
}
