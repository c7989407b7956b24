"""The statements in the log of a Postgres server, and the shapes of those that FlowStone makes."""

import re

PREFIX = "@@%a@@ "
"""What the server writes in front of each entry: whose connection it was. Further lines of it begin with a tab."""

_ENTRY = re.compile(r"@@flowstone@@ LOG:  (?:statement|execute [^:]*): (.*)", re.DOTALL)
_TOKEN = re.compile(r"""( E'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*')|("(?:[^"]|"")*"(?:\."(?:[^"]|"")*")*)""", re.DOTALL)
_TYPE = r"[a-z0-9 (),]+?"
_WHERE = "(?: WHERE I = L)?"
_OURS = (
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SET LOCAL extra_float_digits = 1",
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    r"SELECT pg_advisory_xact_lock\(\$1\)",
    r"SELECT 1 FROM pg_namespace WHERE nspname = \$1",
    (
        r"SELECT 1 FROM pg_class c JOIN pg_namespace n ON n\.oid = c\.relnamespace "
        r"WHERE nspname = \$1 AND relname = \$2"
    ),
    (
        r"SELECT attname, format_type\(atttypid, atttypmod\) FROM pg_attribute a "
        r"JOIN pg_class c ON c\.oid = a\.attrelid JOIN pg_namespace n ON n\.oid = c\.relnamespace "
        r"WHERE nspname = \$1 AND relname = \$2 AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    ),
    (
        r"SELECT obj_description\(c\.oid, L\) FROM pg_class c JOIN pg_namespace n ON n\.oid = c\.relnamespace "
        r"WHERE nspname = \$1 AND relname = \$2"
    ),
    "CREATE SCHEMA I",
    r"CREATE TABLE I \(version integer NOT NULL\)",
    (
        r"CREATE TABLE I \( asset text NOT NULL, partition text NOT NULL, data_version text NOT NULL, "
        r"record text NOT NULL, PRIMARY KEY \(asset, partition\) \)"
    ),
    r"SELECT max\(version\) FROM I",
    r"INSERT INTO I VALUES \(\d+\)",
    r"SELECT count\(DISTINCT I\) FROM I",
    rf"CREATE TABLE I \(I {_TYPE}(?:, I {_TYPE})*\)",
    r"CREATE INDEX ON I \(I\)",
    "COMMENT ON TABLE I IS L",
    "DROP TABLE I",
    rf"ALTER TABLE I ADD COLUMN I {_TYPE}",
    f"DELETE FROM I{_WHERE}",
    "DELETE FROM I WHERE asset = L AND partition = L",
    r"COPY I \(I(?:, I)*\) FROM STDIN \(FORMAT csv\)",
    rf"COPY \(SELECT I(?:, I)* FROM I{_WHERE} ORDER BY I\) TO STDOUT \(FORMAT csv\)",
    f"SELECT count\\(\\*\\) FROM I{_WHERE}",
    f"SELECT value(?:::text)? FROM I{_WHERE}",
    "SELECT record FROM I WHERE asset = L AND partition = L",
    "SELECT (?:record|partition) FROM I WHERE asset = L ORDER BY partition COLLATE I",
    (
        r"INSERT INTO I VALUES \(L, L, L, L\) ON CONFLICT \(asset, partition\) "
        r"DO UPDATE SET data_version = excluded\.data_version, record = excluded\.record"
    ),
)
_SHAPE = re.compile("|".join(f"(?:{shape})" for shape in _OURS))


def statements(log):
    """The statements that came over connections of FlowStone, in order."""
    entries = re.split(r"\n(?!\t)", log)
    found = (_ENTRY.fullmatch(entry.replace("\n\t", "\n")) for entry in entries)
    return [entry[1] for entry in found if entry is not None]


def is_ours(statement):
    """Whether a statement is one of ours but for names and texts, which are quoted as Postgres wants them."""
    shape = _TOKEN.sub(lambda token: "L" if token[1] else "I", statement)
    return _SHAPE.fullmatch(" ".join(shape.split())) is not None
