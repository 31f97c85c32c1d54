"""What the admin routes look into and turn the knobs of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...requests.sessions import Organization
from ...storage.store import Store
from ...webhooks.dispatcher import Dispatcher
from ..beginning import Beginning
from ..controls import Controls
from ..entra.login import LoginService


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a running mock."""

    store: Store
    organization: Organization
    dispatcher: Dispatcher
    controls: Controls
    login: LoginService
    beginning: Beginning
    prepare: Callable[[], None]  # what an organization needs that begins anew
