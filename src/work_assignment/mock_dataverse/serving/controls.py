"""What the front door asks on the way of each request, and what admin routes turn."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..storage.clock import VirtualClock
from .counters import Counters
from .filling import Filling
from .latency import Latency
from .protection import ServiceProtection
from .scripted_faults import ScriptedFaults


@dataclass(frozen=True, slots=True)
class Controls:
    """The organization's clock, and how the mock behaves beside its work."""

    clock: VirtualClock
    counters: Counters = field(default_factory=Counters)
    filling: Filling = field(default_factory=Filling)
    faults: ScriptedFaults = field(default_factory=ScriptedFaults)
    latency: Latency = field(default_factory=Latency)
    protection: ServiceProtection = field(default_factory=ServiceProtection)
