"""The settings the report shows: every one, those that differ from the defaults first."""

from pathlib import Path

from stages.common.params import PARAMS, read_params
from stages.report import settings

from .conftest import changed, made_up

ROOT = Path(__file__).parents[2]


def test_the_defaults_are_a_copy_of_the_committed_settings():
    committed = (ROOT / PARAMS).read_text(encoding="utf-8")
    assert settings.DEFAULTS.read_text(encoding="utf-8") == committed, (
        f"Copy {PARAMS} to {settings.DEFAULTS.relative_to(ROOT)} when a default changes"
    )


def test_at_the_defaults_nothing_is_changed():
    section = settings.settings(made_up(read_params(settings.DEFAULTS)))
    (table,) = section.tables
    assert section.paragraphs == (f"All {len(table.rows)} settings are at their defaults.",)
    assert {row[0] for row in table.rows} == {"no"}
    assert all(row[2] == row[3] and row[4] for row in table.rows)


def test_what_differs_comes_first(params):
    other = changed(changed(params, "cnn", learning_rate=1e-5), "analysis", contrast=())
    section = settings.settings(made_up(other))
    (table,) = section.tables
    assert [row[:4] for row in table.rows[:3]] == [
        ("yes", "train.seeds", "0, 1", "0, 1, 2"),
        ("yes", "cnn.learning_rate", "1e-05", "0.004"),
        ("yes", "analysis.contrast", "none", "1, 2"),
    ]
    assert table.rows[3][0] == "no"
    assert section.paragraphs[0].startswith(f"3 settings of {len(table.rows)} are not at the")
    assert "cnn.learning_rate is 1e-05 (0.004)" in section.paragraphs[0]


def test_a_group_without_comments_means_what_the_one_before_it_does():
    found = settings.meanings("one:  # a group\n  x: 1  # how many\n\ntwo:\n  x: 2\n  y: 3 # why\n")
    assert found == {"one.x": "how many", "two.x": "how many", "two.y": "why"}
