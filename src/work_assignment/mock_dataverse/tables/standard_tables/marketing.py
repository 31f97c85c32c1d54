"""What is sold and how it is made known: products and campaigns."""

from __future__ import annotations

from ..columns import choice, decimal, lookup, memo, moment, money, text, whole, yes_no
from ..definitions import together
from ..system_columns import ORGANIZATION_OWNED, State
from ..table_builder import define

PRODUCT = define(
    "Product",
    1024,
    "products",
    "Product",
    "Products",
    (
        text("Name", "Name", 100),
        text("ProductNumber", "Product ID", 100),
        memo("Description", "Description"),
        choice(
            "ProductStructure",
            "Product Structure",
            {1: "Product", 2: "Product Family", 3: "Product Bundle"},
            default=1,
        ),
        choice(
            "ProductTypeCode",
            "Product Type",
            {1: "Sales Inventory", 2: "Miscellaneous Charges", 3: "Services", 4: "Flat Fees"},
            default=1,
        ),
        lookup("ParentProductId", "Parent", "product", "product_parent_product"),
        text("HierarchyPath", "Hierarchy Path", 450, computed=True),
        money("Price", "List Price"),
        money("StandardCost", "Standard Cost", precision=4),
        money("CurrentCost", "Current Cost", precision=4),
        whole("QuantityDecimal", "Decimals Supported", 0, 5, default=2),
        decimal("QuantityOnHand", "Quantity On Hand", 0, 1_000_000_000),
        decimal("StockVolume", "Stock Volume", 0, 1_000_000_000),
        decimal("StockWeight", "Stock Weight", 0, 1_000_000_000),
        yes_no("IsStockItem", "Stock Item"),
        yes_no("IsKit", "Is Kit"),
        text("ProductUrl", "URL", 255),
        text("Size", "Size", 200),
        text("SupplierName", "Supplier Name", 100),
        text("VendorName", "Vendor", 100),
        text("VendorPartNumber", "Vendor Name", 100),
        moment("ValidFromDate", "Valid From"),
        moment("ValidToDate", "Valid To"),
    ),
    name="Name",
    ownership=ORGANIZATION_OWNED,
    states=(
        State(2, "Draft", ((0, "Draft"),)),
        State(0, "Active", ((1, "Active"),)),
        State(1, "Retired", ((2, "Retired"),)),
        State(3, "Under Revision", ((3, "Under Revision"),)),
    ),
)

CAMPAIGN = define(
    "Campaign",
    4400,
    "campaigns",
    "Campaign",
    "Campaigns",
    (
        text("Name", "Name", 128),
        text("CodeName", "Campaign Code", 32),
        choice(
            "TypeCode",
            "Campaign Type",
            {
                1: "Advertisement",
                2: "Direct Marketing",
                3: "Event",
                4: "Co-branding",
                5: "Other",
            },
            default=1,
        ),
        memo("Objective", "Offer"),
        memo("Description", "Description"),
        text("Message", "Message", 256),
        text("PromotionCodeName", "Promotion Code", 128),
        moment("ProposedStart", "Proposed Start Date"),
        moment("ProposedEnd", "Proposed End Date"),
        moment("ActualStart", "Actual Start Date"),
        moment("ActualEnd", "Actual End Date"),
        money("BudgetedCost", "Budget Allocated"),
        money("ExpectedRevenue", "Estimated Revenue"),
        money("OtherCost", "Miscellaneous Costs"),
        whole("ExpectedResponse", "Expected Response (%)", 0),
        yes_no("IsTemplate", "Template"),
    ),
    name="Name",
    states=(
        State(
            0,
            "Active",
            (
                (0, "Proposed"),
                (1, "Ready To Launch"),
                (2, "Launched"),
                (3, "Completed"),
                (4, "Canceled"),
                (5, "Suspended"),
            ),
        ),
        State(1, "Inactive", ((6, "Inactive"),)),
    ),
)

MARKETING = together((PRODUCT, CAMPAIGN))
