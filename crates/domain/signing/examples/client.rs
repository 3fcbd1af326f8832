//! Signs one request and prints it as a `curl` command.
//!
//! ```sh
//! cargo run -p keelway-signing --example client -- 1735689600 5f2b1c3d4e5f60718293a4b5c6d7e8f9
//! ```

use keelway_kernel::Timestamp;
use keelway_signing::{HeaderNames, KeyId, Nonce, RequestParts, SharedKey, sign_v2};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Time and nonce are arguments here as everywhere in this crate; a real client takes them
    // from its clock and from 16 random bytes.
    let mut arguments = std::env::args().skip(1);
    let seconds: i64 = arguments.next().map_or(Ok(1_735_689_600), |text| text.parse())?;
    let nonce = arguments.next().unwrap_or_else(|| "5f2b1c3d4e5f60718293a4b5c6d7e8f9".to_owned());

    let key = SharedKey::new(KeyId::parse("console")?, b"0123456789abcdef0123456789abcdef")?;
    let body = br#"{"description":"A landing page for a bakery"}"#;
    let request = RequestParts::new("POST", "/v1/builds", "", body)?;
    let signed = sign_v2(
        &key,
        &request,
        &Nonce::parse(&nonce)?,
        Timestamp::from_micros(seconds * 1_000_000),
    );

    println!("curl http://127.0.0.1:8080/v1/builds \\");
    for (name, value) in signed.to_pairs(&HeaderNames::with_prefix("keelway")?) {
        println!("  -H '{name}: {value}' \\");
    }
    println!("  -H 'content-type: application/json' --data '{}'", String::from_utf8_lossy(body));
    Ok(())
}
