"""The headers by which a request asks to leave out custom steps (Learn: Bypass custom Dataverse
logic)."""

from __future__ import annotations

from collections.abc import Mapping

from ..faults import bad_request
from ..tables.values import is_guid
from .operations import BYPASS_NOTHING, Bypass

KINDS = "mscrm.bypassbusinesslogicexecution"
STEP_IDS = "mscrm.bypassbusinesslogicexecutionstepids"
SYNCHRONOUS_ONLY = "mscrm.bypasscustompluginexecution"
# A request of a batch has these from the batch unless it has its own.
BYPASS_HEADERS = frozenset({KINDS, STEP_IDS, SYNCHRONOUS_ONLY})

_MOST_STEP_IDS = 3
_SYNCHRONOUS, _ASYNCHRONOUS = "customsync", "customasync"


def read_bypass(headers: Mapping[str, str]) -> Bypass:
    """Read what a request leaves out; most leave out nothing."""
    if BYPASS_HEADERS.isdisjoint(headers):
        return BYPASS_NOTHING
    kinds = {kind.lower() for kind in _listed(headers.get(KINDS, ""))}
    unknown = kinds - {_SYNCHRONOUS, _ASYNCHRONOUS}
    if unknown:
        raise bad_request(
            f"The header MSCRM.BypassBusinessLogicExecution holds '{', '.join(sorted(unknown))}';"
            " its values are CustomSync and CustomAsync."
        )
    return Bypass(
        synchronous=_SYNCHRONOUS in kinds or _flag(headers.get(SYNCHRONOUS_ONLY, "false")),
        asynchronous=_ASYNCHRONOUS in kinds,
        step_ids=_step_ids(headers.get(STEP_IDS, "")),
    )


def _step_ids(text: str) -> frozenset[str]:
    ids = [step_id.lower() for step_id in _listed(text)]
    for step_id in ids:
        if not is_guid(step_id):
            raise bad_request(
                f"The header MSCRM.BypassBusinessLogicExecutionStepIds holds '{step_id}', which is"
                " no guid."
            )
    if len(ids) > _MOST_STEP_IDS:
        raise bad_request(
            f"The header MSCRM.BypassBusinessLogicExecutionStepIds holds {len(ids)} steps; an"
            f" organization takes up to {_MOST_STEP_IDS} (BypassBusinessLogicExecutionStepIdsLimit)."
        )
    return frozenset(ids)


def _flag(text: str) -> bool:
    if text.strip().lower() not in ("true", "false"):
        raise bad_request(
            f"The header MSCRM.BypassCustomPluginExecution is '{text}', not true or false."
        )
    return text.strip().lower() == "true"


def _listed(text: str) -> list[str]:
    """Split a comma list; the documentation also shows it in double quotes."""
    return [part.strip() for part in text.strip().strip('"').split(",") if part.strip()]
