"""What modules do on import: what counts, and what belongs at module level."""

import ast
import textwrap

import pytest

from flowstone.frontend.bodies.import_work import import_work

HEAD = "from flowstone import asset\n"


def found(text):
    """Line, what it reaches and what is written, of each piece of work."""
    source = HEAD + textwrap.dedent(text)
    return [(work.node.lineno - 1, work.reach, work.what) for work in import_work(ast.parse(source), source)]


@pytest.mark.parametrize(
    ("text", "reach", "what"),
    [
        ("import requests; X = requests.get('https://x').json()", "network", "requests.get()"),
        ("from requests import get as fetch; X = fetch('https://x')", "network", "fetch()"),
        ("import urllib.request; X = urllib.request.urlopen('https://x')", "network", "urllib.request.urlopen()"),
        ("import boto3; S3 = boto3.client('s3')", "network", "boto3.client()"),
        ("from google.cloud import bigquery; C = bigquery.Client()", "network", "bigquery.Client()"),
        ("X = open('/etc/x').read()", "files", "open()"),
        ("import io, os; X = io.open('x', 'w')", "files", "io.open()"),
        ("with open('x') as f: pass", "files", "open()"),
        ("import pandas as pd; X = pd.read_csv('x.csv')", "files", "pd.read_csv()"),
        ("import pandas as pd; X = pd.read_csv(__file__)", "files", "pd.read_csv()"),
        ("from pathlib import Path; X = Path('x').read_text()", "files", "Path('x').read_text()"),
        ("from pathlib import Path\nD = Path('x') / 'y'\n(D / 'z').mkdir()", "files", "(D / 'z').mkdir()"),
        ("import os; X = os.listdir('.')", "files", "os.listdir()"),
        ("import sqlite3; X = sqlite3.connect('x.db')", "database", "sqlite3.connect()"),
        ("import duckdb; X = duckdb.connect('x.db')", "database", "duckdb.connect()"),
        ("import psycopg; X = psycopg.connect()", "database", "psycopg.connect()"),
        ("import polars as pl; X = pl.read_database_uri('select 1', 'x')", "database", "pl.read_database_uri()"),
        ("from airflow.models import Variable; X = Variable.get('x')", "engine", "Variable.get()"),
        ("from airflow.sdk import Variable as V; X = V.get('x')", "engine", "V.get()"),
        ("from airflow.hooks.base import BaseHook; X = BaseHook.get_connection('x')", "engine", None),
        ("from datetime import datetime; X = datetime.now()", "clock", "datetime.now()"),
        ("import datetime as dt; X = dt.date.today().isoformat()", "clock", "dt.date.today()"),
        ("import time; X = time.time()", "clock", "time.time()"),
        ("import time; X = time.strftime('%Y')", "clock", "time.strftime()"),
        ("import pandas as pd; X = pd.to_datetime('now')", "clock", "pd.to_datetime()"),
        ("import random; X = random.random()", "random", "random.random()"),
        ("import numpy as np; X = np.random.default_rng()", "random", "np.random.default_rng()"),
        ("from random import Random; X = Random()", "random", "Random()"),
        ("import uuid; X = str(uuid.uuid4())", "random", "uuid.uuid4()"),
        ("import secrets; X = secrets.token_hex()", "random", "secrets.token_hex()"),
        ("import os; X = os.environ['X']", "environment", "os.environ['X']"),
        ("from os import environ; X = environ['X']", "environment", "environ['X']"),
        ("import subprocess; subprocess.run(['x'])", "process", "subprocess.run()"),
        ("import os; os.system('x')", "process", "os.system()"),
        ("import time; time.sleep(1)", "sleep", "time.sleep()"),
        ("X = input('x')", "input", "input()"),
        ("import time\ntry:\n    X = time.time()\nfinally:\n    pass", "clock", None),
        ("import time\nif X:\n    pass\nelse:\n    Y = time.time()", "clock", None),
        ("import time\nif __name__ == '__main__':\n    pass\nelse:\n    Y = time.time()", "clock", None),
        ("import time\nclass C:\n    X = time.time()", "clock", None),
        ("import time\ndef f(x=time.time()): ...", "clock", None),
        ("import time\n@f(time.time())\ndef g(): ...", "clock", None),
        ("import time\nX = [time.time() for _ in range(3)]", "clock", None),
        ("import time\nX = f'{time.time()}'", "clock", None),
    ],
)
def test_work(text, reach, what):
    ((_, reached, written),) = found(text)
    assert reached == reach
    assert what is None or written == what


@pytest.mark.parametrize(
    "text",
    [
        "import time\ndef f():\n    return time.time()",
        "import time\nF = lambda: time.time()",
        "import time\nclass C:\n    def m(self):\n        return time.time()",
        "import time\nif __name__ == '__main__':\n    print(time.time())",
        "import time\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    X = time.time()",
        "import time\nif False:\n    X = time.time()",
        "import time\n@asset(tags=[str(time.time())])\ndef a(x=time.time()): ...",
        "import time\nNOW = time.time",
        "import uuid\nfrom dataclasses import field\nclass C:\n    x: str = field(default_factory=uuid.uuid4)",
        "import random\nR = random.Random(7)\nrandom.seed(7)",
        "import numpy as np\nR = np.random.default_rng(seed=7)",
        "import sqlite3, duckdb\nA = sqlite3.connect(':memory:')\nB = duckdb.connect()",
        "from sqlalchemy import create_engine\nE = create_engine('postgresql://x')",
        "import requests\nS = requests.Session()",
        "from datetime import datetime, timedelta\nD = datetime(2024, 1, 1) + timedelta(days=1)",
        "import time\ntime = Clock()\nX = time.time()",
        "from .clock import time\nX = time()",
        "import pathlib\nROOT = pathlib.Path('x') / 'y'\nP = ROOT.with_suffix('.z')",
        "from pathlib import Path\nHERE = Path(__file__).parent\nSQL = (HERE / 'q.sql').read_text()",
        "from pathlib import Path\nHERE = Path(__file__).parent\nwith (HERE / 'q.sql').open() as f: SQL = f.read()",
        "import os\nSQL = open(os.path.join(os.path.dirname(__file__), 'q.sql')).read()",
        "from importlib.resources import files\nSQL = open(files('x') / 'q.sql').read()",
        "import os\nLEVEL = os.getenv('LEVEL', 'INFO')",
        "import os\nLEVEL = os.environ.get('LEVEL')\n@asset\ndef a(): return 1",
        "import os\nos.environ['X'] = '1'",
        "import os\nif os.getenv('X'):\n    pass",
        "import time\ndef f():\n    return time.time()\n@asset\ndef a(): return f()",
        "def f(open):\n    return open(1)\nf(2)",
    ],
)
def test_no_work(text):
    assert found(text) == []


def test_a_variable_of_the_environment_that_an_asset_reads():
    text = """\
    import os
    LEVEL = os.getenv("LEVEL", "INFO")
    BUCKET = os.getenv("BUCKET", "dev")
    @asset
    def a():
        return BUCKET
    """
    assert found(text) == [(3, "environment", "os.getenv()")]


def test_a_function_that_the_module_calls():
    text = """\
    import json, requests
    def config():
        with open("x.json") as file:
            return json.load(file)
    def maybe(url=None):
        if url:
            return requests.get(url)
    def early():
        if X: return
        requests.get("x")
    def lazily():
        yield requests.get("x")
    def local():
        import time
        time.sleep(1)
    CONFIG = config()
    maybe(), early(), lazily()
    local()
    """
    source = HEAD + textwrap.dedent(text)
    works = import_work(ast.parse(source), source)
    assert [(work.node.lineno - 1, work.inside.lineno - 1, work.what) for work in works] == [
        (16, 3, "open()"),
        (18, 15, "time.sleep()"),
    ]


def test_a_function_that_is_bound_again_is_not_known():
    assert found("def f():\n    return open('x')\nf = other\nf()") == []
