// hlog!(info, "{name} took {:.1} of {:>width$}", elapsed, limit, width = 9);
fn statement() {
    {
        static __HESTIA_CALLSITE: hestia::__private::Callsite = hestia::__private::Callsite::new(
            hestia::__private::Severity::Level(hestia::__private::Level::Info),
            hestia::__private::core::module_path!(),
            hestia::__private::Message::Printed(
                "{name} took {:.1} of {:>width$}",
                &["name"],
                |__hestia_out, __hestia_arguments| {
                    __hestia_out
                        .write_fmt(
                            hestia::__private::core::format_args!(
                                "{0} took {1:.1} of {2:>3$}", __hestia_arguments.at(0usize),
                                __hestia_arguments.at(1usize), __hestia_arguments
                                .at(2usize), __hestia_arguments.count(3usize)
                            ),
                        )
                },
            ),
            &[],
            hestia::__private::core::module_path!(),
            hestia::__private::core::file!(),
            hestia::__private::core::line!(),
        );
        if __HESTIA_CALLSITE.is_on(hestia::__private::Level::Info) {
            match (&elapsed, &limit, &9, &name) {
                (
                    __hestia_value_0,
                    __hestia_value_1,
                    __hestia_value_2,
                    __hestia_value_3,
                ) => {
                    #[allow(unused_imports)]
                    use hestia::__private::choice::*;
                    __HESTIA_CALLSITE
                        .log(
                            (),
                            (
                                (&&hestia::__private::Argument(__hestia_value_3))
                                    .or(
                                        hestia::__private::core::format_args!(
                                            "{0}", * __hestia_value_3
                                        ),
                                    ),
                                (
                                    (&&hestia::__private::Argument(__hestia_value_0))
                                        .or(
                                            hestia::__private::core::format_args!(
                                                "{0:.1}", * __hestia_value_0
                                            ),
                                        ),
                                    (
                                        (&&hestia::__private::Argument(__hestia_value_1))
                                            .or(
                                                hestia::__private::core::format_args!(
                                                    "{0:>1$}", * __hestia_value_1, hestia::__private::Count(*
                                                    __hestia_value_2).clamped()
                                                ),
                                            ),
                                        (hestia::__private::Count(*__hestia_value_2), ()),
                                    ),
                                ),
                            ),
                        );
                }
            }
        }
    }
}
