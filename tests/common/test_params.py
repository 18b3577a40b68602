"""Every wrong setting stops a stage with one sentence that says which, what and what is allowed."""

from io import StringIO

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from stages.common.console import StageError
from stages.common.params import Params, read_params


@pytest.fixture
def problem(tmp_path, monkeypatch):
    """The message for a `params.yaml` with this text."""
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> str:
        (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(StageError) as error:
            read_params()
        return str(error.value)

    return read


@pytest.fixture
def read(tmp_path, settings):
    """The settings read from `params.yaml` with these changes."""

    def read(changes: dict | None = None) -> Params:
        path = tmp_path / "read.yaml"
        path.write_text(settings(changes), encoding="utf-8")
        return read_params(path)

    return read


WRONG = [
    ("dataset.name", "mnits", "It must be 'mnist', 'fashion_mnist' or 'digits'"),
    ("dataset.name", None, "It must be 'mnist', 'fashion_mnist' or 'digits'"),
    ("dataset.validation_size", 19, "It must be greater than or equal to 20"),
    ("dataset.validation_size", 100.5, "It must be a whole number"),
    ("dataset.split_seed", -1, "It must be greater than or equal to 0"),
    ("train.seeds", [], "It must have 1 or more values"),
    ("train.seeds", [0, 1, 1], "Each value may stand in it once"),
    ("train.seeds", 3, "It must be a list"),
    ("train.seeds", "012", "It must be a list"),
    ("cnn.optimizer", "adam", "It must be 'adamw', 'rmsprop' or 'sgd'"),
    ("cnn.schedule", "cosine", "It must be 'one_cycle', 'exponential' or 'constant'"),
    ("cnn.learning_rate", 0, "It must be greater than 0"),
    ("cnn.learning_rate", float("inf"), "It must be a finite number"),
    ("mlp.learning_rate", "1e-3", "It must be a number"),
    ("cnn.momentum", 1.0, "It must be less than 1"),
    ("cnn.momentum", -0.1, "It must be greater than or equal to 0"),
    ("mlp.weight_decay", -1e-9, "It must be greater than or equal to 0"),
    ("mlp.l2", True, "It must be a number"),
    ("cnn.batch_size", 0, "It must be greater than or equal to 1"),
    ("cnn.epochs", "8", "It must be a whole number"),
    ("cnn.epochs", 8.0, "It must be a whole number"),
    ("cnn.epochs", True, "It must be a whole number"),
    ("cnn.augment_shift", 8, "It must be less than or equal to 7"),
    ("analysis.pair", [4], "It must have 2 or more values"),
    ("analysis.pair", [4, 9, 1], "It must have at most 2 values"),
    ("analysis.pair", [4, 4], "Each value may stand in it once"),
    ("analysis.contrast", [1, 1], "Each value may stand in it once"),
    ("analysis.exemplars", "some", "It must be auto, or a list of rows of the test images"),
    ("analysis.exemplars", 3, "It must be auto, or a list of rows of the test images"),
    ("analysis.exemplars", [], "It must have 1 or more values"),
    ("analysis.exemplars", [5, 5], "Each value may stand in it once"),
    ("activations.layers", ["conv_1"], "conv_3, whose points are compared, must be among them"),
    ("activations.layers", ["conv_3", "conv_3"], "Each value may stand in it once"),
    ("activations.classes", [4, 9, 4], "Each value may stand in it once"),
    ("activations.classes", [0, 4], "Class 9, which stands in analysis.pair, must be among them"),
    ("statistics.common_level", 1, "It must be less than 1"),
    ("statistics.common_level", 0.0, "It must be greater than 0"),
    ("statistics.common_share", 1.01, "It must be less than or equal to 1"),
    ("claims.few_points", 0, "It must be greater than 0"),
    ("claims.few_points", 1, "It must be less than 1"),
    ("claims.decisive_auroc", 0.5, "It must be greater than 0.5"),
    ("claims.silence_chance", "0.2", "It must be a number"),
    ("claims.silence_tells", 1.5, "It must be less than 1"),
    ("claims.same_order", -0.1, "It must be greater than 0"),
    ("claims.shift_loss", -0.01, "It must be greater than or equal to 0"),
    ("claims.resamples", 99, "It must be greater than or equal to 100"),
    ("claims.resamples", 10_001, "It must be less than or equal to 10000"),
    ("claims.seed", 0.0, "It must be a whole number"),
    ("report.colormap", "rainbow", "It must be 'turbo', 'viridis',"),
]


@pytest.mark.parametrize(("key", "value", "allowed"), WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed(problem, settings, key, value, allowed):
    message = problem(settings({key: value}))
    shown = "empty" if value is None else repr(value)
    assert message.startswith(f"params.yaml: {key} is {shown}. {allowed}")
    assert message.endswith(".")
    assert "\n" not in message


@pytest.mark.parametrize("key", ["statistics.common_level", "cnn.momentum", "mlp.l2"])
def test_no_number_is_no_setting(problem, settings, key):
    assert f"{key} is nan. It must be" in problem(settings({key: float("nan")}))


@pytest.mark.parametrize(
    ("key", "value", "element", "allowed"),
    [
        ("train.seeds", [0, "1"], "[1] is '1'", "a whole number"),
        ("train.seeds", [0, 1.5], "[1] is 1.5", "a whole number"),
        ("train.seeds", [True], "[0] is True", "a whole number"),
        ("train.seeds", [2**32], "[0] is 4294967296", "less than 4294967296"),
        ("analysis.pair", [4, 10], "[1] is 10", "less than or equal to 9"),
        ("analysis.pair", ["4", 9], "[0] is '4'", "a whole number"),
        ("analysis.contrast", [-1], "[0] is -1", "greater than or equal to 0"),
        ("analysis.exemplars", [3, -1], "[1] is -1", "greater than or equal to 0"),
        ("analysis.exemplars", ["auto"], "[0] is 'auto'", "a whole number"),
        ("activations.layers", ["conv_3", "pool_1"], "[1] is 'pool_1'", "'conv_1', 'conv_2' or"),
        ("activations.classes", [4, 9, 11], "[2] is 11", "less than or equal to 9"),
    ],
)
def test_of_a_list_the_wrong_element_is_named(problem, settings, key, value, element, allowed):
    message = problem(settings({key: value}))
    assert message.startswith(f"params.yaml: {key}{element}. It must be {allowed}")
    assert "\n" not in message


def test_an_unknown_key_and_an_unknown_section_are_named(problem, settings):
    advice = "is no setting. Its name may be misspelt; params.yaml in Git names all."
    assert problem(settings({"cnn.dropout": 0.5})) == f"params.yaml: cnn.dropout {advice}"
    assert problem(settings() + "nothing: {}\n") == f"params.yaml: nothing {advice}"
    assert problem(settings() + "3: 4\n") == f"params.yaml: [3] {advice}"


def test_a_missing_key_and_a_missing_section_are_named(problem, settings):
    values = YAML(typ="safe").load(settings())
    for path in (("mlp", "epochs"), ("report",)):
        *groups, last = path
        holder = values[groups[0]] if groups else values
        del holder[last]
        message = problem(_dump(values))
        expected = f"{'.'.join(path)} is missing. `git show HEAD:params.yaml` has a value for it."
        assert f"params.yaml: {expected}" in message.splitlines()


@pytest.mark.parametrize(("value", "shown"), [("3", "3"), ("", "empty"), ("[a]", "['a']")])
def test_a_section_that_is_none_is_named(problem, settings, value, shown):
    text = settings().replace("report:\n  colormap: viridis", f"report: {value}")
    message = problem(text)
    assert message.startswith(f"params.yaml: report is {shown}. It must be a section")


def test_several_wrong_settings_are_several_lines(problem, settings):
    message = problem(settings({"cnn.epochs": 0, "analysis.pair": [4, 4], "mlp.nothing": 1}))
    keys = [line.split()[1] for line in message.splitlines()]
    assert sorted(keys) == ["analysis.pair", "cnn.epochs", "mlp.nothing"]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("pair: [4, 9]", "pair: [4, 9", 1, "expected ',' or ']'"),
        ("  name: mnist", "\tname: mnist", 0, "cannot start any token"),
        ("  epochs: 8", "  epochs: 8\n  epochs: 9", 1, 'found duplicate key "epochs"'),
        ("pair: [4, 9]", "pair: *pair", 0, "found undefined alias 'pair'"),
    ],
)
def test_broken_yaml_names_the_line(problem, settings, old, new, line, reason):
    text = settings()
    assert old in text
    number = text[: text.index(old)].count("\n") + 1 + line
    message = problem(text.replace(old, new, 1))
    assert message.startswith(f"params.yaml is no valid YAML. Line {number}, or one before it: ")
    assert reason in message
    assert "http" not in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["", "# only a comment\n", "- 1\n", "four\n"])
def test_a_file_without_settings_can_be_brought_back(problem, text):
    expected = "params.yaml holds no settings. Bring it back with `git restore params.yaml`."
    assert problem(text) == expected


def test_other_encodings_and_other_folders_are_sentences(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StageError) as error:
        read_params()
    assert str(error.value) == (
        f"There is no params.yaml in {tmp_path}. Run this from the project's root."
    )
    (tmp_path / "params.yaml").write_bytes(b"\xff\xfec\x00")
    with pytest.raises(StageError, match=r"^params\.yaml is no UTF-8 text\."):
        read_params()


def test_the_settings_of_the_project_are_read(read):
    params = read()
    assert params.analysis.pair == (4, 9)
    assert params.cnn.learning_rate == 4e-3
    assert params.train.seeds == (0, 1, 2)
    assert params.analysis.exemplars == "auto"


@pytest.mark.parametrize("written", ["1e-05", "1e-5", "1.0e-05", "0.00001", "1E-05"])
def test_yaml_1_2_numbers_are_numbers(tmp_path, settings, written):
    path = tmp_path / "params.yaml"
    text = settings()
    assert "learning_rate: 4.0e-3" in text
    path.write_text(text.replace("learning_rate: 4.0e-3", f"learning_rate: {written}", 1))
    assert read_params(path).cnn.learning_rate == 1e-5


def test_lists_in_block_style_read_the_same(tmp_path, settings, read):
    plain = YAML(typ="safe", pure=True)
    plain.default_flow_style = False
    path = tmp_path / "block.yaml"
    with path.open("w") as file:
        plain.dump(plain.load(settings()), file)
    assert "  pair:\n  - 4\n  - 9\n" in path.read_text()
    assert read_params(path) == read()


def test_whole_numbers_serve_where_any_number_may_stand(read):
    params = read({"cnn.learning_rate": 1, "mlp.weight_decay": 0, "statistics.common_share": 1})
    assert (params.cnn.learning_rate, params.mlp.weight_decay) == (1, 0)
    assert params.statistics.common_share == 1


def test_settings_are_frozen(read):
    params = read()
    with pytest.raises(ValidationError, match="frozen"):
        params.cnn.epochs = 3
    with pytest.raises(ValidationError, match="frozen"):
        params.cnn = params.mlp
    for values in (params.train.seeds, params.analysis.pair, params.activations.classes):
        assert isinstance(values, tuple)


def test_a_contrast_class_of_the_pair_is_left_out(read):
    assert read({"analysis.contrast": [9, 1, 4, 2]}).analysis.contrast == (1, 2)
    assert read({"analysis.contrast": [9]}).analysis.contrast == ()
    assert read({"analysis.pair": [1, 2]}).analysis.contrast == ()


def test_listed_exemplars_are_rows(read):
    assert read({"analysis.exemplars": [7, 0]}).analysis.exemplars == (7, 0)


def test_a_stage_ends_with_the_sentence_and_exit_code_1(tmp_path, python, settings):
    (tmp_path / "params.yaml").write_text(settings({"cnn.epochs": "8"}), encoding="utf-8")
    code, output, errors = python(tmp_path, "-m", "stages.evaluate")
    assert (code, output) == (1, "")
    assert errors == "error: params.yaml: cnn.epochs is '8'. It must be a whole number.\n"


def _dump(values: dict) -> str:
    text = StringIO()
    YAML(typ="safe", pure=True).dump(values, text)
    return text.getvalue()
