"""Every wrong setting stops a stage with a sentence that has its key, value and what is allowed."""

import re

import pytest
from pydantic import ValidationError

from stages.common.console import StageError
from stages.common.params import Params, check_classes, read_params


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
    ("dataset.name", "imagenet"),
    ("dataset.path", 5),
    ("dataset.sha256", "731C5AC6"),
    ("dataset.class_names", ["cup", "hat", "cup"]),
    ("dataset.class_names[1]", ["cup", ""]),
    ("train.seeds", [0, 1, 1]),
    ("train.seeds", "012"),
    ("train.seeds[1]", [0, "1"]),
    ("cnn.learning_rate", float("inf")),
    ("mlp.l2", True),
    ("cnn.epochs", 0),
    ("cnn.epochs", "8"),
    ("cnn.epochs", True),
    ("analysis.pair", [4, 9, 1]),
    ("analysis.pair", [4, 4]),
    ("analysis.exemplars", "some"),
    ("analysis.exemplars[0]", ["auto"]),
    ("activations.layers", "first"),
    ("network.cnn.activation", "tanh"),
    ("network.cnn.maps", [8, 8, 8, 8, 8]),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed(problems, key, value):
    name = key.partition("[")[0]
    (line, *more) = problems({name: value})
    shown = value[int(key[-2])] if "[" in key else value
    assert re.fullmatch(rf"params\.yaml: {re.escape(f'{key} is {shown!r}')}\. \S.+\.", line)
    assert all(name in other for other in more)  # of a list with nothing valid in it


def test_a_class_of_the_pair_that_is_not_dumped_is_named(problems):
    (line,) = problems({"activations.classes": [0, 4]})
    assert line == "params.yaml: activations.classes lacks [9] of analysis.pair."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"activations.layers": ["conv_1"]}, "activations.layers lacks conv_3. "),
        ({"patterns.layers": ["conv_3", "pool_1"]}, "patterns.layers names pool_1. "),
        ({"network.cnn.maps": [8], "patterns.layers": ["conv_3"]}, "patterns.layers names conv_3"),
    ],
)
def test_layers_are_those_of_the_network(problems, changes, words):
    (line,) = problems(changes)
    assert line.startswith(f"params.yaml: {words}")
    assert "whose points are compared" in line


def test_networks_that_are_shown_are_trained(problems):
    (line,) = problems({"train.seeds": [0, 5], "analysis.shown_seeds": [5, 7, 1]})
    assert "analysis.shown_seeds names 7, 1, which train.seeds (0, 5) lacks." in line


def test_classes_that_the_dataset_lacks_are_named(read):
    params = read({"activations.classes": [4, 9, 2]})
    check_classes(params, "0123456789")
    with pytest.raises(StageError) as error:
        check_classes(params, ("cup", "hat", "pen"))
    pair, dumped = str(error.value).splitlines()
    assert pair == "params.yaml: analysis.pair is [4, 9]. The classes of this dataset are 0 to 2."
    assert "activations.classes is [4, 9, 2]" in dumped
    everything = params.activations.model_copy(update={"classes": "all"})
    with pytest.raises(StageError, match=r"^\S+ analysis.pair .* 0 to 2.$"):
        check_classes(params.model_copy(update={"activations": everything}), "abc")


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
    ("old", "new", "line"),
    [
        ("pair: [4, 9]", "pair: [4, 9", 1),
        ("  name: mnist", "\tname: mnist", 0),
        ("  batch_size: 128", "  batch_size: 128\n  batch_size: 9", 1),
        ("pair: [4, 9]", "pair: *pair", 0),
    ],
)
def test_broken_yaml_is_named_with_its_line(problems, settings, old, new, line):
    text = settings()
    number = text[: text.index(old)].count("\n") + 1 + line
    (message,) = problems(text.replace(old, new, 1))
    assert message.startswith(f"params.yaml is no valid YAML. Line {number}: ")


@pytest.mark.parametrize("text", ["", "- 1\n", "four\n", "four: \x07\n"])
def test_a_file_of_something_else_is_one_sentence(problems, text):
    assert len(problems(text)) == 1


def test_yaml_that_is_nested_too_deep_is_one_sentence(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("[" * 3000, encoding="utf-8")
    with pytest.raises(StageError, match="is nested too deep"):
        read_params(path)


@pytest.mark.parametrize("written", ["1e-05", "1e-5", "1.0e-05", "0.00001", "1E-05"])
def test_yaml_1_2_numbers_are_numbers(read, settings, written):
    text = settings().replace("learning_rate: 2.0e-2", f"learning_rate: {written}", 1)
    assert read(text).cnn.learning_rate == 1e-5


def test_settings_are_typed_and_frozen(read):
    params = read({"cnn.learning_rate": 1, "analysis.exemplars": [7, 0]})
    assert params.cnn.learning_rate == 1
    assert params.analysis.exemplars == (7, 0)
    assert params.train.seeds == tuple(range(10, 20))
    assert read({"analysis.contrast": [9, 1, 4, 2]}).analysis.contrast == (1, 2)  # not the pair
    with pytest.raises(ValidationError):
        params.cnn.epochs = 3
    with pytest.raises(ValidationError):
        params.cnn = params.mlp
