//! Certificates to throw away.

use std::ops::Range;
use std::time::Duration;

use pem::Pem;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use uuid::Uuid;

/// Why there is no certificate: most likely, one was asked for a name that is none.
pub use rcgen::Error as CertificateError;

/// Who issues certificates, and is trusted by those who have its own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// A certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// Another authority each time.
    pub fn new() -> Result<Self, CertificateError> {
        let key = KeyPair::generate()?;
        // Of two authorities with one name, a wrong signature tells the wrong one.
        let mut params = params(&format!("authority {}", Uuid::new_v4()), &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = pem("CERTIFICATE", params.self_signed(&key)?.der());
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// Its own certificate, in PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A certificate for a server that is known by these host names and addresses.
    pub fn issue_to_server(&self, names: &[&str]) -> Result<Issued, CertificateError> {
        let mut params = params("a server of the tests", names)?;
        params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ServerAuth);
        self.issue(&params)
    }

    /// A certificate for such a server that counts for this time, since the Unix epoch.
    pub fn issue_to_server_for(
        &self,
        names: &[&str],
        time: Range<Duration>,
    ) -> Result<Issued, CertificateError> {
        let mut params = params("a server of the tests", names)?;
        params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ServerAuth);
        let epoch = date_time_ymd(1970, 1, 1);
        (params.not_before, params.not_after) = (epoch + time.start, epoch + time.end);
        self.issue(&params)
    }

    /// A certificate for a client of this name.
    pub fn issue_to_client(&self, name: &str) -> Result<Issued, CertificateError> {
        let mut params = params(name, &[])?;
        params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ClientAuth);
        self.issue(&params)
    }

    fn issue(&self, params: &CertificateParams) -> Result<Issued, CertificateError> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            certificate: pem("CERTIFICATE", certificate.der()),
            key: pem("PRIVATE KEY", key.serialized_der()),
        })
    }
}

fn params(common_name: &str, names: &[&str]) -> Result<CertificateParams, CertificateError> {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}

fn pem(tag: &str, der: &[u8]) -> String {
    pem::encode(&Pem::new(tag, der))
}
