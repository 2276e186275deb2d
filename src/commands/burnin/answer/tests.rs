//! The forms of the report, for a cluster that is well and for one that is not.

use super::*;

fn host(name: &str, against: f64) -> HostLine {
    HostLine {
        name: name.to_owned(),
        ranks: 64,
        cpu_model: "Model, 2 GHz".to_owned(),
        blocks: 1536,
        mnumbers_per_second: 912.4 * (1.0 + against),
        mdarts_per_second: 2000.0,
        against_median: Some(against),
        ..HostLine::default()
    }
}

fn well() -> BurninReport {
    BurninReport {
        result: BurninResult {
            verdict: Verdict::Ok,
            wrong_blocks: Vec::new(),
            wrong_messages: Vec::new(),
            slow: Vec::new(),
            exclude: String::new(),
            complete: true,
        },
        run: BurninRun {
            ranks: 192,
            launcher: "srun".to_owned(),
            mpi: "Open MPI 5.0.11".to_owned(),
            isas: vec!["portable".to_owned(), "avx2".to_owned()],
            seconds: 60.25,
            rounds: 12,
            messages: 5000,
            message_bytes: 1 << 30,
            threshold: 0.05,
            hosts: vec![host("nid00101", 0.001), host("nid00107", 0.0), host("nid00108", -0.001)],
            host_of_rank: (0..192).map(|rank| rank / 64).collect(),
            against_median: vec![Some(0.0); 192],
            links: vec![
                Link { from: 0, to: 1, latency_us: 1.5, bandwidth_gbs: 12.0 },
                Link { from: 0, to: 2, latency_us: 1.7, bandwidth_gbs: 11.0 },
                Link { from: 1, to: 2, latency_us: 9.0, bandwidth_gbs: 3.0 },
            ],
            pairs: 6,
            hints: vec!["a hint.".to_owned()],
        },
    }
}

fn ill() -> BurninReport {
    let mut report = well();
    let note = "all 64 ranks, 2.1 GHz against 2.6".to_owned();
    report.run.hosts[1] =
        HostLine { verdict: HostVerdict::Slow, slow_ranks: (64..128).collect(), note, ..host("nid00107", -0.088) };
    let note = "rank 171: block 17 expected 3319135499 got 3319135498".to_owned();
    report.run.hosts[2] = HostLine { verdict: HostVerdict::Wrong, wrong: 1, note, ..host("nid00108", -0.001) };
    report.result.verdict = Verdict::Wrong;
    report.result.slow.push("nid00107".to_owned());
    report.result.exclude = "nid[00107-00108]".to_owned();
    report.result.wrong_blocks.push(WrongBlock {
        rank: 171,
        host: "nid00108".to_owned(),
        cpu: 43,
        cpu_model: "Model, 2 GHz".to_owned(),
        block: 17,
        work: "primes among 5 numbers from 7, avx2".to_owned(),
        round: 3,
        expected: 3_319_135_499,
        got: 3_319_135_498,
        again: vec![3_319_135_499, 3_319_135_498],
        elsewhere: Some(Elsewhere { rank: 0, host: "nid00101".to_owned(), got: 3_319_135_499 }),
        cause: Cause::ThisHostOnly,
    });
    report.result.wrong_messages.push(WrongMessage {
        kind: MessageKind::Ring,
        message: TestMessage { from: 3, to: 171, round: 4, length: 4097 },
        from_host: "nid00101".to_owned(),
        to_host: "nid00108".to_owned(),
        flaw: Flaw { offset: 12, expected: 0x0a, got: 0x1a, bytes: 1 },
        wrong_again: 0,
        sent_again: 3,
        cause: Cause::Transient,
    });
    report
}

fn written(report: &BurninReport, format: Format) -> String {
    let mut bytes = Vec::new();
    report.write(format, false, &mut bytes).expect("a Vec takes every write");
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_healthy_cluster() {
    insta::assert_snapshot!("well", written(&well(), Format::Text));
}

#[test]
fn a_cluster_that_is_not() {
    insta::assert_snapshot!("ill", written(&ill(), Format::Text));
    insta::assert_snapshot!("ill_csv", written(&ill(), Format::Csv));
}

#[test]
fn many_healthy_hosts_share_a_row() {
    let mut report = ill();
    report.run.hosts.extend((0..498).map(|n| host(&format!("node{n:03}"), f64::from(n - 249) / 1e5)));
    report.run.hosts.extend((0..3).map(|n| HostLine { ranks: 2, ..host(&format!("login{}", 7 * n), 0.0) }));
    let table: Vec<String> = written(&report, Format::Text).lines().skip(1).take(6).map(str::to_owned).collect();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn only_hosts_with_findings_on_request() {
    let of = |report: &BurninReport, format| {
        let mut bytes = Vec::new();
        report.write(format, true, &mut bytes).expect("a Vec takes every write");
        String::from_utf8(bytes).expect("UTF-8")
    };
    let ok = of(&well(), Format::Text);
    assert!(ok.starts_with("OK  ") && !ok.contains("HOST"), "{ok}");
    let text = of(&ill(), Format::Text);
    assert!(text.contains("\nnid00107  ") && text.contains("\nnid00108  ") && !text.contains("\nnid00101 "), "{text}");
    let csv = of(&ill(), Format::Csv);
    assert!(csv.lines().count() == 3 && !csv.contains("nid00101"), "{csv}");
}

#[test]
fn software_leaves_no_host_out() {
    let mut report = ill();
    report.result.exclude.clear();
    let text = written(&report, Format::Text);
    let verdict = text.lines().next().expect("a line");
    assert!(verdict.ends_with("no host to leave out: the software is at fault"), "{verdict}");
}

#[test]
fn the_result_of_a_healthy_cluster_has_nothing_of_its_size() {
    let json: serde_json::Value = serde_json::from_str(&written(&well(), Format::Json)).expect("JSON");
    let expected = r#"{"complete":true,"exclude":"","slow":[],"verdict":"ok","wrong_blocks":[],"wrong_messages":[]}"#;
    assert_eq!(json["result"].to_string(), expected);
    assert_eq!((&json["command"], &json["run"]["hosts"][0]["mhz"]), (&"burnin".into(), &serde_json::Value::Null));
    let json: serde_json::Value = serde_json::from_str(&written(&ill(), Format::Json)).expect("JSON");
    assert_eq!(json["result"]["wrong_messages"][0]["length"], 4097);
    assert_eq!(json["result"]["wrong_blocks"][0]["cause"], "this-host-only");
}

#[test]
fn junit_has_three_cases_for_each_host() {
    let mut bytes = Vec::new();
    ill().write_junit(&mut bytes).expect("a Vec takes every write");
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(text.contains(r#"tests="9" failures="4" errors="0" skipped="0""#), "{text}");
    assert!(text.contains(r#"<failure type="slow" message="all 64 ranks, 2.1 GHz against 2.6"/>"#), "{text}");
}
