"""Whether the settings, segments and rules in force can do what they are meant to."""

from __future__ import annotations

from collections.abc import Iterator

from work_assignment.domain.defining.definition_rows import SETTINGS_NAME
from work_assignment.services.checks.findings import Clinic, Finding, fault, ok, warning

_MEND = "mend it in the app, or in the files and apply them"


def settings(clinic: Clinic) -> Iterator[Finding]:
    """There is one row of settings."""
    rows = clinic.environment.settings_rows()
    if not rows:
        yield warning(
            "there is no row of settings, so defaults hold and editors' changes are seen late",
            "'wa apply' makes one",
        )
    elif len(rows) > 1:
        yield fault(
            f"there are {len(rows)} rows of settings, and which one counts is chance",
            f"keep the one named '{SETTINGS_NAME}' and delete the others",
        )
    else:
        yield ok(f"row '{rows[0]}'")


def faults(clinic: Clinic) -> Iterator[Finding]:
    """All definitions can be used."""
    for found in clinic.rulebook.faults:
        yield fault(str(found), _MEND)
    if not clinic.rulebook.faults:
        segments = sum(len(found) - 1 for found in clinic.rulebook.definitions.segments.values())
        rules = sum(len(found) for found in clinic.rulebook.definitions.rules.values())
        yield ok(f"{segments} segments and {rules} rules, none with a fault")


def record_types(clinic: Clinic) -> Iterator[Finding]:
    """Something is routed."""
    routed = clinic.rulebook.definitions.record_types
    if not routed:
        yield warning(
            "no record type has an active segment or rule: nothing is routed", "apply some"
        )
        return
    yield ok(f"{', '.join(routed)} are routed" if len(routed) > 1 else f"{routed[0]} is routed")


def destinations(clinic: Clinic) -> Iterator[Finding]:
    """Segments that records may move into have rules to run there."""
    definitions = clinic.rulebook.definitions
    open_ones = [
        (segment, bool(definitions.rules.get((record_type, segment.id))))
        for record_type, segments in definitions.segments.items()
        for segment in segments
        if segment.allow_move_in
    ]
    for segment, has_rules in open_ones:
        if not has_rules:
            yield warning(
                f"segment '{segment.name}' ({segment.record_type}) has no active rule: records move "
                "in, and rules cannot run",
                "give it a rule, or take allow_move_in away",
            )
    if all(has_rules for _, has_rules in open_ones):
        yield ok(f"{len(open_ones)} segments let records move in, all with rules")


def people(clinic: Clinic) -> Iterator[Finding]:
    """Sellers and managers can work."""
    disabled = clinic.environment.disabled_users()
    for user in disabled:
        yield warning(
            f"{user.name} is disabled and {user.role}",
            "enable the user, or name somebody else",
        )
    if not disabled:
        yield ok(f"{len(clinic.rulebook.definitions.sellers)} sellers, nobody disabled")
