"""Every wrong setting stops a stage with a sentence that has its key, value and what is allowed."""

import pytest
from pydantic import ValidationError

from stages.common.console import StageError
from stages.common.params import Params, read_params


@pytest.fixture
def read(tmp_path, monkeypatch, settings):
    """The settings of a `params.yaml` with this text, or of the project's with these changes."""
    monkeypatch.chdir(tmp_path)

    def from_file(changes: str | dict | None = None) -> Params:
        text = changes if isinstance(changes, str) else settings(changes)
        (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
        return read_params()

    return from_file


@pytest.fixture
def problems(read):
    """The lines of the error for such a `params.yaml`."""

    def lines(changes: str | dict) -> list[str]:
        with pytest.raises(StageError) as error:
            read(changes)
        assert "http" not in str(error.value)
        return str(error.value).splitlines()

    return lines


WRONG = [
    ("train.seeds", [0, 1, 1], "once"),
    ("train.seeds", "012", ""),
    ("train.seeds[1]", [0, "1"], "integer"),
    ("cnn.learning_rate", float("inf"), "finite"),
    ("mlp.l2", True, "number"),
    ("cnn.epochs", 0, "1"),
    ("cnn.epochs", "8", "integer"),
    ("cnn.epochs", True, "integer"),
    ("analysis.pair", [4, 9, 1], "at most 2 items"),
    ("analysis.pair", [4, 4], "once"),
    ("analysis.exemplars", "some", "auto, or a list"),
    ("analysis.exemplars[0]", ["auto"], "integer"),
    ("activations.layers", ["conv_1"], "conv_3"),
]


@pytest.mark.parametrize(("key", "value", "allowed"), WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed(problems, key, value, allowed):
    (line, *more) = problems({key.partition("[")[0]: value})
    shown = value[int(key[-2])] if "[" in key else value
    start = f"params.yaml: {key} is {shown!r}. "
    assert line.startswith(start)
    assert allowed in line[len(start) :]
    assert line.endswith(".")
    assert all("at least 1 item" in other for other in more)  # of a list with nothing valid in it


def test_a_class_of_the_pair_that_is_not_dumped_is_named(problems):
    (line,) = problems({"activations.classes": [0, 4]})
    assert line == "params.yaml: activations.classes lacks [9] of analysis.pair."


def test_every_wrong_missing_and_unknown_key_has_its_line(problems, settings):
    text = settings({"cnn.epochs": 0, "mlp.dropout": 0.5})
    text = text.replace("report:\n  colormap", "raport:\n  colormap") + "3: 4\n"
    text = text.replace("  split_seed: 0", "  split_sead: 0", 1)
    subjects = [line.removeprefix("params.yaml: ") for line in problems(text)]
    for start in (
        *("cnn.epochs is 0.", "dataset.split_seed is missing.", "report is missing."),
        *(
            f"{key} is no setting."
            for key in ("mlp.dropout", "dataset.split_sead", "raport", "[3]")
        ),
    ):
        assert sum(subject.startswith(start) for subject in subjects) == 1
    assert len(subjects) == 7


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("pair: [4, 9]", "pair: [4, 9", 1, "expected ',' or ']'"),
        ("  name: mnist", "\tname: mnist", 0, "cannot start any token"),
        ("  epochs: 8", "  epochs: 8\n  epochs: 9", 1, 'found duplicate key "epochs"'),
        ("pair: [4, 9]", "pair: *pair", 0, "found undefined alias 'pair'"),
    ],
)
def test_broken_yaml_is_named_with_its_line(problems, settings, old, new, line, reason):
    text = settings()
    number = text[: text.index(old)].count("\n") + 1 + line
    (message,) = problems(text.replace(old, new, 1))
    assert message.startswith(f"params.yaml is no valid YAML. Line {number}: ")
    assert reason in message


@pytest.mark.parametrize("text", ["", "- 1\n", "four\n", "four: \x07\n"])
def test_a_file_of_something_else_is_one_sentence(problems, text):
    assert len(problems(text)) == 1


@pytest.mark.parametrize("written", ["1e-05", "1e-5", "1.0e-05", "0.00001", "1E-05"])
def test_yaml_1_2_numbers_are_numbers(read, settings, written):
    text = settings().replace("learning_rate: 4.0e-3", f"learning_rate: {written}", 1)
    assert read(text).cnn.learning_rate == 1e-5


def test_settings_are_typed_and_frozen(read):
    params = read({"cnn.learning_rate": 1, "analysis.exemplars": [7, 0]})
    assert params.cnn.learning_rate == 1
    assert params.analysis.exemplars == (7, 0)
    assert params.train.seeds == (0, 1, 2)
    assert read({"analysis.contrast": [9, 1, 4, 2]}).analysis.contrast == (1, 2)  # not the pair
    with pytest.raises(ValidationError, match="frozen"):
        params.cnn.epochs = 3
    with pytest.raises(ValidationError, match="frozen"):
        params.cnn = params.mlp


def test_a_stage_ends_with_the_sentence_and_exit_code_1(tmp_path, python, settings):
    (tmp_path / "params.yaml").write_text(settings({"cnn.epochs": 0}), encoding="utf-8")
    code, output, errors = python(tmp_path, "-m", "stages.download")
    assert (code, output) == (1, "")
    assert " ".join(errors.split()).startswith("error: params.yaml: cnn.epochs is 0. Input should")
    assert "Traceback" not in errors
