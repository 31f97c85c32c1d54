"""Who takes part in an activity: sender, recipients, attendees, owner and subject."""

from __future__ import annotations

from ..columns import any_of, choice, double, moment, text, whole, yes_no
from ..metadata import CascadeDelete
from ..system_columns import UNOWNED
from ..table_builder import define
from .unstamped import unstamped

PARTY = "activityparty"
PARTIES_OF = {
    activity: f"{activity}_activity_parties"
    for activity in ("task", "phonecall", "email", "appointment", "opportunityclose")
}
# Roles that follow from the activity itself, and which nobody writes.
REGARDING, OWNER = 8, 9
ROLES = {
    1: "Sender",
    2: "To Recipient",
    3: "CC Recipient",
    4: "BCC Recipient",
    5: "Required attendee",
    6: "Optional attendee",
    7: "Organizer",
    REGARDING: "Regarding",
    OWNER: "Owner",
    10: "Resource",
    11: "Customer",
    12: "Chat Participant",
    13: "Related",
}

ACTIVITY_PARTY = unstamped(
    define(
        "ActivityParty",
        135,
        "activityparties",
        "Activity Party",
        "Activity Parties",
        (
            any_of("ActivityId", "Activity", PARTIES_OF),
            any_of(
                "PartyId",
                "Party",
                {
                    "account": "account_activity_parties",
                    "campaign": "campaign_activity_parties",
                    "contact": "contact_activity_parties",
                    "lead": "lead_activity_parties",
                    "opportunity": "opportunity_activity_parties",
                    "queue": "queue_activity_parties",
                    "systemuser": "system_user_activity_parties",
                },
                cascade=CascadeDelete.REMOVE_LINK,
            ),
            choice("ParticipationTypeMask", "Participation Type", ROLES),
            text("AddressUsed", "Address", 200),
            double("Effort", "Effort", 0, 1_000_000_000),
            text("ExchangeEntryId", "Exchange Entry", 1024),
            whole("AddressUsedEmailColumnNumber", "Email column number of party", computed=True),
            yes_no("DoNotEmail", "Do not allow Emails", "Allow", "Do Not Allow", computed=True),
            yes_no("DoNotFax", "Do not allow Faxes", "Allow", "Do Not Allow", computed=True),
            yes_no(
                "DoNotPhone", "Do not allow Phone Calls", "Allow", "Do Not Allow", computed=True
            ),
            yes_no(
                "DoNotPostalMail",
                "Do not allow Postal Mails",
                "Allow",
                "Do Not Allow",
                computed=True,
            ),
            yes_no("IsPartyDeleted", "Is Party Deleted", computed=True),
            moment("ScheduledStart", "Scheduled Start", computed=True),
            moment("ScheduledEnd", "Scheduled End", computed=True),
        ),
        name=None,
        ownership=UNOWNED,
        states=(),
    )
)
