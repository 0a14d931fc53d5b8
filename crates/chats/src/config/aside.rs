//! Reading on where something is wrong, to find what else is.

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::load::load_without;
use super::{ConfigError, Flags, Loaded};

/// Finds all that is wrong with the settings.
///
/// A setting that cannot be used is put aside, as if nobody had given it, and everything is read again: its
/// default stands in for it, or the section is put aside that cannot do without.
pub(crate) struct Survey<'f> {
    flags: &'f Flags,
    aside: Vec<Vec<String>>,
}

/// A source of settings, without those that were put aside.
pub(super) struct Without<'a, P> {
    pub(super) source: P,
    pub(super) aside: &'a [Vec<String>],
}

impl<'f> Survey<'f> {
    pub(crate) fn new(flags: &'f Flags) -> Self {
        Self { flags, aside: Vec::new() }
    }

    /// The settings that can be read, and what is wrong with the others. There are none if a source of
    /// them cannot be read at all.
    pub(crate) fn load(&mut self) -> (Option<Loaded>, Vec<ConfigError>) {
        let mut errors = Vec::new();
        loop {
            let error = match load_without(&self.aside, self.flags) {
                Ok(loaded) => return (Some(loaded), errors),
                Err(error) => error,
            };
            let path = error.path().to_owned();
            if !self.is_known(&path) {
                errors.push(error);
            }
            if !self.put_aside(path) {
                return (None, errors);
            }
        }
    }

    /// What is wrong with a part of the settings, by the one who reads it: all that can be told of it by
    /// putting aside one setting after the other.
    pub(crate) fn of_part<T>(
        &self,
        read: impl Fn(&Loaded) -> anyhow::Result<T>,
    ) -> Vec<anyhow::Error> {
        let mut part = Self { flags: self.flags, aside: self.aside.clone() };
        let mut errors = Vec::new();
        loop {
            let unusable = match load_without(&part.aside, part.flags) {
                // It is there no more, and somebody cannot do without.
                Err(error) => error.path().to_owned(),
                Ok(loaded) => {
                    let Err(error) = read(&loaded) else {
                        return errors;
                    };
                    let path = error.downcast_ref::<ConfigError>().map(|it| it.path().to_owned());
                    if !path.as_ref().is_some_and(|path| part.is_known(path)) {
                        errors.push(error);
                    }
                    path.unwrap_or_default()
                }
            };
            if !part.put_aside(unusable) {
                return errors;
            }
        }
    }

    /// Whether something was put aside at this key, or below it.
    pub(crate) fn is_known(&self, path: &[impl AsRef<str>]) -> bool {
        let begins_so = |aside: &Vec<String>| {
            aside.len() >= path.len() && aside.iter().zip(path).all(|(a, b)| a == b.as_ref())
        };
        self.aside.iter().any(begins_so)
    }

    /// Puts a setting aside; if it was already, what it stands in. Returns whether there was any such.
    fn put_aside(&mut self, mut path: Vec<String>) -> bool {
        while self.aside.contains(&path) {
            path.pop();
        }
        if path.is_empty() {
            return false;
        }
        self.aside.push(path);
        true
    }
}

impl<P: Provider> Provider for Without<'_, P> {
    fn metadata(&self) -> Metadata {
        self.source.metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut data = self.source.data()?;
        for settings in data.values_mut() {
            self.aside.iter().for_each(|path| remove(path, settings));
        }
        Ok(data)
    }
}

fn remove(path: &[String], settings: &mut Dict) {
    let Some((name, rest)) = path.split_first() else {
        return;
    };
    match settings.get_mut(name) {
        Some(Value::Dict(_, inner)) if !rest.is_empty() => remove(rest, inner),
        _ => drop(settings.remove(name)),
    }
}
