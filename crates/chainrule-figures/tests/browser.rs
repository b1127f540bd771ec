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
use chainrule_figures::{
    Axis, Colour, Figure, Panel, PlotlyScript, Series, Subject, epochs, html, plotly_js, report,
};
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

/// Arguments of a browser that emulates WebGL, and of one without it.
const WEBGL: [&str; 2] = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
const NO_WEBGL: [&str; 1] = ["--disable-3d-apis"];

/// Script that runs before the page and records errors, warnings and violations of its security
/// policy.
const LISTENER: &str = "<script>window.problems = [];\
    addEventListener('error', e => problems.push('error: ' + e.message));\
    addEventListener('unhandledrejection', e => problems.push('rejection: ' + e.reason));\
    addEventListener('securitypolicyviolation', e => problems.push('blocked ' + e.blockedURI));\
    for (const level of ['error', 'warn']) { const log = console[level]; \
    console[level] = (...words) => { problems.push(level + ': ' + words.join(' ')); log(...words); }; }</script>";

fn page(name: &str, variants: &[&str], plotly: PlotlyScript<'_>) -> String {
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
    let page = report(&subject, plotly).unwrap();
    page.replacen("<head>", &format!("<head>{LISTENER}"), 1)
}

async fn connect(profile: &str, webgl: &[&str]) -> (Driver, Client) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("chromedriver");
    command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
    let driver = Driver(command.spawn().expect("chromedriver is installed"));
    let mut arguments = vec![
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--window-size=1280,900",
    ];
    let profile = format!("--user-data-dir={profile}");
    arguments.push(&profile);
    arguments.extend(webgl);
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

/// Opens a page in a window of this width, or in a frame if the window cannot be as narrow, and waits
/// until its figures are drawn. Returns the numbers of interactive and of static figures.
async fn open(client: &Client, file: &std::path::Path, width: u32) -> [u64; 2] {
    client.set_window_size(width.max(600), 900).await.unwrap();
    if width < 600 {
        let frame = file.with_extension("frame.html");
        let name = file.file_name().unwrap().to_str().unwrap();
        let text =
            format!("<iframe src=\"{name}\" style=\"width: {width}px; height: 800px; border: 0\"></iframe>");
        std::fs::write(&frame, text).unwrap();
        client.goto(&format!("file://{}", frame.display())).await.unwrap();
        client.enter_frame(0).await.unwrap();
    } else {
        client.goto(&format!("file://{}", file.display())).await.unwrap();
    }
    let count = |selector: &'static str| async move {
        let script = format!("return document.querySelectorAll('.chainrule-figure{selector}').length");
        execute(client, &script).await.as_u64().unwrap_or(0)
    };
    let n = count("").await;
    assert!(n >= 5, "{n} figures");
    for _ in 0..600 {
        let drawn = [count("[data-drawn=yes]:has(.main-svg)").await, count("[data-drawn=still]").await];
        if drawn[0] + drawn[1] == n {
            return drawn;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not all figures are drawn; problems: {}", execute(client, "return problems").await);
}

async fn check_page(client: &Client, file: &std::path::Path, width: u32) {
    let [_, n_still] = open(client, file, width).await;
    assert_eq!(n_still, 0, "WebGL is available");
    assert_eq!(execute(client, "return problems").await, json!([]));
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
    let cut = "return [...document.querySelectorAll('.chainrule-figure')]\
        .filter(figure => figure.scrollWidth > figure.clientWidth + 1).map(figure => figure.textContent.slice(0, 80))";
    assert_eq!(execute(client, cut).await, json!([]), "figures are wider than a screen of {width}");
}

#[tokio::test(flavor = "current_thread")]
#[ignore = "requires Debian's chromium: cargo xtask test browser"]
async fn reports_draw_all_figures_without_network_requests() {
    let folder = tempfile::tempdir().unwrap();
    let pages = [
        ("rbf-bias", page("rbf-bias", &[], PlotlyScript::Embedded)),
        ("sine-classes", page("sine-classes", &["straight", "hidden-2"], PlotlyScript::Embedded)),
    ];
    let (_driver, client) = connect(&folder.path().join("profile").display().to_string(), &WEBGL).await;
    for (name, page) in pages {
        let file = folder.path().join(format!("{name}.html"));
        std::fs::write(&file, page).unwrap();
        for width in [1300, 768, 390] {
            check_page(&client, &file, width).await;
        }
    }
    // External requests are detected.
    let file = folder.path().join("request.html");
    let page_with_request = page("rbf-bias", &[], PlotlyScript::Embedded).replacen(
        "</body>",
        "<script>fetch('http://127.0.0.1:9/')</script></body>",
        1,
    );
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

#[tokio::test(flavor = "current_thread")]
#[ignore = "requires Debian's chromium: cargo xtask test browser"]
async fn without_webgl_surfaces_are_drawn_as_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rbf-bias.html");
    // The page shares plotly.js with others.
    std::fs::write(folder.path().join("plotly.min.js"), plotly_js()).unwrap();
    std::fs::write(&file, page("rbf-bias", &[], PlotlyScript::File("plotly.min.js"))).unwrap();
    let (_driver, client) = connect(&folder.path().join("profile").display().to_string(), &NO_WEBGL).await;
    for width in [1300, 390] {
        let [n_drawn, n_still] = open(&client, &file, width).await;
        assert!(n_drawn >= 5 && n_still >= 1, "{n_drawn} {n_still}");
        let size = "const { width, height } = document.querySelector('[data-drawn=still] svg').getBoundingClientRect();\
            return [width, height]";
        let size: Vec<f64> = serde_json::from_value(execute(&client, size).await).unwrap();
        assert!(size[0] > 300.0 && size[0] <= f64::from(width) && size[1] > 100.0, "{size:?}");
        assert_eq!(execute(&client, "return problems").await, json!([]));
    }
    client.close().await.unwrap();
}
