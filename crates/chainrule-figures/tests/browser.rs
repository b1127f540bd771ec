//! Tests of reports in a browser: all figures are drawn, without errors, warnings or network
//! requests.
//!
//! `cargo xtask test browser` installs chromium and its driver and runs these tests, which are
//! ignored by default.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chainrule_experiment::Experiment;
use chainrule_figures::{Axis, Colour, Figure, Panel, PlotlyScript, Series, Subject, epochs, html, report};
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// Process of the driver, which is killed at the end of the test.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Script that runs before the page and records errors, warnings and violations of its security
/// policy.
const LISTENER: &str = "<script>window.problems = [];\
    addEventListener('error', e => problems.push('error: ' + e.message));\
    addEventListener('unhandledrejection', e => problems.push('rejection: ' + e.reason));\
    addEventListener('securitypolicyviolation', e => problems.push('blocked ' + e.blockedURI));\
    for (const level of ['error', 'warn']) { const log = console[level]; \
    console[level] = (...words) => { problems.push(level + ': ' + words.join(' ')); log(...words); }; }</script>";

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
    let subject = Subject { experiment: &experiment, outcomes: &outcomes };
    let page = report(&subject, PlotlyScript::Embedded).unwrap();
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

async fn execute(client: &Client, script: &str) -> Value {
    client.execute(script, Vec::new()).await.expect("the script runs")
}

async fn check_page(client: &Client, file: &std::path::Path, width: u32) {
    client.set_window_size(width, 900).await.unwrap();
    client.goto(&format!("file://{}", file.display())).await.unwrap();
    let figures = execute(client, "return document.querySelectorAll('.chainrule-figure').length").await;
    let n = figures.as_u64().unwrap();
    assert!(n >= 5, "{n} figures");
    let mut drawn = 0;
    for _ in 0..600 {
        let script = "return document.querySelectorAll('.chainrule-figure[data-drawn=yes] .main-svg').length \
            && document.querySelectorAll('.chainrule-figure[data-drawn=yes]').length";
        drawn = execute(client, script).await.as_u64().unwrap_or(0);
        if drawn == n {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let problems = execute(client, "return problems").await;
    assert_eq!(drawn, n, "not all figures are drawn; problems: {problems}");
    assert_eq!(problems, json!([]));
    let requested =
        execute(client, "return performance.getEntriesByType('resource').map(entry => entry.name)").await;
    let external: Vec<&Value> = requested
        .as_array()
        .unwrap()
        .iter()
        .filter(|name| {
            !name.as_str().unwrap().starts_with("data:") && !name.as_str().unwrap().starts_with("blob:")
        })
        .collect();
    assert!(external.is_empty(), "{external:?}");
    // The page fits the screen; wider content scrolls within its element.
    let wide = execute(client, "return document.documentElement.scrollWidth - innerWidth").await;
    assert!(wide.as_i64().unwrap() <= 0, "the page is {wide} pixels wider than a screen of {width}");
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "requires Debian's chromium: cargo xtask test browser"]
async fn reports_draw_all_figures_without_network_requests() {
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
            check_page(&client, &file, width).await;
        }
    }
    // External requests are detected.
    let file = folder.path().join("request.html");
    let page_with_request =
        page("rbf-bias", &[]).replacen("</body>", "<script>fetch('http://127.0.0.1:9/')</script></body>", 1);
    std::fs::write(&file, page_with_request).unwrap();
    client.goto(&format!("file://{}", file.display())).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let problems = execute(&client, "return problems").await.to_string();
    assert!(problems.contains("blocked http://127.0.0.1:9/"), "{problems}");
    // A range within a decade may contain no 1, 2 or 5, but a logarithmic axis still has tick
    // labels.
    for losses in [[0.411, 0.385, 0.378], [1.2, 6.0, 19.0], [1e-3, 1.0, 1e3]] {
        let panel = Panel::new(Axis::new("epoch"), Axis::new("loss").log());
        let line = Series::line("", vec![1.0, 2.0, 3.0], losses.to_vec(), Colour::Ink);
        let file = folder.path().join("decades.html");
        std::fs::write(&file, html(&Figure::new("", vec![vec![panel.with(line)]])).unwrap()).unwrap();
        client.goto(&format!("file://{}", file.display())).await.unwrap();
        client.wait().for_element(Locator::Css(".xtick")).await.unwrap();
        let labels = execute(&client, "return document.querySelectorAll('.ytick text').length").await;
        assert!(labels.as_u64().unwrap() >= 2, "{losses:?}: {labels} labels");
    }
    client.close().await.unwrap();
}
