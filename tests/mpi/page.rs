//! The page of `scaling --plot F.html` in a real browser: no script error, every plot drawn, no
//! text cut off.
//!
//! Debian's chromium, without a window or a network, renders a copy of the page that contains a
//! probe. The probe measures the layout of every picture, paints it on a canvas and counts pixels
//! that are neither white nor grey. Without a browser the test fails in CI and prints a notice
//! elsewhere.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::launch::Launch;
use super::launch::Ranks::Launched;

/// Loads nothing from outside and leaves no files behind.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=20000",
    "--dump-dom",
];

/// The probe: collects errors from the page's first line on, and finally reports every picture.
const FIRST: &str =
    "<script>var errors = []; window.onerror = function (what) { errors.push(String(what)); };</script>";
const PROBE: &str = r#"<script>
function measured(svg) {
  var box = svg.getBoundingClientRect();
  var texts = Array.from(svg.querySelectorAll("text"));
  var out = texts.filter(function (text) {
    var r = text.getBoundingClientRect();
    return r.width < 1 || r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1;
  });
  return { title: svg.querySelector("title").textContent, width: box.width, height: box.height, texts: texts.length,
           outside: out.map(function (text) { return text.textContent; }), coloured: 0 };
}
function painted(svg, report) {
  return new Promise(function (done) {
    var image = new Image();
    image.onload = function () {
      var canvas = document.createElement("canvas");
      canvas.width = image.width; canvas.height = image.height;
      var context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      var data = context.getImageData(0, 0, canvas.width, canvas.height).data;
      for (var i = 0; i < data.length; i += 4) {
        if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) report.coloured++;
      }
      done(report);
    };
    image.onerror = function () { errors.push("not an image: " + report.title); done(report); };
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(svg));
  });
}
window.onload = function () {
  var pictures = Array.from(document.querySelectorAll("svg[role=img]"));
  Promise.all(pictures.map(function (svg) { return painted(svg, measured(svg)); })).then(function (all) {
    var place = document.createElement("pre");
    place.id = "report";
    place.textContent = "REPORT" + JSON.stringify({ errors: errors, pictures: all, rows: document.querySelectorAll("tr").length }) + "REPORT";
    document.body.appendChild(place);
  });
};
</script>"#;

/// The browser's report on a page; `None` without a browser.
fn seen(page: &Path, folder: &Path) -> Option<Value> {
    let html = std::fs::read_to_string(page).expect("the page");
    let probed =
        html.replacen("<head>", &format!("<head>{FIRST}"), 1).replacen("</body>", &format!("{PROBE}</body>"), 1);
    let copy = folder.join("probed.html");
    std::fs::write(&copy, probed).expect("a copy");
    let started = Command::new("timeout")
        .args(["-k", "5", "120", "chromium"])
        .args(FLAGS)
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", copy.display()))
        .env("HOME", folder)
        .stderr(Stdio::piped())
        .output()
        .expect("timeout is there");
    // timeout's exit code for a missing command.
    if started.status.code() == Some(127) {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "no chromium (Debian: chromium)");
        eprintln!("not tested, no chromium");
        return None;
    }
    let dom = String::from_utf8_lossy(&started.stdout);
    let report = dom.rsplit("REPORT").nth(1).unwrap_or_else(|| {
        panic!("no report in the page: {dom}\n{}", String::from_utf8_lossy(&started.stderr));
    });
    let report = report.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(serde_json::from_str(&report).unwrap_or_else(|error| panic!("{error}: {report}")))
}

#[test]
fn a_browser_draws_every_plot() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("scaling.html");
    let line = "scaling --ranks 1,2 --repeat 2 --schedule block,cyclic --chunk 1,3 --predict 1000 -q";
    let plot = format!("{line} --plot {} -- primes 2e6", page.display());
    Launch::new(Launched(2), &plot).run().expect_code(0);
    let Some(report) = seen(&page, folder.path()) else { return };
    assert_eq!(report["errors"], serde_json::json!([]), "{report:#}");
    let pictures = report["pictures"].as_array().expect("pictures");
    let titles: Vec<&str> = pictures.iter().filter_map(|picture| picture["title"].as_str()).collect();
    for what in ["Speed-up: ", "Efficiency: ", "Chunks: ", "What 2 ranks did when: block", "Predicted: "] {
        assert!(titles.iter().any(|title| title.starts_with(what)), "{what} among {titles:?}");
    }
    for picture in pictures {
        let number = |name: &str| picture[name].as_f64().unwrap_or(0.0);
        assert!(number("width") > 300.0 && number("height") > 100.0, "{picture:#}");
        assert!(number("texts") >= 5.0, "axes and ticks are named: {picture:#}");
        assert!(number("coloured") > 100.0, "something is drawn: {picture:#}");
        assert_eq!(picture["outside"], serde_json::json!([]), "text is cut off: {picture:#}");
    }
    assert!(report["rows"].as_u64().is_some_and(|rows| rows > 10), "both tables: {report:#}");
}
