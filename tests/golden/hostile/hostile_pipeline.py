"""Names and texts that would break out of careless templates."""

from flowstone import Job, StaticPartitions, asset

QUOTES = 'it\'s "quoted" \\ with """ and \'\'\' and \\'
TEMPLATES = "{{ dag.dag_id }} {% raw %} {# x #} ${HOME} %(x)s {0}"
CONTROLS = "line\n\ttab\r\n\x00 null \x1b[31m red \u202egnirts\u2066 \u200b"
UNICODE = "漢字 é 🐍 ﬁ"


@asset(description=QUOTES, tags={QUOTES: TEMPLATES, UNICODE: ""}, meta={QUOTES: [CONTROLS, {TEMPLATES: UNICODE}]})
def quotes(text: str = QUOTES) -> str:
    return text


@asset(description=TEMPLATES, owners=[TEMPLATES, QUOTES])
def templates(quotes: str, text: str = TEMPLATES) -> str:
    return text + quotes


@asset(description=CONTROLS)
def DAG(templates: str) -> str:  # noqa: N802
    return templates


@asset(description="see README.md", name="class")
def AssetOperator() -> str:  # noqa: N802
    return ""


@asset(description=UNICODE, partitioned_by=StaticPartitions("a/b", "../..", "~", "é", "A b", "{{ x }}", '"'))
def keys() -> str:
    return ""


strange = Job("strange", select="*", description=QUOTES + CONTROLS, owners=[UNICODE], tags={CONTROLS: QUOTES})
