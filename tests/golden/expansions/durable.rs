// durable!(info, within: limit, user_id = 5, "paid");
fn statement() {
    {
        let mut __hestia_pending = hestia::__private::Pending::new();
        {
            static __HESTIA_CALLSITE: hestia::__private::Callsite = hestia::__private::Callsite::new(
                hestia::__private::Severity::Level(hestia::__private::Level::Info),
                hestia::__private::core::module_path!(),
                hestia::__private::Message::Constant("paid"),
                &["user_id"],
                hestia::__private::core::module_path!(),
                hestia::__private::core::file!(),
                hestia::__private::core::line!(),
            );
            if __HESTIA_CALLSITE.is_on(hestia::__private::Level::Info) {
                match (&5,) {
                    (__hestia_value_0,) => {
                        __hestia_pending.begin();
                        __HESTIA_CALLSITE
                            .log((hestia::__private::Typed(__hestia_value_0), ()), ());
                        __hestia_pending.logged();
                    }
                }
            }
        }
        __hestia_pending.confirm_within(limit)
    }
}
