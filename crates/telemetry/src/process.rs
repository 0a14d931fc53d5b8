//! The process itself, by the names that the libraries of Prometheus give its figures.

use std::time::Duration;

use procfs::process::{LimitValue, Process};
use prometheus::{Counter, Gauge, IntGauge, Registry};

use crate::MetricsError;
use crate::figures::{number, register};

/// What the kernel tells of this process. What it does not tell is left out.
pub(crate) fn registry() -> Result<Registry, MetricsError> {
    let registry = Registry::new();
    let Ok(process) = Process::myself() else {
        return Ok(registry);
    };
    if let Ok(stat) = process.stat() {
        let ticks_per_second = procfs::ticks_per_second();
        let time = |ticks: u64| Duration::from_millis(ticks * 1_000 / ticks_per_second);
        let cpu = Counter::new(
            "process_cpu_seconds_total",
            "Total user and system CPU time spent, in seconds.",
        )?;
        cpu.inc_by(time(stat.utime + stat.stime).as_secs_f64());
        register(&registry, cpu)?;
        if let Ok(booted_at) = procfs::boot_time_secs() {
            let start = Gauge::new(
                "process_start_time_seconds",
                "Start time of the process, in seconds since the Unix epoch.",
            )?;
            let since_epoch = Duration::from_secs(booted_at) + time(stat.starttime);
            start.set(since_epoch.as_secs_f64());
            register(&registry, start)?;
        }
        for (name, help, value) in [
            ("process_threads", "Number of OS threads in the process.", number(stat.num_threads)),
            (
                "process_resident_memory_bytes",
                "Resident memory size, in bytes.",
                number(stat.rss * procfs::page_size()),
            ),
            ("process_virtual_memory_bytes", "Virtual memory size, in bytes.", number(stat.vsize)),
        ] {
            register_gauge(&registry, name, help, value)?;
        }
    }
    if let Ok(count) = process.fd_count() {
        let help = "Number of open file descriptors.";
        register_gauge(&registry, "process_open_fds", help, number(count))?;
    }
    if let Ok(limits) = process.limits()
        && let LimitValue::Value(limit) = limits.max_open_files.soft_limit
    {
        let help = "Maximum number of open file descriptors.";
        register_gauge(&registry, "process_max_fds", help, number(limit))?;
    }
    Ok(registry)
}

fn register_gauge(
    registry: &Registry,
    name: &str,
    help: &str,
    value: i64,
) -> Result<(), MetricsError> {
    let gauge = IntGauge::new(name, help)?;
    gauge.set(value);
    register(registry, gauge)
}
