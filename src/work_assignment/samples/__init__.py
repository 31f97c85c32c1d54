"""Where the demonstrations' data is: an invented organisation, and the set-up for a CRM export."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

ORGANISATION = _HERE / "organisation"
"""Rows of Larkfell Outdoor as YAML, one file a table."""
DEFINITIONS = _HERE / "definitions"
"""Its segments, rules, sellers and settings."""
SCENARIO = _HERE / "scenario.yaml"
"""What its web form sends in the demonstration, in order."""

CRM_EXPORT_DEFINITIONS = _HERE / "crm_export" / "definitions"
"""Segments, rules and settings for a CRM export; its sellers come from the export itself."""
CRM_EXPORT_SOLUTION = _HERE / "crm_export" / "solution"
"""Columns that the opportunities of a CRM export need."""

DAY_DEFINITIONS = _HERE / "day" / "definitions"
"""Segments, rules, sellers and settings of the scripted day."""
DAY_PEOPLE = _HERE / "day" / "people.yaml"
"""Its people with their languages, and its accounts."""
