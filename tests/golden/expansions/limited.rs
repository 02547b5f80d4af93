// hlog!(warn, target: target, every: 1.5h, first: 3, by: user, user, "refused");
fn statement() {
    {
        static __HESTIA_CALLSITE: hestia::__private::Callsite = hestia::__private::Callsite::new(
            hestia::__private::Severity::Level(hestia::__private::Level::Warn),
            hestia::__private::core::module_path!(),
            hestia::__private::Message::Constant("refused"),
            &["user"],
            hestia::__private::core::module_path!(),
            hestia::__private::core::file!(),
            hestia::__private::core::line!(),
        );
        if hestia::__private::may_be_on(hestia::__private::Level::Warn) {
            match (&target,) {
                (__hestia_target,) => {
                    let __hestia_via = {
                        #[allow(unused_imports)]
                        use hestia::__private::choice::*;
                        hestia::__private::Via::new().target(__hestia_target)
                    };
                    if __HESTIA_CALLSITE
                        .is_on_via(hestia::__private::Level::Warn, &__hestia_via)
                    {
                        static __HESTIA_LIMIT: hestia::__private::KeyedLimit = hestia::__private::KeyedLimit::new();
                        if let hestia::__private::core::option::Option::Some(
                            __hestia_passed,
                        ) = __HESTIA_LIMIT
                            .pass(
                                hestia::__private::Rules::new()
                                    .every(
                                        hestia::__private::core::time::Duration::new(5400u64, 0u32),
                                    )
                                    .first(3),
                                &user,
                            )
                        {
                            let __hestia_via = __hestia_via.passed(__hestia_passed);
                            match (&user,) {
                                (__hestia_value_0,) => {
                                    __HESTIA_CALLSITE
                                        .log_via(
                                            &__hestia_via,
                                            (hestia::__private::Typed(__hestia_value_0), ()),
                                            (),
                                        );
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
