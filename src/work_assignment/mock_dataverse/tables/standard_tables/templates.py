"""E-mail templates: subject and body as style sheets over the record that they are filled in for."""

from __future__ import annotations

from ..columns import memo, text, whole, yes_no
from ..table_builder import define

_LONGEST = 1_073_741_823

TEMPLATE = define(
    "Template",
    2010,
    "templates",
    "Email Template",
    "Email Templates",
    (
        text("Title", "Title", 200, required=True),
        memo("Description", "Description", 2000),
        text("TemplateTypeCode", "Template Type", 64, required=True),
        memo("Subject", "Subject", _LONGEST),
        memo("Body", "Body", _LONGEST),
        memo("SubjectPresentationXml", "Subject XML", _LONGEST),
        memo("PresentationXml", "Presentation XML", _LONGEST),
        memo("SubjectSafeHtml", "Subject Safe Html", _LONGEST),
        memo("SafeHtml", "Safe Html", _LONGEST),
        text("MimeType", "Mime Type", 256),
        yes_no("IsPersonal", "Viewable By", "Organization", "Individual"),
        whole("LanguageCode", "Language"),
        whole("OpenCount", "Open Count", computed=True),
        whole("ReplyCount", "Reply Count", computed=True),
        whole("UsedCount", "Used Count", computed=True),
    ),
    name="Title",
    states=(),
)
