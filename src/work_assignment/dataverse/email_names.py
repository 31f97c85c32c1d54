"""Names of the tables that e-mail is sent with; as in names.py, nobody else spells them."""

from __future__ import annotations

from work_assignment.dataverse.names import TableName

EMAIL = TableName("email", "emails", "activityid")
EMAIL_TEMPLATE = TableName("template", "templates", "templateid")


class EmailColumn:
    """email; its parties are written as a whole with it."""

    SUBJECT = "subject"
    DESCRIPTION = "description"
    DIRECTION = "directioncode"
    PARTIES = "email_activity_parties"


class PartyColumn:
    """activityparty; who it is is bound by table."""

    ROLE = "participationtypemask"

    @staticmethod
    def party(table: str) -> str:
        """The navigation property of a party of this table."""
        return f"partyid_{table}"


class TemplateColumn:
    """template: e-mail templates."""

    TITLE = "title"
    TYPE = "templatetypecode"
