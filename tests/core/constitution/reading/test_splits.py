"""What marks a query as held out is used or refused, and never passed over."""

import pytest

from core.constitution.reading.query_files import read_query_file
from core.errors import StudioError


def splits(text, name):
    return {query.text: query.split for query in read_query_file(text.encode(), name).queries}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("query,splits\nWhy so?,train\nHow so?,test\n", "q.csv"),
        ("query,Data Split\nWhy so?,train\nHow so?,holdout\n", "q.csv"),
        ("query,kind\nWhy so?,Train\nHow so?,dev\n", "q.csv"),
        ("query,set\nWhy so?,train\nHow so?,hold-out\n", "q.csv"),
        ('{"train": [{"query": "Why so?", "SPLIT": "training"}], "eval": ["How so?"]}', "q.json"),
        ('["Why so?", {"query": "How so?", "split": "test"}, {"query": "Why so?", "split": "train"}]', "q.json"),
        ("prompt\tsplit\nWhy so?\ttrain\nHow so?\tval\n", "q.txt"),
        ("query|split\nWhy so?|train\nHow so?|val\n", "q.csv"),
    ],
)
def test_a_mark_is_used_wherever_it_stands(text, name):
    assert splits(text, name) == {"Why so?": "train", "How so?": "held_out"}


@pytest.mark.parametrize(
    "text", ['{"validation": ["How so?"]}', '{"split": "test", "queries": ["How so?"]}', '{"note": 1, "split": "dev", "rows": [{"prompt": "How so?"}]}']
)
def test_a_split_that_names_the_whole_file_counts_for_each_row(text):
    assert splits(text, "q.json") == {"How so?": "held_out"}


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("query,is_eval\nWhy so?,1\n", "q.csv", "`is_eval`, which may mark what is held out"),
        ("query,test_set\nWhy so?,1\n", "q.csv", "`test_set`, which may mark"),
        ('{"query": "Why so?", "train": false}', "q.jsonl", "`train`, which may mark"),
        ('{"query": "Why so?", "info": {"split": "dev"}}', "q.jsonl", "inside of `info`"),
        ('{"train": [{"query": "Why so?", "split": "dev"}]}', "q.json", "Item 1 under 'train' of q.json has split 'dev'"),
        ('{"query": "Why so?", "Split": "dev"}\n{"query": "How so?", "split": "train"}', "q.jsonl", "one but for case"),
        ("Train:\nWhy so?\nTest:\nHow so?\n", "q.txt", "seems to head the queries of a split"),
        ("Why so?;train\nHow so?;test\n", "q.txt", "end with a split"),
        ('["Why so?", "train"]\n["How so?", "dev"]\n', "q.jsonl", "is a list of 2 texts"),
    ],
)
def test_a_mark_that_cannot_be_used_is_refused(text, name, words):
    with pytest.raises(StudioError, match=words):
        read_query_file(text.encode(), name)


def test_words_that_mark_nothing_are_left_alone():
    assert len(splits("query,train,subset\nWhy so?,the 5:15,easy\nHow so?,the 6:15,train\n", "q.csv")) == 2
    assert set(splits("test\nWhy so?\n", "q.txt")) == {"test", "Why so?"}
    assert "the name of the file says 'dev'" in read_query_file(b"Why so?", "my-dev.txt").notes[-1]
