"""Files of replies: what they are understood as, and what is refused with its row."""

import json

import pytest

from core.constitution.reading.replies import MAX_REPLY_CHARS, Reply, read_replies
from core.errors import StudioError


def lines(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def test_rows_of_reply_are_read_as_they_are():
    data = lines({"query": "Why?", "response": "So.", "as": "antithesis", "method": "prompt", "arm": {"key": "prompt"}, "seed": 0, "adapter": None})
    file = read_replies(data, "replies.jsonl")
    assert file.replies == (Reply(row=1, response="So.", query="Why?", side="antithesis"),)
    assert file.used == {"response": "response", "query": "query", "side": "as"}
    assert file.ignored == ("method", "arm", "seed", "adapter")
    assert file.notes == ("`side` is taken from `as`",)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"output": "So."}, "output"),
        ({"prompt": "Why?", "completion": "So."}, "completion"),
        ({"query": "Why?", "side": "flip 1", "text": "So.", "ended": True}, "text"),
        ({"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]}, "messages"),
        ({" Response": "So."}, " Response"),
    ],
)
def test_rows_of_others_are_read_and_say_which_field_was_taken(row, field):
    file = read_replies(lines(row), "r.jsonl")
    assert [reply.response for reply in file.replies] == ["So."]
    assert f"`response` is taken from {'the last turn of ' * (field == 'messages')}`{field}`" in file.notes[0]


def test_a_side_with_blanks_and_capitals_in_its_name_is_no_unknown_field():
    assert read_replies(lines({"response": "So.", "Side ": "antithesis"}), "r.jsonl").replies[0].side == "antithesis"


def test_replies_that_stand_twice_stay_two_and_rows_are_lines():
    file = read_replies(b'{"response": "So."}\r\n\r\n{"response": "So."}', "r.jsonl")
    assert [(reply.row, reply.response) for reply in file.replies] == [(1, "So."), (3, "So.")]


def test_a_line_separator_inside_a_reply_ends_no_row():
    assert read_replies(lines({"response": "a\u2028b\u0085c"}), "r.jsonl").replies == (Reply(row=1, response="a\u2028b\u0085c"),)


def test_a_list_and_a_table_are_the_same_rows():
    rows = [{"response": "So, so.", "side": "none", "principle": "1"}, {"response": "", "query": "Why?"}]
    table = 'response,side,principle,query\r\n"So, so.",none,1,\r\n,,,Why?\r\n'
    want = (Reply(row=1, response="So, so.", side="none", principle="1"), Reply(row=2, response="", query="Why?"))
    assert read_replies(json.dumps(rows, indent=1).encode(), "r.json").replies == want
    assert read_replies(b"\xef\xbb\xbf" + table.encode(), "r.csv").replies == want
    assert (
        read_replies(
            table.replace('"So, so."', "So, so.")
            .replace(",none,1,", "\tnone\t1\t")
            .replace("response,side,principle,query", "response\tside\tprinciple\tquery")
            .replace(",,,", "\t\t\t")
            .encode(),
            "r.tsv",
        ).replies
        == want
    )


def test_what_spreadsheets_write_is_read_and_said():
    file = read_replies("response;query\nJa, gern.;Kommst du?\n".encode("utf-16"), "r.csv")
    assert file.replies == (Reply(row=1, response="Ja, gern.", query="Kommst du?"),)
    assert file.notes == ("the encoding is UTF-16", "fields are parted by semicolons")


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "r.jsonl", "holds no reply"),
        (b'{"response": "a"}\n{"response": 3}', "r.jsonl", "Row 2 of r.jsonl has no text under `response`"),
        (b'{"response": "a"}\n{"output": "b"}', "r.jsonl", "Row 2 of r.jsonl has no text under `response`"),
        (b'{"prompt": "a"}', "r.jsonl", "no field `response`; its fields are `prompt`"),
        (b'{"response": "a", "response": "b"}', "r.jsonl", "has the key 'response' twice"),
        (b'{"response": "a", "Response": "b"}', "r.jsonl", "one but for case and blanks"),
        (b'{"response": "\\ud83d"}', "r.jsonl", "Row 1 of r.jsonl holds half a character"),
        (b'{"response": "a", "principle": true}', "r.jsonl", "`principle` in row 1 of r.jsonl is True"),
        (b'{"messages": [{"role": "user", "content": "a"}]}', "r.jsonl", "Row 1 of r.jsonl has no text under `messages`"),
        (b"response,side\nSo, so.,none\n", "r.csv", "Line 2 of r.csv has 3 fields parted by commas, and the header has 2"),
        (b"response,response\na,b\n", "r.csv", "has the column 'response' twice"),
        (b"So.\n", "r.txt", "no field `response`; its fields are none"),
        (b"\xff\xfea", "r.jsonl", "not UTF-16"),
        (b"a\x00", "r.jsonl", "zero bytes"),
        (lines({"response": "a" * (MAX_REPLY_CHARS + 1)}), "r.jsonl", "200,001 characters"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place(data, name, says):
    with pytest.raises(StudioError) as refused:
        read_replies(data, name)
    assert says in str(refused.value)


def test_a_runs_replies_say_which_are_to_scenarios_and_a_split_of_others_says_nothing():
    rows = [{"query": "Why?", "side": "statement", "text": "So.", "split": split} for split in ("held-out", "scenarios")]
    file = read_replies(lines(*rows), "replies.jsonl")
    assert [reply.scenario for reply in file.replies] == [False, True] and file.ignored == ()
    others = read_replies(lines({"text": "So.", "split": 3}, {"text": "So.", "split": "train"}), "replies.jsonl")
    assert [reply.scenario for reply in others.replies] == [False, False] and others.ignored == ("split",)
