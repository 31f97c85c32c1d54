"""Groups of columns that several standard tables share: addresses, permissions to contact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..columns import choice, decimal, double, identifier, memo, moment, text, whole, yes_no
from ..definitions import Part
from .choices import CONTACT_METHODS, DEFAULT_VALUE, FREIGHT_TERMS, SHIPPING_METHODS


def address(
    number: int, *, contact_name: bool = False, types: Mapping[int, str] = DEFAULT_VALUE
) -> Iterator[Part]:
    """Yield the columns of the address with this number."""
    prefix, label = f"Address{number}", f"Address {number}"
    yield identifier(f"{prefix}_AddressId", f"{label}: ID")
    yield choice(f"{prefix}_AddressTypeCode", f"{label}: Address Type", types)
    yield text(f"{prefix}_Name", f"{label}: Name", 200)
    for line in (1, 2, 3):
        yield text(f"{prefix}_Line{line}", f"{label}: Street {line}", 250)
    yield text(f"{prefix}_City", f"{label}: City", 80)
    yield text(f"{prefix}_StateOrProvince", f"{label}: State/Province", 50)
    yield text(f"{prefix}_PostalCode", f"{label}: ZIP/Postal Code", 20)
    yield text(f"{prefix}_Country", f"{label}: Country/Region", 80)
    yield memo(f"{prefix}_Composite", label, 1000, computed=True)
    yield text(f"{prefix}_County", f"{label}: County", 50)
    yield double(f"{prefix}_Latitude", f"{label}: Latitude", -90, 90, 5)
    yield double(f"{prefix}_Longitude", f"{label}: Longitude", -180, 180, 5)
    yield text(f"{prefix}_PostOfficeBox", f"{label}: Post Office Box", 20)
    yield text(f"{prefix}_Telephone1", f"{label}: Telephone 1", 50)
    yield text(f"{prefix}_Telephone2", f"{label}: Telephone 2", 50)
    yield text(f"{prefix}_Telephone3", f"{label}: Telephone 3", 50)
    yield text(f"{prefix}_Fax", f"{label}: Fax", 50)
    yield text(f"{prefix}_UPSZone", f"{label}: UPS Zone", 4)
    yield whole(f"{prefix}_UTCOffset", f"{label}: UTC Offset", -1500, 1500)
    yield choice(f"{prefix}_ShippingMethodCode", f"{label}: Shipping Method", SHIPPING_METHODS)
    if contact_name:
        yield text(f"{prefix}_PrimaryContactName", f"{label}: Primary Contact Name", 100)
        yield choice(f"{prefix}_FreightTermsCode", f"{label}: Freight Terms", FREIGHT_TERMS)


def yomi_names() -> Iterator[Part]:
    """Yield how a person's name is pronounced, part by part and as a whole."""
    for part in ("First", "Middle", "Last"):
        yield text(f"Yomi{part}Name", f"Yomi {part} Name", 150)
    yield text("YomiFullName", "Yomi Full Name", 450, computed=True)


def contact_permissions() -> Iterator[Part]:
    """Yield what a company or person allows us to send."""
    for schema_name, label in (
        ("DoNotEmail", "Do not allow Emails"),
        ("DoNotBulkEMail", "Do not allow Bulk Emails"),
        ("DoNotPhone", "Do not allow Phone Calls"),
        ("DoNotFax", "Do not allow Faxes"),
        ("DoNotPostalMail", "Do not allow Mails"),
    ):
        yield yes_no(schema_name, label, "Allow", "Do Not Allow")
    yield yes_no("DoNotSendMM", "Send Marketing Materials", "Send", "Do Not Send")
    yield yes_no("FollowEmail", "Follow Email Activity", "Do Not Allow", "Allow", default=True)
    yield choice(
        "PreferredContactMethodCode", "Preferred Method of Contact", CONTACT_METHODS, default=1
    )


def interaction_dates() -> Iterator[Part]:
    yield moment("LastUsedInCampaign", "Last Campaign Date")
    yield moment("LastOnHoldTime", "Last On Hold Time")
    yield whole("OnHoldTime", "On Hold Time (Minutes)", -2_147_483_648, computed=True)


def percentage(schema_name: str, label: str) -> Part:
    return whole(schema_name, label, 0, 100)


def rate(schema_name: str, label: str) -> Part:
    """Build a rate of exchange to the base currency."""
    return decimal(schema_name, label, 0.0000000001, 100_000_000_000, 10)
