// info!(user_id = 5; "hello {name}");
fn statement() {
    {
        static __HESTIA_CALLSITE: hestia::__private::Callsite = hestia::__private::Callsite::new(
            hestia::__private::Severity::Level(hestia::__private::Level::Info),
            hestia::__private::core::module_path!(),
            "hello {name}",
            hestia::__private::core::module_path!(),
            hestia::__private::core::file!(),
            hestia::__private::core::line!(),
        );
        if __HESTIA_CALLSITE.is_on(hestia::__private::Level::Info) {
            match (&5, &name) {
                (__hestia_value_0, __hestia_value_1) => {
                    #[allow(unused_imports)]
                    use hestia::__private::choice::*;
                    let mut __hestia_draft = __HESTIA_CALLSITE.begin();
                    let __hestia_fields = &mut __hestia_draft.fields();
                    __hestia_fields.value("user_id", __hestia_value_0);
                    __hestia_draft
                        .message(
                            (
                                (&&hestia::__private::Argument(__hestia_value_1))
                                    .choose()
                                    .capture(
                                        __hestia_value_1,
                                        |__hestia_out| {
                                            __hestia_out
                                                .write_fmt(
                                                    hestia::__private::core::format_args!(
                                                        "{0}", * __hestia_value_1
                                                    ),
                                                )
                                        },
                                    ),
                                (),
                            ),
                            |__hestia_out, (__hestia_value_0, ())| {
                                __hestia_out
                                    .write_fmt(
                                        hestia::__private::core::format_args!(
                                            "hello {0}", __hestia_value_0
                                        ),
                                    )
                            },
                        );
                }
            }
        }
    }
}
