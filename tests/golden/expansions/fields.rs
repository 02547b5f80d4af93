// hlog!(level, target: target, user_id, req.method = "GET", err = &e, req.path = %path, password);
fn statement() {
    {
        static __HESTIA_CALLSITES: hestia::__private::Callsites = hestia::__private::Callsites::new(
            hestia::__private::core::module_path!(),
            hestia::__private::Message::Constant(""),
            &["user_id", "req", "err", "password"],
            hestia::__private::core::module_path!(),
            hestia::__private::core::file!(),
            hestia::__private::core::line!(),
        );
        match __HESTIA_CALLSITES
            .at({
                #[allow(unused_imports)]
                use hestia::__private::levels::*;
                level
            })
        {
            __hestia_callsite => {
                if hestia::__private::may_be_on(__hestia_callsite.level()) {
                    match (&target,) {
                        (__hestia_target,) => {
                            let __hestia_via = {
                                #[allow(unused_imports)]
                                use hestia::__private::choice::*;
                                hestia::__private::Via::new().target(__hestia_target)
                            };
                            if __hestia_callsite
                                .is_on_via(__hestia_callsite.level(), &__hestia_via)
                            {
                                match (&user_id, &"GET", &(&e), &path, &password) {
                                    (
                                        __hestia_value_0,
                                        __hestia_value_1,
                                        __hestia_value_2,
                                        __hestia_value_3,
                                        __hestia_value_4,
                                    ) => {
                                        #[allow(unused_imports)]
                                        use hestia::__private::choice::*;
                                        __hestia_callsite
                                            .log_via(
                                                &__hestia_via,
                                                (
                                                    hestia::__private::Typed(__hestia_value_0),
                                                    (
                                                        hestia::__private::Object(
                                                            &["method", "path"],
                                                            (
                                                                hestia::__private::Typed(__hestia_value_1),
                                                                (
                                                                    hestia::__private::Printed(
                                                                        hestia::__private::core::format_args!(
                                                                            "{}", * __hestia_value_3
                                                                        ),
                                                                    ),
                                                                    (),
                                                                ),
                                                            ),
                                                        ),
                                                        (
                                                            (&&&&hestia::__private::ErrorArgument(__hestia_value_2))
                                                                .part(),
                                                            (
                                                                hestia::__private::Secret::value(
                                                                    "password",
                                                                    hestia::__private::Typed(__hestia_value_4),
                                                                ),
                                                                (),
                                                            ),
                                                        ),
                                                    ),
                                                ),
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
}
