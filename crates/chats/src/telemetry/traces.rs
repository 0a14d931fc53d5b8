//! Traces, sent to a collector of OpenTelemetry over HTTP (OTLP).

use std::time::Duration;

use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

use crate::config::{ConfigError, Loaded, Parsed};
use crate::version;

/// How long the collector may take to take a batch.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the last spans may take on their way out.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// The traces of this process. What is left of them is sent when this is dropped.
pub(crate) struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// From now on the trace of a request is passed on, and sent to `traces.endpoint` if there is one.
    pub(crate) fn start(loaded: &Loaded) -> Result<Self, ConfigError> {
        let collector = read(loaded)?;
        global::set_text_map_propagator(Propagator::default());
        let Some(Collector { url, sample_ratio }) = collector else {
            return Ok(Self(None));
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(url)
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| loaded.error("traces.endpoint", error))?;
        let version = KeyValue::new("service.version", version::VERSION);
        let resource = Resource::builder().with_service_name("chats").with_attribute(version);
        // Who calls decides for the traces that they began.
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sample_ratio)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler)
            .with_resource(resource.build())
            .build();
        global::set_tracer_provider(provider.clone());
        Ok(Self(Some(provider)))
    }
}

/// W3C Trace Context, without the empty `tracestate` that the standard wants nobody to send (section 3.3.1.1).
#[derive(Debug, Default)]
struct Propagator(TraceContextPropagator);

impl TextMapPropagator for Propagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        self.0.inject_context(context, &mut WithoutEmpty(injector));
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        self.0.extract_with_context(context, extractor)
    }

    fn fields(&self) -> FieldIter<'_> {
        self.0.fields()
    }
}

struct WithoutEmpty<'a>(&'a mut dyn Injector);

impl Injector for WithoutEmpty<'_> {
    fn set(&mut self, key: &str, value: String) {
        if !value.is_empty() {
            self.0.set(key, value);
        }
    }
}

/// What takes the traces.
pub(crate) struct Collector {
    url: String,
    sample_ratio: f64,
}

/// What the configuration says of the collector, if there is one.
pub(crate) fn read(loaded: &Loaded) -> Result<Option<Collector>, ConfigError> {
    let traces = &loaded.config.traces;
    let sample_ratio = traces.sample_ratio;
    if !(0.0..=1.0).contains(&sample_ratio) {
        return Err(loaded.error("traces.sample_ratio", "is not from 0 to 1"));
    }
    let Some(Parsed(endpoint)) = &traces.endpoint else {
        return Ok(None);
    };
    if !matches!(endpoint.scheme(), "http" | "https") {
        return Err(loaded.error("traces.endpoint", "is neither http nor https"));
    }
    // The endpoint is that of all kinds of signals, as it is in OpenTelemetry's own settings.
    let url = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    Ok(Some(Collector { url, sample_ratio }))
}

impl Drop for Traces {
    fn drop(&mut self) {
        let Some(provider) = &self.0 else { return };
        if let Err(error) = provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT) {
            tracing::warn!(%error, "the last traces may not have reached the collector");
        }
    }
}
