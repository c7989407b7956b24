"""Files by the words in their texts."""

import pytest

from flowstone.frontend.mentions import Mentions

TEXTS = {f"m{place}.py": f"from m{place - 1} import x\nx.y_{place}" for place in range(50)}


@pytest.mark.parametrize("count", [1, 50])
def test_files_that_mention_a_word_are_found_however_many_words_are_asked_for(count):
    mentions = Mentions()
    for place in range(50 - count, 50):
        assert f"m{place}.py" in mentions.of(f"y_{place}", TEXTS)
        assert f"m{place}.py" in mentions.of(f"m{place - 1}", TEXTS)
        assert not mentions.of(f"z_{place}", TEXTS)


def test_texts_that_come_later_are_looked_at_too():
    mentions = Mentions()
    for place in range(30):
        mentions.of(f"y_{place}", TEXTS)
    assert list(mentions.of("late", {**TEXTS, "late.py": "late = 1"})) == ["late.py"]
    assert list(mentions.of("later", {**TEXTS, "late.py": "late = 1", "more.py": "later"})) == ["more.py"]
