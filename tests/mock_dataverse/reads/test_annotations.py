"""Annotations: only when asked for, and before what they annotate."""

from __future__ import annotations

from tests.mock_dataverse.reads.conftest import ANA
from tests.mock_dataverse.reads.world import ALL_ANNOTATIONS, World, guid

from work_assignment.mock_dataverse.reading.preferences import Preferences
from work_assignment.mock_dataverse.reading.render import FORMATTED


def _formatted(world: World, number: int) -> dict[str, str]:
    row = world.row("leads", number, ALL_ANNOTATIONS)
    suffix = f"@{FORMATTED}"
    return {k.removesuffix(suffix): v for k, v in row.items() if k.endswith(suffix)}


def test_formatted_values(world: World) -> None:
    assert _formatted(world, 1) == {
        "leadsourcecode": "Fair",
        "interests": "Chairs; Lamps",
        "donotemail": "Do Not",
        "employees": "1,200",
        "score": "2.5",
        "estimatedamount": "€1,234.50",
        "estimatedamount_base": "$1,300.0000",
        "_transactioncurrencyid_value": "Euro",
        "closeon": "3/1/2026",
        "createdon": "3/1/2026 9:00 AM",
        "statecode": "Open",
        "_parentaccountid_value": "Contoso",
        "_wa_segmentid_value": "Fabrikam",
        "_customerid_value": "Contoso",
        "_ownerid_value": "Ana Alvarez",
        "_owninguser_value": "Ana Alvarez",
        "versionnumber": "1,007",
    }


def test_null_has_no_formatted_value(world: World) -> None:
    assert set(_formatted(world, 3)) == {"createdon", "statecode", "versionnumber"}


def test_hours_are_written_in_halves_of_the_day(world: World) -> None:
    assert _formatted(world, 3)["createdon"] == "2/27/2026 12:00 AM"
    assert _formatted(world, 2)["createdon"] == "3/2/2026 3:30 PM"


def test_moments_are_written_by_the_clock_of_who_reads(berlin: World) -> None:
    berlin.add("lead", 1, createdon="2026-03-28T23:30:00Z", wall="2026-03-28T23:30:00Z",
               closeon="2026-03-28")  # fmt: skip
    berlin.add("lead", 2, createdon="2026-03-29T01:30:00Z")
    shown = _formatted(berlin, 1)
    assert (shown["createdon"], shown["wall"], shown["closeon"]) == (
        "3/29/2026 12:30 AM",
        "3/28/2026 11:30 PM",
        "3/28/2026",
    )
    assert _formatted(berlin, 2)["createdon"] == "3/29/2026 3:30 AM"
    fetch = "<fetch><entity name='lead'><attribute name='createdon'/></entity></fetch>"
    first = berlin.get("leads", ALL_ANNOTATIONS, fetch=fetch)["value"][0]
    assert first[f"createdon@{FORMATTED}"] == "3/29/2026 12:30 AM"


def test_annotations_stand_before_their_property_in_the_documented_order(world: World) -> None:
    row = world.row("leads", 1, ALL_ANNOTATIONS, select="_ownerid_value")
    assert list(row)[2:] == [
        f"_ownerid_value@{FORMATTED}",
        "_ownerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty",
        "_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname",
        "_ownerid_value",
        "leadid",
    ]


def test_a_polymorphic_lookup_names_the_table_and_the_way_to_it(world: World) -> None:
    row = world.row("leads", 2, ALL_ANNOTATIONS, select="_customerid_value,_ownerid_value")
    assert row["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "contact"
    navigation = "Microsoft.Dynamics.CRM.associatednavigationproperty"
    assert row[f"_customerid_value@{navigation}"] == "customerid_contact"
    assert row["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "team"
    assert row[f"_ownerid_value@{FORMATTED}"] == "North"


def test_only_the_family_asked_for_is_sent(world: World) -> None:
    lookups_only = Preferences(annotations=("Microsoft.Dynamics.CRM.*",))
    row = world.row("leads", 1, lookups_only, select="_ownerid_value,statecode")
    assert not [key for key in row if FORMATTED in key]
    assert row["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"


def test_names_are_read_once_for_each_table_of_a_page(world: World) -> None:
    statements: list[str] = []
    world.db.set_trace_callback(statements.append)
    world.get("leads", ALL_ANNOTATIONS)
    # The page, one statement for each of account, contact, systemuser, team and currency, one for
    # the symbols, one for the caller's time zone and one for the version of the definitions.
    assert len(statements) == 9


def test_a_lookup_of_a_deleted_row_has_no_name(world: World) -> None:
    world.db.execute("DELETE FROM systemuser")
    row = world.row("leads", 1, ALL_ANNOTATIONS, select="_ownerid_value")
    assert row["_ownerid_value"] == guid(ANA)
    assert f"_ownerid_value@{FORMATTED}" not in row
