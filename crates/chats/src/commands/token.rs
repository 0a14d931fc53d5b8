use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use chats_access::{Algorithm, Signer, SigningKey};
use chats_domain::values::Account;

use crate::adapters::SystemClock;
use crate::cli::TokenArgs;
use crate::config::{self, Flags};
use crate::{development, output, tenants};

/// Prints a token of the development issuer, alone.
pub(crate) fn token(flags: &Flags, args: &TokenArgs) -> Result<()> {
    let loaded = config::load(flags)?;
    if !tenants::is_development(&loaded)? {
        bail!(
            "the development issuer exists only while the configuration names no issuers and no \
             audiences; have your own issuer sign the token"
        );
    }
    if args.account.audience().as_str() != development::AUDIENCE {
        bail!("the development issuer speaks for {} alone", development::AUDIENCE);
    }
    let key = development::key(&loaded.config.data_dir())?;
    let lifetime = Duration::from_secs(args.expires_in.get());
    output::line(&sign(&key, &args.account, lifetime)?);
    Ok(())
}

/// A token that the development issuer signs with `key`.
pub(super) fn sign(key: &[u8], account: &Account, lifetime: Duration) -> Result<String> {
    let key = SigningKey::parse(Algorithm::Hs256, key)?;
    let signer = Signer::new(development::ISSUER.to_owned(), key, Arc::new(SystemClock));
    Ok(signer.sign(account, lifetime)?)
}
