//! How many instructions each part takes. `cargo xtask instructions` compares them with what they took.

#![expect(missing_docs, reason = "what the macros write has no documentation")]

use chats_benchmarks::Part;
use gungraun::{library_benchmark, library_benchmark_group, main};

macro_rules! count {
    ($($part:ident,)*) => {
        #[library_benchmark]
        $(#[bench::$part(chats_benchmarks::$part())])*
        fn run(part: Part) -> Part {
            part.run();
            part
        }
    };
}

chats_benchmarks::for_each_part!(count);

library_benchmark_group!(name = parts, benchmarks = run);

main!(library_benchmark_groups = parts);
