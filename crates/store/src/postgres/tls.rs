//! What a URL says of TLS, in the words of libpq, and the connector that does so.
//!
//! <https://www.postgresql.org/docs/current/libpq-ssl.html> tells what the words mean.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::verifier::AnyName;
use crate::InvalidDatabaseUrl;

/// The protocol by its name in ALPN, without which a server refuses TLS that begins at once
/// (`sslnegotiation=direct`).
const ALPN: &[u8] = b"postgresql";

/// Whether connections are encrypted, and who may be at the other end.
#[derive(Clone)]
pub(super) enum Tls {
    /// `disable`.
    Disabled,
    /// `prefer`: encrypted, if that works. Nobody is verified.
    Preferred { identity: Option<Identity> },
    /// `require` and what is stricter: encrypted, or not at all.
    Required { trusted: Trusted, identity: Option<Identity> },
}

/// Which servers are taken for the right one.
#[derive(Clone)]
pub(super) enum Trusted {
    /// `require` without roots.
    Anyone,
    /// `verify-ca`, and `require` with roots: who has a certificate from a root in this file.
    AnyoneOf(PathBuf),
    /// `verify-full`: who has a certificate for the host's name from a root in this file.
    Host(PathBuf),
    /// The same, from a root that the system trusts.
    HostOfTheSystem,
}

/// The files by which we are known to the server.
#[derive(Clone)]
pub(super) struct Identity {
    certificate: PathBuf,
    key: PathBuf,
}

/// The parameters of a URL, as they are written.
#[derive(Default)]
pub(super) struct TlsParameters {
    mode: Option<String>,
    roots: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

/// Why the files that a URL names are of no use.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds no certificate, or a broken one.
    #[error("{} holds no certificate in PEM that can be used", .0.display())]
    NoCertificate(PathBuf),
    /// A file holds no private key, or a broken one.
    #[error("{} holds no private key in PEM that can be used", .0.display())]
    NoKey(PathBuf),
    /// The certificate and the key do not belong together, or the system trusts nobody.
    #[error("TLS cannot be set up")]
    Unusable(#[from] rustls::Error),
}

impl TlsParameters {
    /// Where the value of the parameter `key` belongs, if it speaks of TLS.
    pub(super) fn slot(&mut self, key: &str) -> Option<&mut Option<String>> {
        match key {
            "sslmode" => Some(&mut self.mode),
            "sslrootcert" => Some(&mut self.roots),
            "sslcert" => Some(&mut self.certificate),
            "sslkey" => Some(&mut self.key),
            _ => None,
        }
    }
}

impl TryFrom<TlsParameters> for Tls {
    type Error = InvalidDatabaseUrl;

    fn try_from(parameters: TlsParameters) -> Result<Self, InvalidDatabaseUrl> {
        let TlsParameters { mode, roots, certificate, key } = parameters;
        let identity = match (certificate, key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some(Identity { certificate: certificate.into(), key: key.into() })
            }
            _ => return Err(InvalidDatabaseUrl::CertificateWithoutKey),
        };
        let trusted = match (mode.as_deref(), roots.as_deref()) {
            (None | Some("verify-full"), Some("system")) => Trusted::HostOfTheSystem,
            (_, Some("system")) => return Err(InvalidDatabaseUrl::SystemRootsNeedVerifyFull),
            (Some("disable"), _) => return Ok(Self::Disabled),
            (None | Some("prefer"), None) => return Ok(Self::Preferred { identity }),
            (None | Some("prefer"), Some(_)) => return Err(InvalidDatabaseUrl::RootsNeedTls),
            (Some("require"), None) => Trusted::Anyone,
            (Some("require" | "verify-ca"), Some(roots)) => Trusted::AnyoneOf(roots.into()),
            (Some("verify-full"), Some(roots)) => Trusted::Host(roots.into()),
            (Some("verify-ca" | "verify-full"), None) => {
                return Err(InvalidDatabaseUrl::NoRoots);
            }
            (Some(_), _) => return Err(InvalidDatabaseUrl::UnknownSslMode),
        };
        Ok(Self::Required { trusted, identity })
    }
}

impl Tls {
    /// What makes connections encrypted, if they are to be. Reads the files.
    pub(super) fn connector(&self) -> Result<Option<MakeRustlsConnect>, TlsError> {
        let (trusted, identity) = match self {
            Self::Disabled => return Ok(None),
            Self::Preferred { identity } => (&Trusted::Anyone, identity),
            Self::Required { trusted, identity } => (trusted, identity),
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let any_name = |roots| Arc::new(AnyName::new(roots, &provider));
        let builder = match trusted {
            Trusted::Anyone => builder.dangerous().with_custom_certificate_verifier(any_name(None)),
            Trusted::AnyoneOf(file) => {
                let roots = any_name(Some(roots(file)?));
                builder.dangerous().with_custom_certificate_verifier(roots)
            }
            Trusted::Host(file) => builder.with_root_certificates(roots(file)?),
            Trusted::HostOfTheSystem => builder.with_platform_verifier()?,
        };
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (certificates, key) = identity.read()?;
                builder.with_client_auth_cert(certificates, key)?
            }
        };
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Some(MakeRustlsConnect::new(config)))
    }

    /// Whether whoever answers is known to be the host in the URL: `verify-full`.
    pub(super) fn verifies_the_host(&self) -> bool {
        let trusts_the_host_alone =
            |it: &Trusted| matches!(it, Trusted::Host(_) | Trusted::HostOfTheSystem);
        matches!(self, Self::Required { trusted, .. } if trusts_the_host_alone(trusted))
    }

    /// The files that are named.
    pub(super) fn files_mut(&mut self) -> Vec<&mut PathBuf> {
        let (roots, identity) = match self {
            Self::Disabled => return Vec::new(),
            Self::Preferred { identity } => (None, identity),
            Self::Required { trusted, identity } => {
                let roots = match trusted {
                    Trusted::AnyoneOf(roots) | Trusted::Host(roots) => Some(roots),
                    Trusted::Anyone | Trusted::HostOfTheSystem => None,
                };
                (roots, identity)
            }
        };
        let identity = identity.iter_mut().flat_map(|it| [&mut it.certificate, &mut it.key]);
        roots.into_iter().chain(identity).collect()
    }
}

impl Identity {
    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let certificates = certificates(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?);
        // An error may show what the file holds.
        Ok((certificates, key.map_err(|_| TlsError::NoKey(self.key.clone()))?))
    }
}

/// The roots in a file. Some may be too old or too new to be understood: libpq lets them be, too.
fn roots(file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let (understood, _) = roots.add_parsable_certificates(certificates(file)?);
    if understood == 0 {
        return Err(TlsError::NoCertificate(file.to_owned()));
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = read(file)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let certificates = certificates.unwrap_or_default();
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate(file.to_owned()));
    }
    Ok(certificates)
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source| TlsError::Unreadable { file: file.to_owned(), source })
}
