"""All admin routes; each area has a module of its own and one line here."""

from __future__ import annotations

from .clock import clock_routes
from .faults import fault_routes
from .health import health_routes
from .limits import limit_routes
from .locks import lock_routes
from .owner_rules import owner_rule_routes
from .parts import Parts
from .routes import AdminRoutes
from .sign_in import sign_in_routes
from .snapshots import snapshot_routes
from .webhook_log import webhook_routes


def admin_routes(parts: Parts) -> AdminRoutes:
    """Gather the routes of all areas."""
    return AdminRoutes(
        (
            *health_routes(parts),
            *clock_routes(parts),
            *fault_routes(parts),
            *limit_routes(parts),
            *sign_in_routes(parts),
            *snapshot_routes(parts),
            *lock_routes(parts),
            *owner_rule_routes(parts),
            *webhook_routes(parts),
        )
    )
