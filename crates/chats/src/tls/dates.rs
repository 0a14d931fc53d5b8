use std::time::Duration;

use chats_domain::values::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_cert::certificate::Version;
use x509_cert::der::{DateTime, Decode};

/// How long before its end a certificate should have been renewed.
const SOON: Duration = Duration::from_hours(14 * 24);

/// What is to be said of the time in which a certificate counts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Concern {
    /// Whether nobody can take it for good now.
    pub(crate) is_wrong: bool,
    pub(crate) says: String,
}

/// Whether a certificate is of a version that no client of TLS takes. One that cannot be read is not known
/// to be.
pub(super) fn is_of_an_old_version(certificate: &CertificateDer<'_>) -> bool {
    let read = x509_cert::Certificate::from_der(certificate);
    read.is_ok_and(|it| it.tbs_certificate.version != Version::V3)
}

/// What is to be said of a certificate at a time, if anything is.
pub(super) fn concern(certificate: &CertificateDer<'_>, now: Timestamp) -> Option<Concern> {
    let Ok(certificate) = x509_cert::Certificate::from_der(certificate) else {
        let says = "the time in which the certificate counts cannot be read".to_owned();
        return Some(Concern { is_wrong: false, says });
    };
    let validity = certificate.tbs_certificate.validity;
    let [begin, end] = [validity.not_before, validity.not_after].map(|time| time.to_date_time());
    if now < timestamp(begin) {
        let says = format!("the certificate does not count before {begin}");
        return Some(Concern { is_wrong: true, says });
    }
    if timestamp(end) < now {
        return Some(Concern {
            is_wrong: true,
            says: format!("the certificate has expired: {end}"),
        });
    }
    let says = || format!("the certificate expires soon: {end}");
    (timestamp(end).since(now) < SOON).then(|| Concern { is_wrong: false, says: says() })
}

fn timestamp(time: DateTime) -> Timestamp {
    Timestamp::from_unix_micros(0).plus(time.unix_duration())
}
