//! TLS of our own listener. Its certificate may be renewed while it serves.

mod dates;

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Result;
use chats_domain::ports::Clock;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::adapters::SystemClock;
use crate::config::{HttpTls, Loaded};
use crate::warning::{self, Warning};

pub(crate) use dates::Concern;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// The setting that names the certificate.
pub(crate) const CERTIFICATE: &str = "http.tls.certificate";
const KEY: &str = "http.tls.key";

/// How the listener speaks TLS, and what keeps its certificate up to date.
pub(crate) struct Tls {
    pub(crate) config: ServerConfig,
    pub(crate) certificate: Arc<Certificate>,
}

/// The certificate that new connections get, and the files that it comes from.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: Files,
    seen: Mutex<Result<Contents, Unusable>>,
    current: RwLock<Arc<CertifiedKey>>,
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Clone, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl fmt::Debug for Contents {
    /// Shows nothing: a private key is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").finish_non_exhaustive()
    }
}

/// Why a file cannot be used, and the setting that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unusable {
    setting: &'static str,
    reason: String,
}

/// How the listener speaks TLS, if it does: TLS 1.2 or 1.3, with the certificate of the configuration.
pub(crate) fn read(loaded: &Loaded) -> Result<Option<Tls>> {
    let Some(settings) = &loaded.config.http.tls else {
        return Ok(None);
    };
    let certificate = Certificate::read(Files::from(settings))
        .map_err(|unusable| loaded.error(unusable.setting, unusable.reason))?;
    let certificate = Arc::new(certificate);
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&certificate) as _);
    Ok(Some(Tls { config, certificate }))
}

impl Certificate {
    fn read(files: Files) -> Result<Self, Unusable> {
        let contents = files.read()?;
        let current = RwLock::new(Arc::new(contents.parse()?));
        Ok(Self { files, seen: Mutex::new(Ok(contents)), current })
    }

    /// What is to be said of the time in which the certificate counts, if anything is.
    pub(crate) fn concern(&self) -> Option<Concern> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        dates::concern(current.cert.first()?, SystemClock.now())
    }

    /// Looks at the files now and then, for ever.
    pub(crate) async fn keep_up_to_date(self: Arc<Self>) {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let certificate = Arc::clone(&self);
            // Whatever became of this look, there will be another.
            let _ = spawn_blocking(move || certificate.look_again()).await;
        }
    }

    /// Takes what the files hold now, if it is something else than before and can be used. It tells once
    /// of what cannot.
    fn look_again(&self) {
        let now = self.files.read();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return;
        }
        match now.as_ref().map_err(Unusable::clone).and_then(Contents::parse) {
            Ok(renewed) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
                tracing::info!("the certificate was renewed");
                warning::log(self.concern().map(Warning::from));
            }
            Err(Unusable { setting, reason }) => {
                tracing::warn!(
                    setting,
                    reason,
                    "the certificate was not renewed: the old one stays"
                );
            }
        }
        *seen = now;
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Files {
    fn read(&self) -> Result<Contents, Unusable> {
        let read = |setting, file: &PathBuf| {
            fs::read(file).map_err(|error| {
                Unusable::new(setting, format!("cannot read {}: {error}", file.display()))
            })
        };
        Ok(Contents {
            certificate: read(CERTIFICATE, &self.certificate)?,
            key: read(KEY, &self.key)?,
        })
    }
}

impl From<&HttpTls> for Files {
    fn from(settings: &HttpTls) -> Self {
        Self { certificate: settings.certificate_file(), key: settings.key_file() }
    }
}

impl Contents {
    /// The chain and its key, which belong together. No error shows anything of the files.
    fn parse(&self) -> Result<CertifiedKey, Unusable> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.unwrap_or_default();
        let no_certificate = |reason| Unusable::new(CERTIFICATE, reason);
        match chain.first() {
            None => return Err(no_certificate("holds no certificate in PEM")),
            Some(certificate) if dates::is_of_an_old_version(certificate) => {
                let reason = "holds a certificate of an old version of X.509, where TLS takes version 3 alone";
                return Err(no_certificate(reason));
            }
            Some(_) => {}
        }
        let no_key = || {
            Unusable::new(KEY, "holds no private key in PEM that TLS can use without a passphrase")
        };
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| no_key())?;
        let certified = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
        certified.map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                Unusable::new(KEY, "does not belong to the certificate")
            }
            rustls::Error::InvalidCertificate(_) => {
                no_certificate("holds a certificate that cannot be read")
            }
            _ => no_key(),
        })
    }
}

impl From<Concern> for Warning {
    fn from(concern: Concern) -> Self {
        Self::new(CERTIFICATE, concern.says)
    }
}

impl Unusable {
    fn new(setting: &'static str, reason: impl Into<String>) -> Self {
        Self { setting, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use chats_testkit::certificates::{Authority, Issued};
    use pem::Pem;
    use tempfile::TempDir;
    use x509_cert::certificate::Version;
    use x509_cert::der::{Decode, Encode};

    use super::*;

    fn issued() -> Issued {
        Authority::new().unwrap().issue_to_server(&["chats.example.org"]).unwrap()
    }

    fn files(directory: &TempDir) -> Files {
        let [certificate, key] = ["chain.pem", "key.pem"].map(|name| directory.path().join(name));
        Files { certificate, key }
    }

    fn write(files: &Files, issued: &Issued) {
        fs::write(&files.certificate, &issued.certificate).unwrap();
        fs::write(&files.key, &issued.key).unwrap();
    }

    fn is_current(certificate: &Certificate, issued: &Issued) -> bool {
        let expected = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap();
        certificate.current.read().unwrap().cert == [expected]
    }

    #[test]
    fn the_old_certificate_stays_until_the_new_one_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (issued(), issued());
        write(&files(&directory), &old);
        let certificate = Certificate::read(files(&directory)).unwrap();

        let files = files(&directory);
        fs::remove_file(&files.key).unwrap();
        certificate.look_again();
        fs::write(&files.key, &new.key).unwrap();
        certificate.look_again();
        fs::write(&files.certificate, &new.certificate[..100]).unwrap();
        certificate.look_again();
        assert!(is_current(&certificate, &old));

        write(&files, &new);
        certificate.look_again();
        assert!(is_current(&certificate, &new));

        write(&files, &old);
        certificate.look_again();
        assert!(is_current(&certificate, &old));
    }

    #[test]
    fn what_is_no_certificate_with_its_key_is_named_and_not_shown() {
        let (one, other) = (issued(), issued());
        for (certificate, key, setting) in [
            ("", one.key.as_str(), CERTIFICATE),
            ("hunter2", &one.key, CERTIFICATE),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", &one.key, CERTIFICATE),
            (&one.certificate, "", KEY),
            (&one.certificate, "-----BEGIN hunter2", KEY),
            (&one.certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", KEY),
            (&one.certificate, &one.certificate, KEY),
            (&one.certificate, &other.key, KEY),
        ] {
            let contents = Contents { certificate: certificate.into(), key: key.into() };
            let unusable = contents.parse().unwrap_err();
            assert_eq!(unusable.setting, setting, "{certificate} {key}");
            assert!(!unusable.reason.contains("hunter2"), "{unusable:?}");
        }
    }

    #[test]
    fn of_a_certificate_of_an_old_version_it_is_told_that_it_is_one() {
        let issued = issued();
        let block = pem::parse(&issued.certificate).unwrap();
        let mut certificate = x509_cert::Certificate::from_der(block.contents()).unwrap();
        certificate.tbs_certificate.version = Version::V1;
        certificate.tbs_certificate.extensions = None;
        let old = pem::encode(&Pem::new("CERTIFICATE", certificate.to_der().unwrap()));
        let contents = Contents { certificate: old.into(), key: issued.key.into() };
        let unusable = contents.parse().unwrap_err();
        assert_eq!(unusable.setting, CERTIFICATE);
        assert!(unusable.reason.contains("version"), "{unusable:?}");
    }

    #[test]
    fn a_private_key_does_not_show_itself() {
        let contents = Contents { certificate: b"chain".to_vec(), key: b"hunter2".to_vec() };
        assert_eq!(format!("{contents:?}"), "Contents { .. }");
    }
}
