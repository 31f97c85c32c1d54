"""$metadata: well-formed CSDL in which everything that is named exists."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from tests.mock_dataverse.core.client import Api, assert_fault

from work_assignment.mock_dataverse.entity_definitions.csdl.operations import OPERATIONS
from work_assignment.mock_dataverse.messages.registry import ON_COLLECTION, ON_ROW, UNBOUND

_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
_ALIAS = "mscrm."


def _plain(type_name: str) -> str:
    inner = type_name.removeprefix("Collection(")
    return inner.removesuffix(")") if inner != type_name else type_name


class Document:
    """The schema of a metadata document, with the look-ups that the tests need."""

    def __init__(self, schema: Element) -> None:
        kinds = ("EntityType", "ComplexType", "EnumType")
        self.schema = schema
        self.types = {
            each.attrib["Name"]: each for kind in kinds for each in schema.iter(_EDM + kind)
        }
        self.sets = {each.attrib["Name"]: each for each in schema.iter(f"{_EDM}EntitySet")}
        self._members: dict[tuple[str, str], dict[str, Element]] = {}

    def lineage(self, name: str) -> Iterator[Element]:
        current = name
        while current:
            yield self.types[current]
            current = self.types[current].get("BaseType", "").removeprefix(_ALIAS)

    def members(self, name: str, kind: str) -> dict[str, Element]:
        if (name, kind) not in self._members:
            self._members[name, kind] = {
                each.attrib["Name"]: each
                for element in self.lineage(name)
                for each in element.findall(_EDM + kind)
            }
        return self._members[name, kind]

    def property_type(self, table: str, name: str) -> str:
        return self.members(table, "Property")[name].attrib["Type"]


@pytest.fixture(scope="module")
def document(server_document: bytes) -> Document:
    schema = fromstring(server_document).find(f".//{_EDM}Schema")
    assert schema is not None
    return Document(schema)


@pytest.fixture(scope="module")
def server_document(request: pytest.FixtureRequest) -> bytes:
    client = Api(request.getfixturevalue("server"))
    answer = client.get("$metadata?annotations=true")
    client.close()
    assert answer.status_code == 200, answer.text
    return answer.content


def test_the_schema_has_the_namespace_of_dataverse(document: Document) -> None:
    assert document.schema.attrib == {"Namespace": "Microsoft.Dynamics.CRM", "Alias": "mscrm"}


def test_every_type_that_is_named_exists_once(document: Document) -> None:
    types = document.types
    named = [
        _plain(each.attrib[attribute])
        for each in document.schema.iter()
        for attribute in ("Type", "BaseType", "EntityType")
        if attribute in each.attrib and each.tag != f"{_EDM}Record"
    ]
    own = {name for name in named if not name.startswith("Edm.")}
    assert own <= {f"{_ALIAS}{name}" for name in types}
    kinds = ("EntityType", "ComplexType", "EnumType")
    assert len(types) == sum(1 for kind in kinds for _ in document.schema.iter(_EDM + kind))


def test_no_type_repeats_what_it_inherits(document: Document) -> None:
    for name in document.types:
        names = [
            each.attrib["Name"]
            for element in document.lineage(name)
            for kind in ("Property", "NavigationProperty")
            for each in element.findall(_EDM + kind)
        ]
        assert len(names) == len(set(names)), name


def test_keys_are_properties(document: Document) -> None:
    for name, element in document.types.items():
        properties = document.members(name, "Property")
        for reference in element.iterfind(f"{_EDM}Key/{_EDM}PropertyRef"):
            assert reference.attrib["Name"] in properties, name


def test_partners_point_back_and_lookups_at_properties(document: Document) -> None:
    ways = 0
    for name, element in document.types.items():
        for way in element.findall(f"{_EDM}NavigationProperty"):
            target = _plain(way.attrib["Type"]).removeprefix(_ALIAS)
            partner = way.get("Partner")
            if partner is not None:
                back = document.members(target, "NavigationProperty")[partner]
                other = _plain(back.attrib["Type"]).removeprefix(_ALIAS)
                assert other in {each.attrib["Name"] for each in document.lineage(name)}
                ways += 1
            for pair in way.findall(f"{_EDM}ReferentialConstraint"):
                assert pair.attrib["Property"] in document.members(name, "Property")
                assert pair.attrib["ReferencedProperty"] in document.members(target, "Property")
    assert ways > 500


def test_bindings_lead_to_sets_of_the_right_type(document: Document) -> None:
    sets = document.sets
    for name, element in sets.items():
        kind = element.attrib["EntityType"].removeprefix(_ALIAS)
        ways = document.members(kind, "NavigationProperty")
        for binding in element.findall(f"{_EDM}NavigationPropertyBinding"):
            way = ways[binding.attrib["Path"]]
            bound = sets[binding.attrib["Target"]]
            assert bound.attrib["EntityType"] == _plain(way.attrib["Type"]), name


def test_every_table_has_an_entity_set(document: Document, api: Api) -> None:
    listed = {row["name"] for row in api.row("")["value"]}
    assert listed <= set(document.sets)
    assert {"EntityDefinitions", "RelationshipDefinitions"} <= set(document.sets)


@pytest.mark.parametrize(
    ("table", "name", "expected"),
    [
        ("lead", "leadid", "Edm.Guid"),
        ("lead", "subject", "Edm.String"),
        ("lead", "estimatedamount", "Edm.Decimal"),
        ("lead", "address1_latitude", "Edm.Double"),
        ("lead", "estimatedclosedate", "Edm.Date"),
        ("lead", "createdon", "Edm.DateTimeOffset"),
        ("lead", "versionnumber", "Edm.Int64"),
        ("lead", "statuscode", "Edm.Int32"),
        ("lead", "donotemail", "Edm.Boolean"),
        ("lead", "_ownerid_value", "Edm.Guid"),
        ("EntityMetadata", "OwnershipType", "mscrm.OwnershipTypes"),
        ("StringAttributeMetadata", "MaxLength", "Edm.Int32"),
        ("PicklistAttributeMetadata", "DefaultFormValue", "Edm.Int32"),
    ],
)
def test_properties_have_the_types_of_their_columns(
    document: Document, table: str, name: str, expected: str
) -> None:
    assert document.property_type(table, name) == expected


def test_owners_are_principals_and_other_lookups_keep_their_names(document: Document) -> None:
    lead = document.members("lead", "NavigationProperty")
    assert lead["ownerid"].attrib["Type"] == "mscrm.principal"
    assert lead["customerid_account"].attrib["Partner"] == "lead_customer_accounts"
    assert lead["wa_SegmentId"].attrib["Type"] == "mscrm.wa_segment"
    assert document.types["systemuser"].attrib["BaseType"] == "mscrm.principal"
    tasks = document.members("lead", "NavigationProperty")["Lead_Tasks"]
    assert (tasks.attrib["Type"], tasks.attrib["Partner"]) == (
        "Collection(mscrm.task)",
        "regardingobjectid_lead_task",
    )


def test_alternate_keys_are_annotated(document: Document) -> None:
    segment = document.types["wa_segment"]
    names = [
        value.attrib["PropertyPath"]
        for value in segment.iter(f"{_EDM}PropertyValue")
        if "PropertyPath" in value.attrib
    ]
    assert names == ["wa_recordtype", "wa_name"]


@pytest.mark.parametrize(
    "entity_set", ["leads", "opportunities", "tasks", "systemusers", "businessunits"]
)
def test_rows_have_no_property_that_the_document_does_not_know(
    document: Document, api: Api, entity_set: str
) -> None:
    kind = document.sets[entity_set].attrib["EntityType"].removeprefix(_ALIAS)
    known = set(document.members(kind, "Property"))
    if entity_set in ("leads", "opportunities", "tasks"):
        name = {"leads": "subject", "opportunities": "name", "tasks": "subject"}[entity_set]
        api.create(entity_set, **{name: "CSDL"})
    rows = api.row(f"{entity_set}?$top=1")["value"]
    assert rows
    assert {name for name in rows[0] if "@" not in name} <= known


def test_every_message_that_is_answered_is_described(document: Document) -> None:
    answered = {
        *((name, message.method == "POST", None) for name, message in UNBOUND.items()),
        *((name, message.method == "POST", "*") for name, message in ON_COLLECTION.items()),
        *((name, message.method == "POST", table) for (table, name), message in ON_ROW.items()),
    }
    told = {
        (each.name, each.is_action, "*" if each.rows_of else each.row_of) for each in OPERATIONS
    }
    assert told == answered
    for kind, is_action in (("Action", True), ("Function", False)):
        imported = {each.attrib["Name"] for each in document.schema.iter(f"{_EDM}{kind}Import")}
        assert imported == {
            each.name for each in OPERATIONS if each.is_action == is_action and not each.is_bound
        }


def test_annotations_come_only_when_asked_for(api: Api) -> None:
    plain, annotated = api.get("$metadata").text, api.get("$metadata?annotations=true").text
    assert "Org.OData.Core.V1.Computed" not in plain
    assert "Org.OData.Core.V1.Computed" in annotated
    preferred = api.get("$metadata", headers={"Prefer": 'odata.include-annotations="*"'})
    assert preferred.text == annotated


def test_the_document_is_only_read_and_takes_no_options(api: Api) -> None:
    assert api.post("$metadata", {}).status_code == 405
    assert_fault(api.get("$metadata?$filter=x"), 400, "0x80060888", "$filter")
    assert api.get("$metadata/leads").status_code == 404
