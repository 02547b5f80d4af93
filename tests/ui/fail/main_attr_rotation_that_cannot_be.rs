mod small {
    #[hestia::main(rotate = (size = "100B"))]
    pub fn main() {}
}

mod hourly {
    #[hestia::main(rotate(every = "6h", at = "03:30"))]
    pub fn main() {}
}

mod sundays {
    #[hestia::main(rotate(every = "day", on = "sunday"))]
    pub fn main() {}
}

mod nothing {
    #[hestia::main(rotate(every = "day", keep = 0))]
    pub fn main() {}
}

mod budget {
    #[hestia::main(text(rotate(size = "10MB", max_total_bytes = "10MB")))]
    pub fn main() {}
}

mod moment {
    #[hestia::main(rotate(every = "100ms"))]
    pub fn main() {}
}

fn main() {}
