//! A report in a real browser: every figure is drawn, nothing is complained of, nothing leaves the page.
//!
//! `cargo xtask test browser` installs chromium and its driver, and runs what is ignored here.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chainrule_experiment::Experiment;
use chainrule_figures::{Axis, Colour, Figure, Panel, Series, Subject, epochs, html, report};
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// Ends the driver with the test.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Before anything else of the page: errors, complaints and what the page's policy forbids are kept.
const LISTENER: &str = "<script>window.faults = [];\
    addEventListener('error', e => faults.push('error: ' + e.message));\
    addEventListener('unhandledrejection', e => faults.push('rejection: ' + e.reason));\
    addEventListener('securitypolicyviolation', e => faults.push('asked for ' + e.blockedURI));\
    for (const level of ['error', 'warn']) { const say = console[level]; \
    console[level] = (...words) => { faults.push(level + ': ' + words.join(' ')); say(...words); }; }</script>";

fn page(name: &str, variants: &[&str]) -> String {
    let mut experiment = Experiment::open(name, &[]).unwrap();
    if !variants.is_empty() {
        experiment.variants.retain(|variant| variants.contains(&variant.name.as_str()));
        experiment.claims.clear();
    }
    let run = |variant: &chainrule_experiment::Variant| {
        let recorded = epochs(variant.train.settings.epochs);
        variant.run(&recorded, &mut (), &AtomicBool::new(false)).unwrap()
    };
    let outcomes: Vec<_> = experiment.variants.iter().map(run).collect();
    let page = report(&Subject { experiment: &experiment, outcomes: &outcomes }).unwrap();
    page.replacen("<head>", &format!("<head>{LISTENER}"), 1)
}

async fn connect(profile: &str) -> (Driver, Client) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("chromedriver");
    command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
    let driver = Driver(command.spawn().expect("chromedriver is installed"));
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--disable-background-networking",
        "--window-size=1280,900",
        &format!("--user-data-dir={profile}"),
    ];
    let mut capabilities = Capabilities::new();
    capabilities.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
    for _ in 0..100 {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        if let Ok(client) =
            builder.capabilities(capabilities.clone()).connect(&format!("http://127.0.0.1:{port}")).await
        {
            return (driver, client);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("chromedriver does not answer on port {port}");
}

async fn ask(client: &Client, script: &str) -> Value {
    client.execute(script, Vec::new()).await.expect("the script runs")
}

async fn hold(client: &Client, file: &std::path::Path, width: u32) {
    client.set_window_size(width, 900).await.unwrap();
    client.goto(&format!("file://{}", file.display())).await.unwrap();
    let figures = ask(client, "return document.querySelectorAll('.chainrule-figure').length").await;
    let n = figures.as_u64().unwrap();
    assert!(n >= 5, "{n} figures");
    let mut drawn = 0;
    for _ in 0..600 {
        let script = "return document.querySelectorAll('.chainrule-figure[data-drawn=yes] .main-svg').length \
            && document.querySelectorAll('.chainrule-figure[data-drawn=yes]').length";
        drawn = ask(client, script).await.as_u64().unwrap_or(0);
        if drawn == n {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let faults = ask(client, "return faults").await;
    assert_eq!(drawn, n, "figures are drawn; faults: {faults}");
    assert_eq!(faults, json!([]));
    let asked = ask(client, "return performance.getEntriesByType('resource').map(entry => entry.name)").await;
    let outside: Vec<&Value> = asked
        .as_array()
        .unwrap()
        .iter()
        .filter(|name| {
            !name.as_str().unwrap().starts_with("data:") && !name.as_str().unwrap().starts_with("blob:")
        })
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
    // The page itself fits the screen; what is wider scrolls within its own element.
    let wide = ask(client, "return document.documentElement.scrollWidth - innerWidth").await;
    assert!(wide.as_i64().unwrap() <= 0, "the page is {wide} pixels wider than a screen of {width}");
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "needs Debian's chromium: cargo xtask test browser"]
async fn a_report_draws_all_its_figures_and_asks_nothing_of_any_network() {
    let folder = tempfile::tempdir().unwrap();
    let pages = [
        ("rbf-bias", page("rbf-bias", &[])),
        ("sine-classes", page("sine-classes", &["straight", "hidden-2"])),
    ];
    let (_driver, client) = connect(&folder.path().join("profile").display().to_string()).await;
    for (name, page) in pages {
        let file = folder.path().join(format!("{name}.html"));
        std::fs::write(&file, page).unwrap();
        for width in [1280, 500] {
            hold(&client, &file, width).await;
        }
    }
    // That a page asks for something outside is noticed.
    let file = folder.path().join("asking.html");
    let asking =
        page("rbf-bias", &[]).replacen("</body>", "<script>fetch('http://127.0.0.1:9/')</script></body>", 1);
    std::fs::write(&file, asking).unwrap();
    client.goto(&format!("file://{}", file.display())).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let faults = ask(&client, "return faults").await.to_string();
    assert!(faults.contains("asked for http://127.0.0.1:9/"), "{faults}");
    // Losses that hardly fall lie within a decade, where there may be no 1, 2 or 5 to write at a logarithmic axis.
    for losses in [[0.411, 0.385, 0.378], [1.2, 6.0, 19.0], [1e-3, 1.0, 1e3]] {
        let panel = Panel::new(Axis::new("epoch"), Axis::new("loss").log());
        let line = Series::line("", vec![1.0, 2.0, 3.0], losses.to_vec(), Colour::Ink);
        let file = folder.path().join("decades.html");
        std::fs::write(&file, html(&Figure::new("", vec![vec![panel.with(line)]])).unwrap()).unwrap();
        client.goto(&format!("file://{}", file.display())).await.unwrap();
        client.wait().for_element(Locator::Css(".xtick")).await.unwrap();
        let labels = ask(&client, "return document.querySelectorAll('.ytick text').length").await;
        assert!(labels.as_u64().unwrap() >= 2, "{losses:?}: {labels} labels");
    }
    client.close().await.unwrap();
}
