"""What makes runs of an asset differ: what is told, and what nobody would want to be told."""

import ast
import textwrap

import pytest

from flowstone.frontend.bodies.deeds import deeds, may_do
from flowstone.frontend.bodies.module_names import ModuleNames
from flowstone.frontend.bodies.unstable import Unstable

IMPORTS = """\
import datetime as dt, json, logging, os, random, shutil, tempfile, time, uuid
from datetime import date, datetime, timedelta
from pathlib import Path
import numpy as np, pandas as pd, polars as pl, requests
from sklearn.model_selection import train_test_split
"""


def found(body, parameters="df, ctx", module=""):
    """Kind and code of each deed; ``|`` stands for a line end."""
    text = textwrap.dedent(body).strip().replace("|", "\n")
    source = f"{IMPORTS}{module}\ndef f({parameters}):\n{textwrap.indent(text, '    ')}\n"
    tree = ast.parse(source)
    assert may_do(source)
    names = ModuleNames(tree)
    return [(deed.kind, deed.what) for deed in deeds(tree.body[-1], names, Unstable(names))]


@pytest.mark.parametrize(
    "body",
    [
        "return datetime.now()",
        "return f'{dt.datetime.now():%Y}'",
        "today = date.today()|return df.filter(pl.col('day') == today)",
        "df['loaded_at'] = datetime.now()|return df",
        "df = df.with_columns(pl.lit(datetime.now()).alias('loaded_at'))|return df.sort('x')",
        "rows = []|for row in df:|    rows.append({**row, 'at': date.today()})|return rows",
        "url = f'https://x/{date.today()}'|return requests.get(url).json()",
        "yesterday = date.today() - timedelta(days=1)|with open(f'{yesterday}.csv') as file:|    return file.read()",
        "return [{'at': time.time()} for row in df]",
        "def stamp(row):|    return row, datetime.now()|return df.apply(stamp)",
        "return df.apply(lambda row: datetime.now())",
        "return pl.DataFrame({'at': [pd.Timestamp.now()]})",
        "now = later = datetime.now()|return later",
        "(start, end) = (date(2024, 1, 1), date.today())|return df.loc[start:end]",
        "if (now := datetime.now()):|    return now",
        "return df if df else date.today()",
        "import datetime as d|return d.date.today()",
        "return time.strftime('%Y')",
    ],
)
def test_the_clock_gets_into_the_value(body):
    assert [kind for kind, _ in found(body)] == ["clock"]


@pytest.mark.parametrize(
    "body",
    [
        "start = time.time()|df = work(df)|ctx.log.info('took %s', time.time() - start)|return df",
        "start = datetime.now()|df = work(df)|end = datetime.now()|took = end - start|return df",
        "start = time.time()|return {'value': 1, 'seconds': time.time() - start}",
        "ctx.add_metadata({'at': datetime.now().isoformat()})|return df",
        "print(datetime.now())|return df",
        "deadline = time.time() + 60|while time.time() < deadline:|    poll()|return df",
        "if time.time() - os.path.getmtime('x') > 60:|    refresh()|return df",
        "headers = {'Authorization': sign(time.time())}|return requests.get('https://x', headers=headers).json()",
        "token = jwt({'exp': datetime.now().timestamp() + 300})|return requests.get('https://x', auth=token).json()",
        "time.sleep(1)|return df",
        "return datetime(2024, 1, 1), datetime.fromisoformat('2024-01-01'), date.fromtimestamp(0)",
        "now = datetime.now|return df",
        "now = datetime.now()|log(now)|now = ctx.partition.start|return now",
        "datetime = df|return datetime.now()",
        "assert datetime.now() > df|return 1",
        "if date.today() > df:|    raise ValueError(date.today())|return 1",
        "return time.perf_counter_ns and time.localtime(0)",
    ],
)
def test_the_clock_does_not_get_into_the_value(body):
    assert found(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "return random.random()",
        "return df.with_columns(pl.Series('x', np.random.rand(5)))",
        "rows = list(df)|random.shuffle(rows)|return rows",
        "rng = np.random.default_rng()|return rng.normal(size=3)",
        "return [{**row, 'id': str(uuid.uuid4())} for row in df]",
        "df['id'] = [uuid.uuid4().hex for _ in df]|return df",
        "random.seed(7)|return uuid.uuid4()",
        "return random.SystemRandom().random()",
        "train, test = train_test_split(df, test_size=0.2)|return train",
        "picked = random.sample(df, 3)|return pd.DataFrame(picked)",
        "random.seed()|return random.random()",
    ],
)
def test_chance_gets_into_the_value(body):
    assert [kind for kind, _ in found(body)] == ["random"]


@pytest.mark.parametrize(
    "body",
    [
        "return random.Random(7).random()",
        "rng = np.random.default_rng(7)|return rng.normal(size=3)",
        "random.seed(7)|return random.random()",
        "np.random.seed(7)|return np.random.rand(5)",
        "seed_everything(7)|return random.random()",
        "time.sleep(random.uniform(0, 1))|return df",
        "name = f'/tmp/{uuid.uuid4()}.csv'|df.to_csv(name)|return pl.read_csv(name)",
        "with open(f'/tmp/{uuid.uuid4()}') as file:|    return file.read()",
        "host = random.choice(['a', 'b'])|return requests.get(host).json()",
        "return requests.get('https://x', headers={'X-Request-Id': str(uuid.uuid4())}).json()",
        "train, test = train_test_split(df, random_state=7)|return train",
        "train, test = train_test_split(df, shuffle=False)|return train",
        "if random.random() < 0.1:|    log(df)|return df",
        "return uuid.uuid5(uuid.NAMESPACE_URL, 'x')",
    ],
)
def test_chance_does_not_get_into_the_value(body):
    assert found(body) == []


def test_a_module_that_seeds():
    assert found("return random.random()", module="random.seed(7)") == []


@pytest.mark.parametrize(
    "body",
    [
        "with open('out/x.json', 'w') as file:|    json.dump(1, file)|return 1",
        "with open(file='x', mode='ab') as file:|    pass|return open('x', mode='a')",
        "df.to_csv('s3://shop/x.csv')|return 1",
        "df.to_csv(path_or_buf=f'out/{ctx.partition.key}.csv')|return 1",
        "df.write_parquet(Path('out') / 'x.parquet')|return 1",
        "Path('out').joinpath('x').write_text('x')|return 1",
        "path = os.path.join('/data', 'x.csv')|df.write_csv(path)|return path",
        "(OUT / 'x.txt').write_text('x')|return 1",
        "os.remove('out/x')|return 1",
        "shutil.copy(df, 'out/x')|return 1",
        "df.to_csv(target)|return 1",
        "np.save('out/x.npy', df)|return 1",
        "figure.savefig('out/x.png')|return 1",
        "df.to_csv('out/%s.csv' % df)|return 1",
    ],
)
def test_files_that_are_written(body):
    kinds = {kind for kind, _ in found(body, "df, ctx, target='out.csv'", "OUT = Path('out')")}
    assert kinds == {"writes"}


@pytest.mark.parametrize(
    "body",
    [
        "with open('x.json') as file:|    return json.load(file)",
        "return open('x.json', 'rb').read()",
        "with tempfile.TemporaryDirectory() as folder:|    df.to_csv(f'{folder}/x.csv')|    return work(folder)",
        "with tempfile.NamedTemporaryFile('w') as file:|    df.to_csv(file.name)|    return work(file.name)",
        "path = Path(tempfile.mkdtemp()) / 'x.csv'|df.to_csv(path)|return work(path)",
        "df.to_csv('/tmp/x.csv')|return 1",
        "return df.to_csv()",
        "return df.to_json(orient='records')",
        "buffer = io.BytesIO()|df.write_parquet(buffer)|return buffer.getvalue()",
        "df.to_csv(df.path)|return 1",
        "df.to_csv(ctx.scratch / 'x.csv')|return 1",
        "df.to_csv(os.environ['OUT'])|return 1",
        "return df.rename({'a': 'b'})",
        "shutil.copy('x', df)|return 1",
        "def open(x, y): ...|open('x', 'w')|return 1",
        "path = 'out.csv'|path = df|df.to_csv(path)|return 1",
    ],
)
def test_files_that_are_not_the_concern(body):
    assert found(body) == []


STATE = "SEEN = []\nTOTALS = dict()\n_CACHE = {}\nCOUNT = 0\nLIMITS = (1, 2)\n"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("SEEN.append(1)|return 1", "SEEN"),
        ("TOTALS['x'] = 1|return 1", "TOTALS"),
        ("TOTALS['x'] += 1|return 1", "TOTALS"),
        ("del TOTALS['x']|return 1", "TOTALS"),
        ("global COUNT|COUNT += 1|return 1", "COUNT"),
        ("def inner():|    SEEN.extend([1])|inner()|return 1", "SEEN"),
    ],
)
def test_state_that_is_changed(body, name):
    assert found(body, module=STATE) == [("changes", name)]


@pytest.mark.parametrize(
    "body",
    [
        "SEEN = []|SEEN.append(1)|return SEEN",
        "_CACHE['x'] = 1|return 1",
        "if 'x' not in TOTALS:|    TOTALS['x'] = 1|return TOTALS['x']",
        "global COUNT|if COUNT is None:|    COUNT = 1|return COUNT",
        "global COUNT|return COUNT",
        "TOTALS.get('x')|return len(SEEN)",
        "rows = list(SEEN)|rows.append(1)|return rows",
        "for SEEN in df:|    SEEN.append(1)|return 1",
        "df['x'] = 1|return df",
    ],
)
def test_state_that_is_not_changed(body):
    assert found(body, module=STATE) == []


def test_a_parameter_hides_the_name_of_the_module():
    assert found("SEEN.append(1)|return SEEN", "SEEN", STATE) == []


HELPERS = """
def now():
    return datetime.now()
def stamp():
    return f"{now()}"
def left(x):
    return x or right(x)
def right(x):
    return left(x) + time.time()
@cache
def kept():
    return datetime.now()
def chosen(rows):
    return random.choice(rows)
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return now()", [("clock", "now()")]),
        ("return [stamp() for row in df]", [("clock", "stamp()")]),
        ("return right(1)", [("clock", "right()")]),
        ("return chosen(df)", [("random", "chosen()")]),
        ("random.seed(1)|return chosen(df)", []),
        ("start = now()|ctx.log.info(now() - start)|return now() - start", []),
        ("print(now())|return df", []),
        ("now = df|return now()", []),
        ("return kept()", []),
    ],
)
def test_functions_beside_it_are_looked_into(body, expected):
    assert found(body, module=HELPERS) == expected
