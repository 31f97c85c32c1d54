"""What reading and writing definitions needs from Dataverse."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from work_assignment.domain.defining.definition_rows import (
    Change,
    RecordTypeFacts,
    StoredDefinitions,
    UserRow,
)
from work_assignment.domain.filtering.schemas import TableSchema


class ConfigurationStore(Protocol):
    """The definitions in Dataverse, and what their filters name."""

    def schema(self, table: str) -> TableSchema | None:
        """A table's columns; None when there is no such table."""

    def record_type(self, table: str) -> RecordTypeFacts | None:
        """What decides whether a table's rows can be routed; None when there is no such table."""

    def table_names(self) -> Collection[str]:
        """The logical names of all tables."""

    def users(self, names: Collection[str]) -> Sequence[UserRow]:
        """The users whose domain name or e-mail address is one of these, whatever the case."""

    def users_like(self, names: Collection[str]) -> Collection[str]:
        """Domain names of enabled users that begin as one of these does, for suggestions."""

    def ids_by_name(self, table: str, names: Collection[str]) -> Mapping[str, Sequence[str]]:
        """For each name the ids of the table's rows that have it as primary name.

        Teams and queues are those that records can be given to.
        """

    def names(self, table: str) -> Collection[str]:
        """The names of all rows of a small table."""

    def stored(self) -> StoredDefinitions:
        """All definitions, active or not."""

    def server_time(self) -> datetime:
        """What Dataverse's clock says now."""

    def write(self, changes: Sequence[Change]) -> None:
        """Carry out the changes in this order: all or none, as far as they fit into one change set.

        Where they do not, the last change takes place only after all others. Raises
        DefinitionsChanged when a row is no longer in the version named.
        """
