"""Labels of choices that several standard tables share."""

from __future__ import annotations

INDUSTRIES = dict(
    enumerate(
        (
            "Accounting",
            "Agriculture and Non-petrol Natural Resource Extraction",
            "Broadcasting Printing and Publishing",
            "Brokers",
            "Building Supply Retail",
            "Business Services",
            "Consulting",
            "Consumer Services",
            "Design, Direction and Creative Management",
            "Distributors, Dispatchers and Processors",
            "Doctor's Offices and Clinics",
            "Durable Manufacturing",
            "Eating and Drinking Places",
            "Entertainment Retail",
            "Equipment Rental and Leasing",
            "Financial",
            "Food and Tobacco Processing",
            "Inbound Capital Intensive Processing",
            "Inbound Repair and Services",
            "Insurance",
            "Legal Services",
            "Non-Durable Merchandise Retail",
            "Outbound Consumer Service",
            "Petrochemical Extraction and Distribution",
            "Service Retail",
            "SIG Affiliations",
            "Social Services",
            "Special Outbound Trade Contractors",
            "Specialty Realty",
            "Transportation",
            "Utility Creation and Distribution",
            "Vehicle Retail",
            "Wholesale",
        ),
        start=1,
    )
)
LEAD_SOURCES = {
    1: "Advertisement",
    2: "Employee Referral",
    3: "External Referral",
    4: "Partner",
    5: "Public Relations",
    6: "Seminar",
    7: "Trade Show",
    8: "Web",
    9: "Word of Mouth",
    10: "Other",
}
TEMPERATURES = {1: "Hot", 2: "Warm", 3: "Cold"}
DEFAULT_VALUE = {1: "Default Value"}
BUDGET_STATUS = {0: "No Committed Budget", 1: "May Buy", 2: "Can Buy", 3: "Will Buy"}
NEEDS = {0: "Must have", 1: "Should have", 2: "Good to have", 3: "No need"}
PURCHASE_TIME_FRAMES = {
    0: "Immediate",
    1: "This Quarter",
    2: "Next Quarter",
    3: "This Year",
    4: "Unknown",
}
PURCHASE_PROCESSES = {0: "Individual", 1: "Committee", 2: "Unknown"}
SALES_STAGES = {0: "Qualify", 1: "Develop", 2: "Propose", 3: "Close"}
INITIAL_COMMUNICATIONS = {0: "Contacted", 1: "Not Contacted"}
CONTACT_METHODS = {1: "Any", 2: "Email", 3: "Phone", 4: "Fax", 5: "Mail"}
PAYMENT_TERMS = {1: "Net 30", 2: "2% 10, Net 30", 3: "Net 45", 4: "Net 60"}
APPOINTMENT_DAYS = {
    0: "Sunday",
    1: "Monday",
    2: "Tuesday",
    3: "Wednesday",
    4: "Thursday",
    5: "Friday",
    6: "Saturday",
}
APPOINTMENT_TIMES = {1: "Morning", 2: "Afternoon", 3: "Evening"}
FREIGHT_TERMS = {1: "FOB", 2: "No Charge"}
ADDRESS_TYPES = {1: "Bill To", 2: "Ship To", 3: "Primary", 4: "Other"}
SHIPPING_METHODS = {
    1: "Airborne",
    2: "DHL",
    3: "FedEx",
    4: "UPS",
    5: "Postal Mail",
    6: "Full Load",
    7: "Will Call",
}
ACTIVITY_PRIORITIES = {0: "Low", 1: "Normal", 2: "High"}
