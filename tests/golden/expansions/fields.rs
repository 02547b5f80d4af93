// hlog!(level, target: target, user_id, req.method = "GET", err = &e, req.path = %path, password);
fn statement() {
    {
        static __HESTIA_CALLSITES: hestia::__private::Callsites = hestia::__private::Callsites::new(
            hestia::__private::core::module_path!(),
            "",
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
                                        let mut __hestia_draft = __hestia_callsite
                                            .begin_via(&__hestia_via);
                                        let __hestia_fields = &mut __hestia_draft.fields();
                                        __hestia_fields.value("user_id", __hestia_value_0);
                                        __hestia_fields
                                            .object(
                                                "req",
                                                |__hestia_fields| {
                                                    __hestia_fields.value("method", __hestia_value_1);
                                                    __hestia_fields
                                                        .formatted(
                                                            "path",
                                                            hestia::__private::core::format_args!(
                                                                "{}", * __hestia_value_3
                                                            ),
                                                        );
                                                },
                                            );
                                        (&&&&hestia::__private::ErrorArgument(__hestia_value_2))
                                            .put(__hestia_fields, "err");
                                        __hestia_fields.value("password", "***");
                                        __hestia_draft.constant();
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
