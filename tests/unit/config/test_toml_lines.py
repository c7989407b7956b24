from flowstone.config.toml_lines import KeyLines

TEXT = '''
a = 1  # [x]
"b c" = [
  1, # ]
  "]",
]
d.'e' = """
[f]
g = 1
"""
[h."i.j"]
k = { l = 1,
      m = 2 }
[h.n]
k = 2
'''


def test_lines_of_keys():
    lines = KeyLines(TEXT)
    assert lines.find(("a",)) == 2
    assert lines.find(("b c",)) == 3
    assert lines.find(("d", "e")) == 7
    assert lines.find(("h", "i.j")) == 11
    assert lines.find(("h", "i.j", "k")) == 12
    assert lines.find(("h", "n", "k")) == 15


def test_unknown_keys_are_found_with_their_table():
    lines = KeyLines(TEXT)
    assert lines.find(("h", "i.j", "k", "m")) == 12
    assert lines.find(("f",)) is None
