//! How long each part takes.

use divan::Bencher;

macro_rules! time {
    ($($part:ident,)*) => {
        $(
            #[divan::bench]
            fn $part(bencher: Bencher) {
                let part = chats_benchmarks::$part();
                bencher.bench_local(|| part.run());
            }
        )*
    };
}

chats_benchmarks::for_each_part!(time);

fn main() {
    divan::main();
}
