"""A small CRM export, written to a folder: every file can be replaced or have text replaced."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "accounts.csv": """\
account,sector,year_established,revenue,employees,office_location,subsidiary_of
Brightwell,medical,1996,1100.04,2822,United States,
Corvane,finance,2001,251.4,495,Kenya,
Dunmore,technolgy,,,,United States,Brightwell
Ellery & Sons,retail,1988,12,8,Norway,
""",
    "products.csv": """\
product,series,sales_price
GTX Basic,GTX,550
GTX Pro,GTX,4821
MG Special,MG,55
GTK 500,GTK,26768
""",
    "sales_teams.csv": """\
sales_agent,manager,regional_office
Ana Lee,Celia Rouche,West
Ben Ortiz,Melvin Marxen,Central
Chloé D'Arcy,Cara Losch,East
Mei-Mei Johns,Summer Sewald,West
""",
    "sales_pipeline.csv": """\
opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
AAA1,Ana Lee,GTX Basic,Brightwell,Won,10/20/2016,3/1/2017,1054
AAA2,Ben Ortiz,GTXPro,,Engaging,11/3/2016,,
AAA3,Ana Lee,MG Special,Dunmore,Prospecting,,,
AAA4,Chloé D'Arcy,GTK 500,Ellery & Sons,Lost,1/2/2017,2/28/2017,0
AAA5,Mei-Mei Johns,GTX Basic,Corvane,Engaging,12/31/2016,,
""",
}


def write_export(
    folder: Path, file: str = "", replace: tuple[str, str] | None = None, text: str | None = None
) -> Path:
    """Write the four files; in `file`, `replace` one text by another, or put `text` instead."""
    for name, content in FILES.items():
        if name == file and replace is not None:
            assert replace[0] in content
            content = content.replace(*replace)
        if name == file and text is not None:
            content = text
        (folder / name).write_bytes(content.encode("utf-8"))
    return folder
