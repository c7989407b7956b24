"""Which files of the project mention a word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from flowstone.patterns import pattern

_WORD = pattern(r"\w+")
_FEW = 20
"""So many words are looked for in every text; for more of them the words of every text are listed."""


class Mentions:
    """Files by the words in their texts."""

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._read: set[str] = set()
        self._files: defaultdict[str, list[str]] = defaultdict(list)

    def of(self, word: str, texts: Mapping[str, str]) -> Iterable[str]:
        """The files that mention a word; some may only mention a longer one that holds it.

        The texts may be more from call to call.
        """
        self._asked.add(word)
        if len(self._asked) <= _FEW:
            return [path for path, text in texts.items() if word in text]
        if len(texts) > len(self._read):
            for path in texts.keys() - self._read:
                for found in set(_WORD.findall(texts[path])):
                    self._files[found].append(path)
            self._read.update(texts)
        return self._files.get(word, ())
