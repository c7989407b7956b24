"""Random programs, as the grammar of Python allows them."""

from __future__ import annotations

import hypothesmith
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.robustness.examine import examine
from tests.robustness.soak import SOAK

EXAMPLES = 2_000 if SOAK else 40


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(text=hypothesmith.from_grammar(), head=st.booleans())
def test_random_programs(text, head, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "random.py"
    path.write_text(f"from flowstone import *\n{text}" if head else text, encoding="utf-8")

    examine(path)
