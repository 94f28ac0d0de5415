"""The same secret however a tool laid the text out: numbers, names and times before lines, colours, entities."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally.redaction import Redactor
from runtally.redaction.allowance import Allowance

REDACT = Redactor()
BODY = ["b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW" + end for end in ("Qy", "Qx", "Qw")]
KEY = ["-----BEGIN OPENSSH PRIVATE KEY-----", *BODY, "QAAAAg", "-----END OPENSSH PRIVATE KEY-----"]
TABLE = ["host,user,password", "srv01,admin,Regenbogen4", "srv02,root,VXHYskHC"]
SQL = ["  id | name  | password", " ----+-------+---------", "  1  | admin | t4bleCell", "  2  | guest | guestG1"]
SETTINGS = ["DB_HOST=localhost", "DB_PASSWORD=Xk7mPq2vTz9Lw", "DB_PORT=5432"]
SECRETS = (*BODY, "Regenbogen4", "VXHYskHC", "t4bleCell", "guestG1", "Xk7mPq2vTz9Lw")

PREFIXES = {
    "cat -n": lambda n: f"{n:6}\t",
    "an arrow": lambda n: f"{n:5}→",
    "two spaces": lambda n: f"{n:4}  ",
    "a colon": lambda n: f"{n}: ",
    "a bar": lambda n: f"{n:4} | ",
    "grep -n": lambda n: f"{n}:",
    "grep -n of files": lambda n: f"conf/app.txt:{n}:",
    "a time": lambda _: "2026-05-01T10:00:01.123Z [worker-1] ",
    "syslog": lambda _: "May  1 10:00:01 host prog[12]: ",
    "a service": lambda _: "web-1  | ",
    "a service and a time": lambda n: f"web-1  | 2026-05-01T10:00:{n:02}Z ",
    "#": lambda _: "# ",
    "//": lambda _: "// ",
    ">": lambda _: "> ",
    "+": lambda _: "+",
    "*": lambda _: " * ",
    "indentation": lambda _: "        ",
}


def laid_out(lines, prefix):
    return "\n".join(prefix(n) + line for n, line in enumerate(lines, 1)) + "\n"


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
@pytest.mark.parametrize("lines", [KEY, TABLE, SQL, SETTINGS], ids=["a key", "CSV", "SQL", "settings"])
def test_no_prefix_of_lines_keeps_a_secret_visible(prefix, lines):
    text = f"$ show it\n{laid_out(lines, prefix)}" if prefix(1).strip() else laid_out(lines, prefix)
    redacted = REDACT.text(text)
    assert not [secret for secret in SECRETS if secret in redacted]
    assert "[REDACTED:" in redacted
    assert REDACT.text(redacted) == redacted


def test_the_prefixes_round_a_secret_stay():
    text = laid_out(TABLE, PREFIXES["cat -n"])
    expected = text.replace("Regenbogen4", "[REDACTED:password]").replace("VXHYskHC", "[REDACTED:password]")
    assert REDACT.text(text) == expected


def test_a_hunk_of_a_diff_is_read_without_its_signs():
    text = "@@ -1,3 +1,4 @@\n " + "\n+".join(TABLE) + "\n"
    assert REDACT.text(text) == text.replace("Regenbogen4", "[REDACTED:password]").replace(
        "VXHYskHC", "[REDACTED:password]"
    )


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("\x1b[33mDB_PASSWORD\x1b[0m=\x1b[32mXk7mPq2vTz9Lw\x1b[0m", "Xk7mPq2vTz9Lw"),
        ("\x1b[32mpass: xkcd936\x1b[0m", "xkcd936"),
        ("\x1b[1mpassword:\x1b[0m xkcd936", "xkcd936"),
        (r"\u001b[1mpassword:\u001b[0m xkcd936", "xkcd936"),
        (r"\x1b[1mpassword:\x1b[0m xkcd936", "xkcd936"),
        ("&quot;password&quot;: &quot;Xk7mPq2vTz9Lw&quot;", "Xk7mPq2vTz9Lw"),
        ("<p>" + "<br>".join(KEY), BODY[1]),
        ("$\n".join(KEY) + "$\n", BODY[1]),
        (" \\\n".join(f'"{line}\\n"' for line in KEY), BODY[1]),
        ("\n".join(f"\x1b[32m{line}\x1b[0m" for line in KEY), BODY[1]),
    ],
)
def test_no_colour_or_entity_keeps_a_secret_visible(text, secret):
    redacted = REDACT.text(text)
    assert secret not in redacted
    assert "[REDACTED:" in redacted
    assert REDACT.text(redacted) == redacted


def test_what_colours_a_secret_stays():
    text = "\x1b[33mDB_PASSWORD\x1b[0m=\x1b[32mXk7mPq2vTz9Lw\x1b[0m"
    assert REDACT.text(text) == text.replace("Xk7mPq2vTz9Lw", "[REDACTED:password]")


INNOCENT = ["The build went well.", "tests: 42", "for item in items:", "    total += item.price", "", "a | b", "Done."]


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
def test_an_innocent_text_stays_as_it_is_in_every_layout(prefix):
    text = laid_out(INNOCENT, prefix)
    assert REDACT.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[32mpassed\x1b[0m 12 tests, \x1b[31mfailed\x1b[0m 0\r\n",
        "&quot;a&quot; &amp; &lt;b&gt;<br>that is all",
        "2024-05-01: a\n2024-05-02: b\n",
        "^a$\n^b$\n^c$\n",
        '#define A "x" \\\n"y" \\\n"z"\n',
    ],
)
def test_other_layouts_of_innocent_texts_stay(text):
    assert REDACT.text(text) == text


@given(
    st.lists(st.sampled_from(sorted(PREFIXES)), min_size=1, max_size=3),
    st.lists(st.sampled_from([*KEY, *TABLE, *SETTINGS, *INNOCENT, *SQL]), min_size=2, max_size=12),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_what_was_redacted_in_a_layout_stays(prefixes, lines, coloured):
    text = "\n".join(f"\x1b[32m{line}\x1b[0m" if coloured else line for line in lines)
    for prefix in prefixes:
        text = laid_out(text.split("\n"), PREFIXES[prefix])
    redacted = REDACT.text(text)
    assert REDACT.text(redacted) == redacted
    assert not re.search(r"\[REDACTED:[^\]]*\[", redacted)


def test_layouts_within_layouts_cost_no_more_than_so_many_views():
    def effort(lines):
        allowance = Allowance()
        REDACT.text("> " * 2000 + "\n" + ("> " * 2000 + "\n") * lines, allowance)
        return allowance.spent

    assert 0 < effort(20) < 2.5 * effort(10)


def test_a_digest_in_a_list_of_files_stays_where_a_token_s_beginning_is_in_it():
    line = "a/b.py,sha256=r8_DrqAfn6QLwQnmXEggveiSU-UaIL2p2nuPINelfFc,14949\n"
    assert REDACT.text(line) == line
