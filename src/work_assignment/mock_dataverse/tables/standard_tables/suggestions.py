"""Insights, which Dynamics 365 Sales calls sales suggestions."""

from __future__ import annotations

from ..columns import (
    LARGEST_INTEGER,
    LARGEST_MONEY,
    choice,
    lookup,
    memo,
    moment,
    money,
    text,
    whole,
)
from ..metadata import CascadeDelete
from ..system_columns import State
from ..table_builder import define

SUGGESTION_STATES = (
    State(0, "Open", ((1, "Open"), (5, "Accepted"))),
    State(1, "Closed", ((2, "Others"),)),
    State(2, "Declined", ((3, "Others"),)),
    State(3, "Qualified", ((4, "Created Opportunity"),)),
)

SALES_SUGGESTION = define(
    "msdyn_salessuggestion",
    10_611,
    "msdyn_salessuggestions",
    "Insight",
    "Insights",
    (
        text("msdyn_name", "Name", 300),
        memo("msdyn_insight", "Suggestion insight", 4000),
        memo("msdyn_suggestionreason", "Suggestion reason", 4000),
        memo("msdyn_feedbackreason", "Feedback reason", 4000),
        memo("msdyn_customdata", "Customdata", 8000),
        text("msdyn_modelid", "Model ID", 500),
        text("EmailAddress", "Email Address", 100),
        whole("msdyn_score", "Score", -LARGEST_INTEGER - 1),
        money("msdyn_potentialrevenue", "Potential revenue", -LARGEST_MONEY, precision=4),
        moment("msdyn_suggesteddate", "Suggested date"),
        moment("msdyn_expirydate", "Expiry date"),
        choice("msdyn_salesmotion", "Sales motion", {1: "Default"}, default=1),
        choice("msdyn_salesplay", "Sales play", {1: "Default"}, default=1),
        choice("msdyn_solutionarea", "Solution area", {1: "Default"}, default=1),
        choice(
            "msdyn_suggestionsource",
            "Suggestion source",
            {0: "Others", 1: "Product Recommendations"},
        ),
        lookup(
            "msdyn_relatedrecord",
            "Related record",
            "account",
            "msdyn_salessuggestion_account",
            cascade=CascadeDelete.CASCADE,
        ),
        lookup(
            "msdyn_qualifiedrecord",
            "Qualified Record",
            "opportunity",
            "msdyn_salessuggestion_opportunity_qualifiedrecord",
        ),
        lookup(
            "msdyn_sequencecontact",
            "Sequence Contact",
            "contact",
            "msdyn_contact_msdyn_salessuggestion",
        ),
    ),
    name="msdyn_name",
    states=SUGGESTION_STATES,
)
