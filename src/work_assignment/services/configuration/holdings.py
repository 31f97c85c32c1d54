"""Which seller has which attribute values, and the attributes and values that this needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from work_assignment.domain.defining.definition_rows import (
    AttributeRow,
    StoredDefinitions,
    UserRow,
    ValueRow,
)
from work_assignment.domain.text import fold
from work_assignment.services.configuration.planning import PlanBuilder
from work_assignment.services.configuration.seller_forms import SellerForm


@dataclass(frozen=True, slots=True)
class Holdings:
    """Attributes with their values, and the users who have them.

    `values` are names by folded attribute and folded value; the first spelling met is the one
    used. `held` are (folded attribute, folded value, user id).
    """

    attributes: Mapping[str, str]
    values: Mapping[tuple[str, str], str]
    held: frozenset[tuple[str, str, str]]

    @classmethod
    def of(cls, sellers: Iterable[SellerForm], users: Mapping[str, UserRow]) -> Holdings:
        """What a folder's sellers have."""
        attributes: dict[str, str] = {}
        values: dict[tuple[str, str], str] = {}
        held: set[tuple[str, str, str]] = set()
        for form in sellers:
            user = users.get(form.user.casefold())
            for attribute, value in form.attributes:
                key = fold(attribute), fold(value)
                attributes.setdefault(key[0], attribute)
                values.setdefault(key, value)
                if user is not None:
                    held.add((*key, user.id))
        return cls(attributes, values, frozenset(held))

    @property
    def known(self) -> dict[str, list[str]]:
        """The values by attribute name."""
        found: dict[str, list[str]] = {name: [] for name in self.attributes.values()}
        for (attribute, _), value in self.values.items():
            found[self.attributes[attribute]].append(value)
        return found

    def settle(self, stored: StoredDefinitions, builder: PlanBuilder) -> frozenset[tuple[str, str]]:
        """Plan the rows of attributes and values; gives the links (value id, user id) to have."""
        existing_attributes = {fold(one.row.name): one for one in stored.attributes}
        existing_values = {(one.row.attribute_id, fold(one.row.name)): one for one in stored.values}
        _name_values(stored, builder)
        attribute_ids = {
            folded: builder.put(
                AttributeRow(name), existing_attributes.get(folded), name, guarded=False
            )
            for folded, name in self.attributes.items()
        }
        value_ids = {}
        for (attribute, value), name in self.values.items():
            row = ValueRow(name, attribute_ids[attribute])
            value_ids[attribute, value] = builder.put(
                row,
                existing_values.get((row.attribute_id, value)),
                f"{self.attributes[attribute]}: {name}",
                guarded=False,
            )
        return frozenset((value_ids[key[:2]], key[2]) for key in self.held)


def _name_values(stored: StoredDefinitions, builder: PlanBuilder) -> None:
    """Values that nobody is to have any more are shown by name when they are unlinked."""
    names = {one.id: one.row.name for one in stored.attributes}
    for one in stored.values:
        builder.know(one.id, f"{names.get(one.row.attribute_id, '?')}: {one.row.name}")


def held_in_dataverse(stored: StoredDefinitions) -> Holdings:
    """What the sellers in Dataverse have."""
    sellers = {one.row.user_id for one in stored.sellers}
    attributes = {one.id: one.row.name for one in stored.attributes}
    rows = {one.id: one.row for one in stored.values if one.row.attribute_id in attributes}
    held = {
        (rows[value], user) for value, user in stored.links if value in rows and user in sellers
    }
    keys = {row: (fold(attributes[row.attribute_id]), fold(row.name)) for row, _ in held}
    return Holdings(
        {fold(attributes[row.attribute_id]): attributes[row.attribute_id] for row in keys},
        {key: row.name for row, key in keys.items()},
        frozenset((*keys[row], user) for row, user in held),
    )
