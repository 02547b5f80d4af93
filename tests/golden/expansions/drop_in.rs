// info!(user_id = 5; "hello {name}");
fn statement() {
    {
        static __HESTIA_CALLSITE: hestia::__private::Callsite = hestia::__private::Callsite::new(
            hestia::__private::Severity::Level(hestia::__private::Level::Info),
            hestia::__private::core::module_path!(),
            hestia::__private::Message::Template("hello {name}"),
            &["user_id"],
            hestia::__private::core::module_path!(),
            hestia::__private::core::file!(),
            hestia::__private::core::line!(),
        );
        if __HESTIA_CALLSITE.is_on(hestia::__private::Level::Info) {
            match (&5, &name) {
                (__hestia_value_0, __hestia_value_1) => {
                    #[allow(unused_imports)]
                    use hestia::__private::choice::*;
                    __HESTIA_CALLSITE
                        .log(
                            (hestia::__private::Typed(__hestia_value_0), ()),
                            (
                                (&&hestia::__private::Argument(__hestia_value_1))
                                    .or(
                                        hestia::__private::core::format_args!(
                                            "{0}", * __hestia_value_1
                                        ),
                                    ),
                                (),
                            ),
                        );
                }
            }
        }
    }
}
