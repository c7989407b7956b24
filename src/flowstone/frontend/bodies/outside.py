"""Calls of well-known libraries that reach out of the program, by full dotted name. Only what certainly does is here:
clients that connect when they are first used (``sqlalchemy.create_engine``), and readers of nothing yet, are not.
"""

from __future__ import annotations

import ast
import re
from typing import Literal

Reach = Literal["clock", "database", "engine", "environment", "files", "input", "network", "process", "random", "sleep"]


def _under(package: str, names: str) -> list[str]:
    return [f"{package}.{name}" for name in names.split()]


_NAMES: dict[Reach, list[str]] = {
    "clock": [
        *_under("datetime.datetime", "now utcnow today"),
        *_under("datetime.date", "today"),
        *_under("time", "time time_ns"),
        *_under("pandas.Timestamp", "now today utcnow"),
        *_under("pendulum", "now today tomorrow yesterday"),
        *_under("arrow", "now utcnow"),
        *_under("airflow.utils.timezone", "utcnow"),
        *_under("airflow.sdk.timezone", "utcnow"),
        *_under("django.utils.timezone", "now"),
    ],
    "random": [
        *_under("random", "random uniform randint randrange randbytes getrandbits choice choices sample shuffle"),
        *_under("random", "gauss normalvariate lognormvariate expovariate betavariate gammavariate triangular"),
        *_under("random", "paretovariate weibullvariate vonmisesvariate"),
        *_under("numpy.random", "rand randn randint random random_sample ranf sample choice permutation shuffle"),
        *_under("numpy.random", "normal uniform standard_normal poisson binomial exponential beta gamma lognormal"),
        *_under("numpy.random", "geometric multinomial multivariate_normal laplace logistic pareto weibull bytes"),
        *_under("uuid", "uuid1 uuid4"),
        *_under("secrets", "choice randbelow randbits token_bytes token_hex token_urlsafe"),
        *_under("os", "urandom getrandom"),
    ],
    "network": [
        *_under("requests", "get post put patch delete head options request"),
        *_under("httpx", "get post put patch delete head options request stream"),
        *_under("urllib.request", "urlopen urlretrieve"),
        *_under("socket", "create_connection gethostbyname getaddrinfo"),
        *_under("smtplib", "SMTP SMTP_SSL"),
        *_under("ftplib", "FTP FTP_TLS"),
        *_under("boto3", "client resource"),
        *_under("google.cloud", "storage.Client bigquery.Client secretmanager.SecretManagerServiceClient"),
        *_under("google.auth", "default"),
    ],
    "database": [
        *_under("sqlite3", "connect"),
        *_under("duckdb", "connect sql query execute"),
        *_under("psycopg", "connect Connection.connect"),
        *_under("psycopg2", "connect"),
        *_under("pymysql", "connect"),
        *_under("MySQLdb", "connect"),
        *_under("mysql.connector", "connect"),
        *_under("pyodbc", "connect"),
        *_under("oracledb", "connect"),
        *_under("cx_Oracle", "connect"),
        *_under("snowflake.connector", "connect"),
        *_under("clickhouse_connect", "get_client"),
        *_under("redshift_connector", "connect"),
        *_under("trino.dbapi", "connect"),
        *_under("pymongo", "MongoClient"),
        *_under("pandas", "read_sql read_sql_query read_sql_table read_gbq"),
        *_under("polars", "read_database read_database_uri"),
    ],
    "engine": [
        *_under("airflow.models", "Variable.get Variable.set variable.Variable.get Connection.get"),
        *_under("airflow.sdk", "Variable.get Variable.set Connection.get"),
        *_under("airflow.hooks.base", "BaseHook.get_connection"),
        *_under("airflow.hooks.base_hook", "BaseHook.get_connection"),
        *_under("airflow.sdk.bases.hook", "BaseHook.get_connection"),
        *_under("prefect.variables", "Variable.get"),
        *_under("prefect.blocks.system", "Secret.load JSON.load String.load"),
        *_under("prefect", "get_client"),
    ],
    "files": [
        *_under("builtins", "open"),
        *_under("io", "open"),
        *_under("os", "listdir scandir walk remove unlink rename replace mkdir makedirs rmdir removedirs stat"),
        *_under("glob", "glob"),
        *_under("shutil", "copy copy2 copyfile copytree move rmtree make_archive unpack_archive"),
        *_under("pandas", "read_csv read_parquet read_json read_excel read_feather read_orc read_pickle read_table"),
        *_under("pandas", "read_fwf read_hdf read_html read_xml read_sas read_stata"),
        *_under("polars", "read_csv read_parquet read_json read_ndjson read_excel read_ipc read_avro read_delta"),
        *_under("pyarrow.parquet", "read_table write_table ParquetFile"),
        *_under("pyarrow.csv", "read_csv"),
        *_under("pyarrow.feather", "read_table read_feather"),
        *_under("numpy", "load loadtxt genfromtxt fromfile save savez savez_compressed savetxt"),
        *_under("joblib", "load dump"),
        *_under("geopandas", "read_file read_parquet"),
        *_under("dotenv", "load_dotenv"),
    ],
    "process": [
        *_under("subprocess", "run call check_call check_output Popen getoutput getstatusoutput"),
        *_under("os", "system popen execv execvp fork"),
    ],
    "environment": [*_under("os", "getenv environ.get getenvb environb.get")],
    "input": [*_under("builtins", "input"), *_under("getpass", "getpass")],
    "sleep": [*_under("time", "sleep")],
}
_REACHES: dict[str, Reach] = {name: reach for reach, names in _NAMES.items() for name in names}
_SEEDED = frozenset({"random.Random", "numpy.random.default_rng", "numpy.random.RandomState"})
"""Generators that are random unless they are given a seed."""
_ONLY_NOW = {
    "time.strftime": 2,
    "time.localtime": 1,
    "time.gmtime": 1,
    "time.ctime": 1,
    "time.asctime": 1,
}
"""Functions that look at the clock if they are given fewer arguments than these."""
_NOW = {"pandas.to_datetime", "pandas.Timestamp", "numpy.datetime64"}
"""Functions that understand the word ``now``."""
_IN_MEMORY = ("sqlite3.connect", "duckdb.connect")


def _by_package() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {"pathlib": {"Path"}}
    for name in (*_REACHES, *_SEEDED, *_ONLY_NOW, *_NOW, "os.environ", "random.SystemRandom"):
        package, _, rest = name.partition(".")
        found.setdefault(package, set()).add(rest.rpartition(".")[2])
    return {package: frozenset(words) for package, words in found.items()}


_IMPORTS = re.compile(r"import[ \t](.*)"), re.compile(r"from[ \t](.*)")
_WORD = re.compile(r"\w+")
_WORDS = _by_package()
"""For each package that has such functions the last names of these."""


def mentions_outside(source: str) -> bool:
    """Whether a module can call any such function, by the words in its text. For most modules that is enough."""
    lines = (line for pattern in _IMPORTS for line in pattern.findall(source))
    imported = {word for line in lines for word in _WORD.findall(line)}
    packages = {"builtins", *(imported & _WORDS.keys())}
    return any(word in source for package in packages for word in _WORDS[package])


def reach(dotted: str, call: ast.Call) -> Reach | None:
    """What a call of a function reaches; None if nothing is known of it."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    found = _REACHES.get(dotted)
    if found == "database" and dotted in _IN_MEMORY and _is_in_memory(dotted, given):
        return None
    if found is not None:
        return found
    if dotted in _SEEDED:
        return None if given and not _is(given[0], None) else "random"
    if dotted == "random.SystemRandom":
        return "random"
    if dotted in _ONLY_NOW and len(given) < _ONLY_NOW[dotted]:
        return "clock"
    if dotted in _NOW and given and (_is(given[0], "now") or _is(given[0], "today")):
        return "clock"
    return None


def _is_in_memory(dotted: str, given: list[ast.expr]) -> bool:
    return _is(given[0], ":memory:") if given else dotted == "duckdb.connect"


def _is(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value
