"""`dvc.yaml` against the code: a stage lists what it reads, or DVC would keep stale results.

The lists are derived from the code's syntax trees, so that a new import or a new setting
without its line in `dvc.yaml` fails here.
"""

import ast
import itertools
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from stages.common.params import Params

ROOT = Path(__file__).parents[1]
STAGES = ROOT / "stages"
COMMON = STAGES / "common"
# What these do shows in settings' values and in files; what they import is not followed.
WITHOUT_SCIENCE = {"params", "files", "artifacts", "run", "names"}
WITHOUT_SCIENCE |= {"console", "process", "cluster", "unchanged"}
WRITE_NAMES = {"claims", "report"}  # a class's name in a sentence comes from `run`
WITH_KERAS = {"train", "activations", "input_patterns", "receptive_field"}
WITH_KERAS |= {"probes", "orientation", "similarity", "decoder", "loop", "depth"}
WITH_KERAS |= {"pairs", "attribution"}
WITH_KERAS |= {"smallest_change"}
WITH_KERAS |= {"directions"}

PIPELINE = YAML(typ="safe", pure=True).load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
DEFINED = PIPELINE["stages"]
LEAVES = {
    group: {f"{group}.{leaf}" for leaf in field.annotation.model_fields}
    for group, field in Params.model_fields.items()
}
each_stage = pytest.mark.parametrize("stage", DEFINED)


def source(stage: str) -> Path:
    """A stage's module, or its package's folder."""
    folder = STAGES / stage
    return folder if folder.is_dir() else STAGES / f"{stage}.py"


def modules(stage: str) -> list[Path]:
    """Every Python file of a stage."""
    path = source(stage)
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> set[str]:
    """The modules of this project that a file imports anywhere in it, as `stages.common.x`."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively, which this test cannot follow"
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return {".".join(name.split(".")[:3]) for name in found if name.startswith("stages.")}


def common_of(stage: str) -> set[str]:
    """The modules of `common` that a stage imports, directly or through one with science."""
    found: set[str] = set()
    waiting = list(modules(stage))
    while waiting:
        for name in imported(waiting.pop()):
            module = name.rpartition(".")[2]
            if name.startswith("stages.common.") and module not in found:
                found.add(module)
                if module not in WITHOUT_SCIENCE:
                    waiting.append(COMMON / f"{module}.py")
    return found


def is_params(node: ast.AST) -> bool:
    """Whether an expression is all settings: `params`, `results.params` or `read_params()`."""
    return (
        (isinstance(node, ast.Name) and node.id == "params")
        or (isinstance(node, ast.Attribute) and node.attr == "params")
        or (isinstance(node, ast.Call) and getattr(node.func, "id", None) == "read_params")
    )


def parents(module: ast.Module) -> dict[ast.AST, ast.AST]:
    return {child: node for node in ast.walk(module) for child in ast.iter_child_nodes(node)}


def leaves_in(module: ast.AST) -> set[str]:
    """The settings that code reads from `params`; a group read as a whole counts with every leaf.

    So do all groups where the text of PARAMS is read as a whole; `model_dump` goes with it.
    """
    found, above = set(), parents(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Name) and node.id == "PARAMS":
            found |= set().union(*LEAVES.values())
        if isinstance(node, ast.Attribute) and is_params(node.value) and node.attr != "model_dump":
            assert node.attr in LEAVES, f"line {node.lineno} reads params.{node.attr}"
            leaf = f"{node.attr}.{getattr(above[node], 'attr', '')}"
            found |= {leaf} if leaf in LEAVES[node.attr] else LEAVES[node.attr]
    return found


def through_run() -> dict[str, set[str]]:
    """The settings that each method of `Run` reads, itself or by another one."""
    (run,) = (node for node in tree(COMMON / "run.py").body if isinstance(node, ast.ClassDef))
    methods = {node.name: node for node in run.body if isinstance(node, ast.FunctionDef)}
    calls = {
        name: {
            node.attr for node in ast.walk(body)
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "self"
        }
        for name, body in methods.items()
    }  # fmt: skip
    found = {name: leaves_in(body) for name, body in methods.items()}
    for _ in methods:
        for name, called in calls.items():
            found[name].update(*(found[other] for other in called if other in found))
    return found


def leaves_read(stage: str) -> set[str]:
    """The settings that a stage reads, in its code or in science that it imports, also through
    a `Run` called `run`."""
    found, of_methods = set(), through_run()
    science = (COMMON / f"{module}.py" for module in common_of(stage) - WITHOUT_SCIENCE)
    for path in (*modules(stage), *science):
        found |= leaves_in(tree(path))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "run":
                found |= of_methods.get(node.attr, set())
    return found


def leaves_declared(stage: str) -> set[str]:
    """The settings that `dvc.yaml` lists for a stage, over all of its matrix, groups by leaf."""
    definition = DEFINED[stage]
    matrix = {
        key: values for key, values in definition.get("matrix", {}).items()
        if isinstance(values, list)
    }  # fmt: skip
    found = set()
    for values in itertools.product(*matrix.values()):
        for name in definition.get("params", []):
            for key, value in zip(matrix, values, strict=True):
                name = name.replace(f"${{item.{key}}}", str(value))
            found |= LEAVES.get(name, {name})
    return found


@each_stage
def test_a_stage_runs_the_module_of_its_name(stage):
    words = DEFINED[stage]["cmd"].split()
    assert words[:3] == ["python", "-m", f"stages.{stage}"]
    assert source(stage).exists()
    assert (source(stage) / "__main__.py").exists() or source(stage).suffix == ".py"


def test_every_module_of_the_house_is_a_stage():
    ours = (path for path in STAGES.iterdir() if path.is_dir() or path.suffix == ".py")
    found = {path.stem for path in ours if not path.name.startswith("_")}
    assert found == {*DEFINED, "common", "repro", "compare", "site"}  # programs around the stages


@each_stage
def test_a_stage_depends_on_its_code_and_the_science_it_imports(stage):
    science = common_of(stage) - (WITHOUT_SCIENCE - ({"run"} if stage in WRITE_NAMES else set()))
    expected = {source(stage).relative_to(ROOT).as_posix()}
    expected |= {f"stages/common/{module}.py" for module in science}
    listed = {path for path in DEFINED[stage]["deps"] if path.startswith("stages/")}
    assert listed == expected


def test_imports_are_followed():
    """Or the test above would compare with nothing."""
    assert {"measures", "network", "backend", "params"} <= common_of("activations")
    assert "network" not in common_of("evaluate")
    assert "measures" in common_of("claims")


@each_stage
def test_a_stage_lists_exactly_the_settings_it_reads(stage):
    assert leaves_declared(stage) == leaves_read(stage)


def test_settings_are_found():
    """Or the test above would compare with nothing."""
    assert "analysis.pair" in leaves_read("evaluate")
    networks = LEAVES["cnn"] | LEAVES["mlp"] | LEAVES["network"]
    assert leaves_read("train") == networks | {"train.threads"}
    assert leaves_read("download") == LEAVES["dataset"]
    assert "train.seeds" in leaves_read("evaluate")
    assert "dataset.name" in leaves_read("evaluate")  # by way of resampling


def test_every_setting_is_read_by_a_stage():
    read = set().union(*(leaves_declared(stage) for stage in DEFINED))
    assert read == set().union(*LEAVES.values())


@each_stage
def test_all_settings_together_have_no_other_name(stage):
    """The test of settings follows the name `params`; another name would escape it."""
    for path in modules(stage):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if is_params(node.value):
                    assert all(is_params(target) for target in targets), f"{path}:{node.lineno}"
            if isinstance(node, ast.keyword) and is_params(node.value):
                assert node.arg == "params", f"{path}:{node.value.lineno}"


@each_stage
def test_no_stage_imports_another(stage):
    for path in modules(stage):
        for name in imported(path):
            assert name.split(".")[1] in (stage, "common"), f"{path} imports {name}"


def test_what_runs_the_stages_imports_none():
    found = set().union(*(imported(path) for path in modules("repro")))
    assert {name.split(".")[1] for name in found} == {"common", "repro"}


@pytest.mark.parametrize("path", sorted(COMMON.glob("*.py")), ids=lambda path: path.stem)
def test_common_imports_no_stage(path):
    assert all(name.startswith("stages.common") for name in imported(path))


def test_the_other_stages_import_without_keras(python):
    names = [f"stages.common.{path.stem}" for path in COMMON.glob("*.py") if path.stem != "backend"]
    for stage in set(DEFINED) - WITH_KERAS:
        for path in modules(stage):
            parts = path.relative_to(ROOT).with_suffix("").parts
            names.append(".".join(parts).removesuffix(".__init__"))
    names = [name.removesuffix(".__init__") for name in names]
    program = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    assert "stages.report.__main__" in names
    assert python(ROOT, "-c", program, *sorted(names)) == (0, "[]\n", "")


def test_every_setting_has_its_comment():
    """On its line, or on the line of its section, for sections with the same keys as another."""
    section_has, bare = False, []
    for line in (ROOT / "params.yaml").read_text(encoding="utf-8").splitlines():
        key, colon, _ = line.partition(":")
        if not colon or key.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            section_has = "#" in line
        elif "#" not in line and not section_has:
            bare.append(key.strip())
    assert bare == []


def test_nothing_in_the_code_names_the_pair():
    pair = {4, 9}
    named = re.compile(r"\b(4s?|four|Four)\b.{0,20}\b(9s?|nines?)\b")
    for path in STAGES.rglob("*.py"):
        module = tree(path)
        described = {
            node.body[0].value
            for node in ast.walk(module)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
        }
        for node in ast.walk(module):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                values = {getattr(element, "value", None) for element in node.elts}
                assert values != pair, f"{path}:{node.lineno}"
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.replace("four-versus-nine", "the project")
                assert node in described or not named.search(text), f"{path}:{node.lineno}"
    for path in STAGES.glob("report/**/*.md"):
        assert not named.search(path.read_text(encoding="utf-8")), path
