"""How the mock was set when it was started, and the way back to that."""

from __future__ import annotations

from dataclasses import dataclass

from ..storage.row_locks import LockSettings, RowLocks
from ..webhooks.dispatcher import Dispatcher
from ..webhooks.settings import Settings, Troubles
from ..writing.owners import OwnerRules
from .controls import Controls
from .entra.applications import Applications
from .latency import LatencySettings
from .protection import LimitSettings


@dataclass(frozen=True, slots=True)
class _Kept:
    """Everything that admin routes can set."""

    limits: LimitSettings
    latency: LatencySettings
    locks: LockSettings
    owners_need_roles: bool
    webhooks: Settings
    troubles: Troubles
    secrets: dict[str, str]


class Beginning:
    """Keeps the settings of one moment and returns to them."""

    def __init__(
        self,
        controls: Controls,
        locks: RowLocks,
        owner_rules: OwnerRules,
        dispatcher: Dispatcher,
        applications: Applications,
    ) -> None:
        self._controls = controls
        self._locks = locks
        self._owner_rules = owner_rules
        self._dispatcher = dispatcher
        self._applications = applications
        self.keep()

    def keep(self) -> None:
        """Take the settings of now for those of the start."""
        self._kept = _Kept(
            limits=self._controls.protection.settings,
            latency=self._controls.latency.settings,
            locks=self._locks.settings,
            owners_need_roles=self._owner_rules.owners_need_roles,
            webhooks=self._dispatcher.control.settings,
            troubles=self._dispatcher.control.troubles,
            secrets=self._applications.secrets(),
        )

    def restore(self) -> None:
        """Set everything as it was, forget scripted faults and the log, and count from zero."""
        controls, control, kept = self._controls, self._dispatcher.control, self._kept
        controls.clock.reset()
        controls.faults.clear()
        controls.latency.configure(kept.latency)
        controls.protection.configure(kept.limits)
        controls.protection.force_nothing()
        self._locks.configure(kept.locks)
        self._locks.reset_counts()
        self._owner_rules.owners_need_roles = kept.owners_need_roles
        self._applications.replace(kept.secrets)
        control.configure(settings=kept.webhooks, troubles=kept.troubles)
        control.log.clear()
        self._dispatcher.resume()
        controls.counters.reset()
