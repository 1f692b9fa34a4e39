//! The market proxy as assets need it: its weekly bars up to the last row of an asset that the proxy may cap, and no further,
//! so that later bars cost nothing and that a later bar that cannot be used fails no asset.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::hash::Hash;

use crate::pg::{Error, Result};
use crate::source::bars::{Reader, Span};

/// What has been read of the market proxy.
#[derive(Default)]
pub struct Reads {
    /// The longest part that can be used, and its last moment, in microseconds since 2000.
    usable: RefCell<Option<(i64, Rc<Proxy>)>>,
    /// The moment of the part read last that cannot be used, and why: the message counts the bars of this part.
    unusable: RefCell<Option<(i64, Error)>>,
}

/// What is asked of the market proxy.
pub struct Asked {
    /// In microseconds since 2000.
    pub moment: i64,
    /// Whether later moments will be asked.
    pub more: bool,
    /// The moment after which nothing may be read, in microseconds since 2000.
    pub end: Option<i64>,
}

impl Reads {
    /// The market proxy `id` at least up to a moment. The first read is up to the moment, unless more is asked; the second is
    /// of all that may be read, so that many assets cost two reads.
    ///
    /// # Errors
    /// Weekly bars up to the moment that cannot be used.
    pub fn until(&self, asked: &Asked, weekly: Option<&Reader>, id: i32) -> Result<Rc<Proxy>> {
        let Asked { moment, more, end } = *asked;
        if let Some((until, proxy)) = &*self.usable.borrow()
            && *until >= moment
        {
            return Ok(Rc::clone(proxy));
        }
        if let Some((from, error)) = &*self.unusable.borrow()
            && *from == moment
        {
            return Err(error.clone());
        }
        let all = (more || self.usable.borrow().is_some()) && self.unusable.borrow().is_none();
        if all && let Ok(proxy) = self.read(end, weekly, id) {
            return Ok(proxy);
        }
        self.read(Some(moment), weekly, id)
    }

    fn read(&self, until: Option<i64>, weekly: Option<&Reader>, id: i32) -> Result<Rc<Proxy>> {
        let series = weekly.map(|weekly| weekly.series(id, Span::Until(until))).transpose();
        let until = until.unwrap_or(i64::MAX);
        match series {
            Ok(series) => {
                let proxy = Rc::new(series.map_or_else(Proxy::default, |series| Proxy::new(&series)));
                self.usable.replace(Some((until, Rc::clone(&proxy))));
                Ok(proxy)
            }
            Err(error) => {
                let error = error.detail(format!(
                    "Asset {id} is the market proxy (pg_regime.market_proxy_id), whose weekly bars cap assets without a monthly or weekly layer."
                ));
                self.unusable.replace(Some((until, error.clone())));
                Err(error)
            }
        }
    }
}

/// A fingerprint of the market proxy up to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyPrint {
    hash: Hash,
    /// In microseconds since 2000.
    pub until: i64,
}

impl ProxyPrint {
    /// The fingerprint of a proxy that was read at least up to the moment.
    pub fn of(proxy: &Proxy, until: i64) -> Self {
        Self { hash: proxy.print(until), until }
    }

    /// The fingerprint shown as this text; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (hash, until) = text.split_once(' ')?;
        Some(Self { hash: Hash::parse(hash)?, until: until.parse().ok()? })
    }
}

impl fmt::Display for ProxyPrint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.hash, self.until)
    }
}
