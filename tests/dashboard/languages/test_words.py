"""Two languages, both complete: whatever a viewer may read has English, and no English is left over."""

from __future__ import annotations

import re

import pytest
from dash import html

from dashboard.indicators.catalogue import CATALOGUE
from dashboard.languages.catalogue import Words, read, written
from dashboard.languages.skeleton import translated
from tests.dashboard.languages.extraction import CHINESE, WIDE, bare_texts, everything, report_texts
from tests.fixtures.browser import OpenPage, until
from tests.fixtures.wall import Wall, incident

ENGLISH = written("en")
OF_SOURCES = written("en", sources=True)
HOLES = re.compile(r"\{\w+\}")
#: The texts of a page that a person reads or hears.
READ = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) found.push(walker.currentNode.textContent);
  for (const node of document.querySelectorAll("*"))
    for (const name of ["title", "aria-label", "alt", "placeholder"]) found.push(node.getAttribute(name) || "");
  return [...found, document.title];
}"""


def test_whatever_a_viewer_may_read_has_english_and_nothing_else_has() -> None:
    need = everything()
    missing = [f"{name}: {text}" for text, name in need.items() if not ENGLISH.get(text)]
    unused = [text for text in ENGLISH if text not in need]
    assert (missing, unused) == ([], []), "see `python -m tests.dashboard.languages.extraction`"


def test_whatever_is_said_of_a_source_has_english_and_nothing_else_has() -> None:
    need = report_texts()
    missing = [f"{name}: {text}" for text, name in need.items() if text not in OF_SOURCES]
    unused = [text for text in OF_SOURCES if text not in need]
    assert (missing, unused) == ([], []), "see `python -m tests.dashboard.languages.extraction`"


def test_no_word_of_a_script_or_style_goes_past_the_catalogue() -> None:
    assert bare_texts() == []


def test_every_indicator_of_the_house_has_an_english_name() -> None:
    assert [one.id for one in CATALOGUE if not one.label_en or CHINESE.search(one.label_en)] == []


def test_no_english_holds_chinese_and_every_value_of_the_sentence_is_kept() -> None:
    for text, told in (*OF_SOURCES.items(), *ENGLISH.items()):
        assert not WIDE.search(told), told
        assert sorted(HOLES.findall(text)) == sorted(HOLES.findall(told)), text


def sentences() -> dict[str, str]:
    """Chinese as the server writes it -> what an English page makes of it."""
    values = ["2026-10", "−1.5", "37", "9"]
    written_so = {}
    for text, told in ENGLISH.items():
        if re.search(r"\{\d\}", text):
            written_so[text.format(*values)] = told.format(*values)
    return written_so


def test_a_sentence_with_values_in_it_is_recognised() -> None:
    words = Words(ENGLISH)
    for sentence, told in sentences().items():
        assert words.told(sentence) == told


def test_a_sentence_on_a_source_is_recognised_with_what_is_added_to_it() -> None:
    words = Words(OF_SOURCES)
    for text, told in OF_SOURCES.items():
        sentence = re.sub(r"(?<=\})\{\d\}", "，是否想写 caseid？", text)
        expected = told
        for hole in re.findall(r"\{\d\}", text):
            beside = f"}}{hole}" in text
            expected = expected.replace(hole, "; did you mean caseid?" if beside else f"x-{hole[1]}")
        sentence = re.sub(r"\{(\d)\}", r"x-\1", sentence)
        assert words.told(sentence) == expected, text
    # What is theirs stays as they write it: by these words a person mends the mapping.
    told = words.told("cases.csv：没有列 编号，可用：案号、状态")
    assert told == "cases.csv: no column 编号; there are: 案号, 状态"


def test_a_name_of_the_county_stays_as_it_is() -> None:
    words = Words(ENGLISH)
    assert words.told("积石山保安族东乡族撒拉族自治县") == "积石山保安族东乡族撒拉族自治县"
    assert words.told("环比 −1.5 pp（上月只有 28 日，均计到 28 日）").startswith(
        "vs. last month −1.5 pp (last"
    )


def test_a_skeleton_is_translated_down_to_what_is_heard() -> None:
    made = html.Div([html.H2("预警"), html.Button("柳湾", **{"aria-label": "关闭案件卡"})], title="图层")
    found = translated(made, Words(ENGLISH))
    assert found.title == "Layers"
    assert found.children[0].children == "Alerts"
    assert found.children[1].children == "柳湾"
    assert getattr(found.children[1], "aria-label") == "Close the card"


@pytest.mark.parametrize(
    "text", ['msgid "a"\nmsgstr "b"\nmsgid "a"\nmsgstr "c"\n', 'msgid "a"\nwhat is this\n']
)
def test_a_file_of_words_that_says_two_things_or_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        read(text)


def test_a_long_text_may_stand_on_several_lines() -> None:
    assert read('msgid ""\n"网"\n"格"\nmsgstr "Gr"\n"id"\n') == {"网格": "Grid"}


def test_an_english_page_has_no_chinese_but_the_names_of_the_county(wall: Wall, open_page: OpenPage) -> None:
    assert wall.post("/api/v1/incidents", [incident(n, grade="MAJOR") for n in range(1, 4)])[0] == 200
    page = open_page()
    page.goto(f"{wall.url}/?lang=en", wait_until="commit")
    until(
        page,
        "document.body.dataset.live === 'live' && document.querySelector('#feed-list [data-case-no]')",
        60,
    )
    assert page.evaluate("document.documentElement.lang") == "en"
    names = re.compile("试验县综治中心|" + "|".join(_names(wall)))
    left = [text for text in page.evaluate(READ) if CHINESE.search(names.sub("", text))]
    assert left == []
    # The page makes of the server's sentences what the server itself would.
    spoken = page.evaluate("(texts) => texts.map((text) => Wall.told(text))", list(sentences()))
    assert spoken == list(sentences().values())
    # The choice is kept for the next visit, and can be taken back.
    page.goto(wall.url, wait_until="commit")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.goto(f"{wall.url}/?lang=zh", wait_until="commit")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"


def _names(wall: Wall) -> list[str]:
    """The names of all grids, the longest first, as the county gave them."""
    _, here = wall.get("/api/v1/view")
    names = {here["grid"]["name"], *(one["name"] for one in here["children"])}
    rows = [*here["feed"], *here["alerts"]]
    names |= {name for row in rows for name in (row.get("grid_name"), row.get("parent_name")) if name}
    return sorted(map(re.escape, names), key=len, reverse=True)
