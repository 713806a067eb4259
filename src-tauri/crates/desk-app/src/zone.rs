//! The team's time zone: in which times are read and written, and which a text names.

use crate::{
    desk::Desk,
    error::Problem,
    problem::store_problem,
    time::local_zone,
    view::{ZoneSource, ZoneView},
};
use chrono_tz::Tz;
use desk_store::Store;
use std::sync::PoisonError;

const ZONE_SETTING: &str = "time-zone";

/// The zone in force, and why it is this one.
#[derive(Clone, Copy)]
pub(crate) struct Zone {
    tz: Tz,
    source: ZoneSource,
}

impl Zone {
    /// The one given for as long as the desk is open.
    pub(crate) const fn given(tz: Tz) -> Self {
        Self {
            tz,
            source: ZoneSource::Given,
        }
    }

    fn machine() -> Self {
        Self {
            tz: local_zone(),
            source: ZoneSource::Machine,
        }
    }

    /// The one that the team chose, else the machine's.
    pub(crate) async fn kept(store: &Store) -> Result<Self, Problem> {
        let kept = store.setting(ZONE_SETTING).await;
        let Some(name) = kept.map_err(|error| store_problem(&error))? else {
            return Ok(Self::machine());
        };
        Ok(zone_called(&name).map_or_else(
            |_| {
                tracing::warn!(name, "this desk does not know the team's time zone");
                Self::machine()
            },
            |tz| Self {
                tz,
                source: ZoneSource::Chosen,
            },
        ))
    }
}

/// The time zone with this IANA name.
///
/// # Errors
/// `invalid_input` (field `zone`).
pub fn zone_called(name: &str) -> Result<Tz, Problem> {
    name.trim().parse().map_err(|_| {
        Problem::invalid(
            "zone",
            format!("{:?} is no time zone that the desk knows.", name.trim()),
            "Give its IANA name, such as Europe/Vienna or America/New_York.",
        )
    })
}

impl Desk {
    /// The team's time zone.
    pub fn zone(&self) -> Tz {
        self.zone_in_force().tz
    }

    fn zone_in_force(&self) -> Zone {
        // One assignment: a panic elsewhere cannot leave it half-written.
        *self.inner.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn zone_view(&self) -> ZoneView {
        ZoneView {
            source: self.zone_in_force().source,
            machine: local_zone().name().to_owned(),
        }
    }

    /// Keeps the team's time zone, by its IANA name; without one, this machine's counts again. A text that is being
    /// written turns outdated where it names a time.
    ///
    /// # Errors
    /// `invalid_input` (field `zone`); `store_*`.
    pub async fn set_zone(&self, name: Option<&str>) -> Result<(), Problem> {
        let tz = name.map(zone_called).transpose()?;
        let stored = self.inner.store.set_setting(ZONE_SETTING, tz.map(Tz::name)).await;
        stored.map_err(|error| store_problem(&error))?;
        let zone = tz.map_or_else(Zone::machine, |tz| Zone {
            tz,
            source: ZoneSource::Chosen,
        });
        *self.inner.zone.lock().unwrap_or_else(PoisonError::into_inner) = zone;
        self.touch();
        Ok(())
    }
}
