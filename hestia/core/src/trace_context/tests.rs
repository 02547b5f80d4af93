//! The cases of W3C's own test suite (w3c/trace-context, test/test.py), those of openzipkin/b3-propagation, and any text
//! whatever.

use proptest::prelude::*;

use super::*;

const TRACE: u128 = 0x1234_5678_9012_3456_7890_1234_5678_9012;
const SPAN: u64 = 0x1234_5678_9012_3456;
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-00";

fn parsed(header: &str) -> Option<TraceContext> {
    TraceContext::from_traceparent(header).ok()
}

fn is_the_trace(context: &TraceContext) -> bool {
    context.ids()
        == TraceIds {
            trace_id: TRACE,
            span_id: SPAN,
        }
}

#[test]
fn what_the_recommendation_allows_is_read() {
    for header in [
        "00-12345678901234567890123456789012-1234567890123456-01",
        "cc-12345678901234567890123456789012-1234567890123456-01",
        "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
        " 00-12345678901234567890123456789012-1234567890123456-01",
        "\t00-12345678901234567890123456789012-1234567890123456-01",
        "00-12345678901234567890123456789012-1234567890123456-01 ",
        "00-12345678901234567890123456789012-1234567890123456-01\t",
        "\t 00-12345678901234567890123456789012-1234567890123456-01 \t",
    ] {
        let context = parsed(header).expect(header);
        assert!(is_the_trace(&context) && context.is_sampled(), "{header}");
        // Whatever version came in, this one goes out.
        assert_eq!(
            context.traceparent(),
            "00-12345678901234567890123456789012-1234567890123456-01"
        );
    }
}

#[test]
fn what_the_recommendation_forbids_is_an_error() {
    for header in [
        "",
        "00-12345678901234567890123456789012-1234567890123456-01.",
        "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
        "cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like",
        "ff-12345678901234567890123456789012-1234567890123456-01",
        ".0-12345678901234567890123456789012-1234567890123456-01",
        "0.-12345678901234567890123456789012-1234567890123456-01",
        "000-12345678901234567890123456789012-1234567890123456-01",
        "0000-12345678901234567890123456789012-1234567890123456-01",
        "0-12345678901234567890123456789012-1234567890123456-01",
        "00-00000000000000000000000000000000-1234567890123456-01",
        "00-.2345678901234567890123456789012-1234567890123456-01",
        "00-1234567890123456789012345678901.-1234567890123456-01",
        "00-123456789012345678901234567890123-1234567890123456-01",
        "00-1234567890123456789012345678901-1234567890123456-01",
        "00-12345678901234567890123456789012-0000000000000000-01",
        "00-12345678901234567890123456789012-.234567890123456-01",
        "00-12345678901234567890123456789012-123456789012345.-01",
        "00-12345678901234567890123456789012-12345678901234567-01",
        "00-12345678901234567890123456789012-123456789012345-01",
        "00-12345678901234567890123456789012-1234567890123456-.0",
        "00-12345678901234567890123456789012-1234567890123456-0.",
        "00-12345678901234567890123456789012-1234567890123456-001",
        "00-12345678901234567890123456789012-1234567890123456-1",
        // Capitals, blanks inside, and letters of more than one byte.
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-12345678901234567890123456789012-00F067AA0BA902B7-01",
        "00 -12345678901234567890123456789012-1234567890123456-01",
        "00-é2345678901234567890123456789012-1234567890123456-01",
    ] {
        assert_eq!(parsed(header), None, "{header}");
    }
}

#[test]
fn flags_that_nobody_knows_are_not_passed_on() {
    for (flags, kept) in [
        ("00", "00"),
        ("02", "02"),
        ("03", "03"),
        ("ff", "03"),
        ("fc", "00"),
    ] {
        let context = parsed(&format!("{}{flags}", &PARENT[..53])).expect(flags);
        assert!(context.child().traceparent().ends_with(kept), "{flags}");
    }
}

#[test]
fn each_child_has_an_id_of_its_own_and_the_parent_s_trace() {
    let parent = parsed(PARENT).unwrap().with_tracestate("foo=1").unwrap();
    let children = [(); 1_000].map(|()| parent.child());
    let spans: std::collections::HashSet<_> =
        children.iter().map(|child| child.ids().span_id).collect();
    assert_eq!(spans.len(), children.len());
    for child in &children {
        assert_eq!(child.ids().trace_id, TRACE);
        assert_eq!(child.parent_id(), Some(SPAN));
        assert_eq!(child.tracestate(), Some("foo=1"));
        assert!(!child.is_sampled());
    }
    let traces: std::collections::HashSet<_> = (0..1_000)
        .map(|_| TraceContext::new().ids().trace_id)
        .collect();
    assert_eq!(traces.len(), 1_000);
}

/// `None` where the state is to be thrown away.
fn state(headers: &[&str]) -> Option<String> {
    let mut all = vec![("traceparent", PARENT)];
    all.extend(headers.iter().map(|header| ("tracestate", *header)));
    let context = TraceContext::from_headers(all).expect("the trace itself goes on");
    assert!(is_the_trace(&context));
    context.tracestate().map(str::to_owned)
}

#[test]
fn a_state_travels_along_if_it_is_one() {
    let all: String = (b' '..=b'~')
        .map(char::from)
        .filter(|c| !",=".contains(*c))
        .collect();
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    let characters = format!("{letters}={all}");
    let vendor = format!("{letters}@a-z0-9_-*/={all}");
    let long = |length: usize| format!("{}=1", "z".repeat(length));
    let longest = long(256);
    let tenant =
        |tenant: usize, vendor: usize| format!("{}@{}=1", "t".repeat(tenant), "v".repeat(vendor));
    let members = |range: std::ops::RangeInclusive<u32>| {
        let members: Vec<_> = range.map(|n| format!("bar{n:02}={n:02}")).collect();
        members.join(",")
    };
    let (most, more) = (members(1..=32), members(1..=33));
    for (headers, expected) in [
        (vec![""], None),
        (vec!["foo=1", ""], Some("foo=1")),
        (vec!["", "foo=1"], Some("foo=1")),
        (
            vec!["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
            Some("foo=1,bar=2,rojo=1,congo=2,baz=3"),
        ),
        (vec![&characters], Some(characters.as_str())),
        (vec![&vendor], Some(vendor.as_str())),
        (
            vec!["foo=1 \t , \t bar=2, \t baz=3"],
            Some("foo=1,bar=2,baz=3"),
        ),
        (
            vec!["foo=1\t \t,\t \tbar=2,\t \tbaz=3"],
            Some("foo=1,bar=2,baz=3"),
        ),
        (vec!["\t foo=1 \t"], Some("foo=1")),
        (vec!["foo=1,,bar=2"], Some("foo=1,bar=2")),
        (vec!["foo =1"], None),
        (vec!["FOO=1"], None),
        (vec!["foo.bar=1"], None),
        (vec!["foo@=1,bar=2"], Some("foo@=1,bar=2")),
        (vec!["@foo=1,bar=2"], None),
        (vec!["foo@@bar=1,bar=2"], Some("foo@@bar=1,bar=2")),
        (vec![&most], Some(most.as_str())),
        (vec![&more], None),
        (vec![&longest], Some(longest.as_str())),
        (vec!["foo=1", &long(257)], None),
        (vec![&tenant(241, 14)], Some(tenant(241, 14).as_str())),
        (
            vec!["foo=1", &tenant(242, 1)],
            Some(format!("foo=1,{}", tenant(242, 1)).as_str()),
        ),
        (vec!["foo@bar@baz=1,bar=2"], Some("foo@bar@baz=1,bar=2")),
        (vec!["foo=1,foo=1"], Some("foo=1,foo=1")),
        (vec!["foo=1,foo=2"], Some("foo=1,foo=2")),
        (vec!["foo=1", "foo=1"], Some("foo=1,foo=1")),
        (vec!["foo=1", "foo=2"], Some("foo=1,foo=2")),
        (vec!["foo=bar=baz"], None),
        (vec!["foo=,bar=3"], None),
        (vec!["foo"], None),
    ] {
        assert_eq!(state(&headers).as_deref(), expected, "{headers:?}");
    }
}

#[test]
fn what_contradicts_itself_starts_a_trace() {
    let other = "00-12345678901234567890123456789011-1234567890123456-01";
    assert_eq!(
        TraceContext::from_headers([("traceparent", PARENT), ("traceparent", other)]),
        None
    );
    assert_eq!(
        TraceContext::from_headers([("trace-parent", PARENT), ("trace.parent", PARENT)]),
        None
    );
    assert_eq!(TraceContext::from_headers([("tracestate", "foo=1")]), None);
    assert_eq!(
        TraceContext::from_headers([("traceparent", b"\xff\xfe")]),
        None
    );
    for name in ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"] {
        assert!(
            TraceContext::from_headers([(name, PARENT)]).is_some(),
            "{name}"
        );
    }
    for (name, expected) in [
        ("TraceState", Some("foo=1")),
        ("TrAcEsTaTe", Some("foo=1")),
        ("TRACESTATE", Some("foo=1")),
        ("trace-state", None),
        ("trace.state", None),
    ] {
        let context = TraceContext::from_headers([("traceparent", PARENT), (name, "foo=1")]);
        assert_eq!(context.unwrap().tracestate(), expected, "{name}");
    }
}

#[test]
fn a_caller_that_samples_nothing_is_heard() {
    let after = |headers: &[(&str, &str)]| TraceContext::after(headers.iter().copied());
    for denied in [
        &[("b3", "0")][..],
        &[("X-B3-Sampled", "0")],
        &[("x-b3-sampled", "false"), ("X-B3-Flags", "0")],
    ] {
        let context = after(denied).expect("a trace");
        assert!(!context.is_sampled(), "{denied:?}");
        assert_eq!(context.parent_id(), None);
    }
    for nothing in [
        &[][..],
        &[("b3", "1")],
        &[("b3", "d")],
        &[("X-B3-Sampled", "1")],
        &[("X-B3-Sampled", "0"), ("X-B3-Flags", "1")],
    ] {
        assert_eq!(after(nothing), None, "{nothing:?}");
    }
    let child = after(&[("b3", "0"), ("traceparent", PARENT)]).expect("a trace");
    let parent = parsed(PARENT).unwrap();
    assert_eq!(child.ids().trace_id, parent.ids().trace_id);
    assert_eq!(child.parent_id(), Some(parent.ids().span_id));
}

#[test]
fn a_member_is_changed_in_front() {
    let full: Vec<_> = (1..=32).map(|n| format!("bar{n}={n}")).collect();
    let context = parsed(PARENT)
        .unwrap()
        .with_tracestate(&full.join(","))
        .unwrap();
    let more = context.clone().with_member("hestia", "x y").unwrap();
    assert!(more.tracestate().unwrap().starts_with("hestia=x y,bar1=1,"));
    assert_eq!(
        (more.member("bar31"), more.member("bar32")),
        (Some("31"), None)
    );
    let changed = context.with_member("bar32", "new").unwrap();
    assert!(
        changed
            .tracestate()
            .unwrap()
            .starts_with("bar32=new,bar1=1,")
    );
    assert_eq!(changed.members().count(), 32);
    for (key, value) in [
        ("", "1"),
        ("Key", "1"),
        ("key", ""),
        ("key", "1 "),
        ("key", "a,b"),
        ("key", "\n"),
    ] {
        assert!(
            parsed(PARENT).unwrap().with_member(key, value).is_err(),
            "{key}={value}"
        );
    }
}

#[test]
fn b3_is_read_in_one_header_and_in_several() {
    let ids = TraceIds {
        trace_id: 0x80f1_98ee_5634_3ba8_64fe_8b2a_57d3_eff7,
        span_id: 0xe457_b5a2_e4d8_6bd1,
    };
    let single = |header| TraceContext::from_headers([("b3", header)]);
    let full =
        single("80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90").unwrap();
    assert_eq!(
        (full.ids(), full.parent_id(), full.is_sampled()),
        (ids, Some(0x05e3_ac9a_4f6e_3b90), true)
    );
    assert_eq!(
        full.b3(),
        "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90"
    );
    let several = TraceContext::from_headers([
        ("x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7"),
        ("X-B3-SpanId", "E457B5A2E4D86BD1"),
        ("X-B3-ParentSpanId", "05e3ac9a4f6e3b90"),
        ("X-B3-Sampled", "1"),
    ]);
    assert_eq!(several.as_ref(), Some(&full));
    let mut written = Vec::new();
    full.inject_b3(|name, value| written.push((name, value.to_owned())));
    assert_eq!(TraceContext::from_headers(written), several);

    assert_eq!(
        single("64fe8b2a57d3eff7-e457b5a2e4d86bd1")
            .unwrap()
            .ids()
            .trace_id,
        0x64fe_8b2a_57d3_eff7
    );
    assert!(
        single("64fe8b2a57d3eff7-e457b5a2e4d86bd1-d")
            .unwrap()
            .is_sampled()
    );
    assert!(
        !single("64fe8b2a57d3eff7-e457b5a2e4d86bd1-0")
            .unwrap()
            .is_sampled()
    );
    let flagged = [
        ("X-B3-TraceId", "64fe8b2a57d3eff7"),
        ("X-B3-SpanId", "e457b5a2e4d86bd1"),
        ("X-B3-Flags", "1"),
    ];
    assert!(TraceContext::from_headers(flagged).unwrap().is_sampled());
    for none in [
        "0",
        "1",
        "d",
        "",
        "-",
        "64fe8b2a57d3eff7",
        "64fe8b2a57d3eff7-",
        "64fe8b2a57d3eff7-e457b5a2e4d86bd1-x",
        "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-",
        "64fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90-1",
        "0000000000000000-e457b5a2e4d86bd1",
        "64fe8b2a57d3eff-e457b5a2e4d86bd1",
        "64fe8b2a57d3eff7-0000000000000000",
    ] {
        assert_eq!(single(none), None, "{none}");
    }
    // W3C's counts where both are there, and B3 where W3C's is none.
    let b3 = ("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1");
    assert!(is_the_trace(
        &TraceContext::from_headers([b3, ("traceparent", PARENT)]).unwrap()
    ));
    assert_eq!(
        TraceContext::from_headers([b3, ("traceparent", "none")])
            .unwrap()
            .ids(),
        ids
    );
}

#[test]
fn ids_are_never_zero() {
    assert!(TraceContext::of(0, 1).is_err() && TraceContext::of(1, 0).is_err());
    let ids: Vec<u64> = (0..2_500).flat_map(|_| random_ids::<4>()).collect();
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert!(!ids.contains(&0) && distinct.len() == ids.len());
}

fn context() -> impl Strategy<Value = TraceContext> {
    (1..=u128::MAX, 1..=u64::MAX, 0..4_u8).prop_map(|(trace, span, flags)| {
        let mut context = TraceContext::of(trace, span).expect("neither is zero");
        context.flags = flags;
        context
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(context in context()) {
        prop_assert_eq!(parsed(&context.traceparent()), Some(context.clone()));
        // B3 has no flag for random ids.
        let from_b3 = TraceContext::from_headers([("b3", context.b3())]).unwrap();
        prop_assert_eq!((from_b3.ids(), from_b3.is_sampled()), (context.ids(), context.is_sampled()));
    }

    #[test]
    fn any_text_is_a_context_or_an_error(header in "\\PC{0,80}", state in "\\PC{0,80}") {
        let headers = [("traceparent", header.as_str()), ("tracestate", &state), ("b3", &header)];
        if let Some(context) = TraceContext::from_headers(headers) {
            prop_assert_eq!(parsed(&context.traceparent()).map(|read| read.ids()), Some(context.ids()));
        }
        if let Ok(context) = parsed(PARENT).unwrap().with_tracestate(&state) {
            let written = context.tracestate().unwrap_or_default().to_owned();
            prop_assert_eq!(context.clone().with_tracestate(&written), Ok(context));
        }
    }

    /// One letter more, less, or another one.
    #[test]
    fn what_is_nearly_a_traceparent_is_read_only_if_it_is_one(context in context(), at in 0..55_usize, letter in any::<char>(), change in 0..3) {
        let mut letters: Vec<char> = context.traceparent().chars().collect();
        match change {
            0 => letters[at] = letter,
            1 => letters.insert(at, letter),
            _ => drop(letters.remove(at)),
        }
        let header: String = letters.into_iter().collect();
        if let Some(read) = parsed(&header) {
            prop_assert!(header.trim_matches([' ', '\t'])[2..].starts_with(&read.traceparent()[2..53]));
        }
    }
}
