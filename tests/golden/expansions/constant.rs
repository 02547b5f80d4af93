// hlog!(info, "ready");
fn statement() {
    {
        static __HESTIA_CALLSITE: hestia::__private::Callsite = hestia::__private::Callsite::new(
            hestia::__private::Severity::Level(hestia::__private::Level::Info),
            hestia::__private::core::module_path!(),
            hestia::__private::Message::Constant("ready"),
            &[],
            hestia::__private::core::module_path!(),
            hestia::__private::core::file!(),
            hestia::__private::core::line!(),
        );
        if __HESTIA_CALLSITE.is_on(hestia::__private::Level::Info) {
            __HESTIA_CALLSITE.log_constant();
        }
    }
}
