"""What is wrong with `params.yaml`, in plain sentences."""

from typing import Any

from ruamel.yaml import YAMLError


def in_yaml(error: YAMLError) -> str:
    """A YAML error as a sentence, without the parser's pictures and addresses."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"{_flat(error)}."
    what = ", ".join(part for part in (error.context, error.problem) if part)
    return f"Line {mark.line + 1}, or one before it: {_flat(what)}."


def in_setting(problem: Any) -> str:
    """One pydantic problem as sentences: the key's path, its value, what is allowed."""
    steps = [step for step in problem["loc"] if not _is_no_key(step)]
    key = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    key = key.removeprefix(".")
    if problem["type"] == "missing":
        return f"{key} is missing. `git show HEAD:params.yaml` has a value for it."
    if problem["type"] in ("extra_forbidden", "invalid_key"):
        return f"{key} is no setting. Its name may be misspelt; params.yaml in Git names all."
    value = "empty" if problem["input"] is None else repr(problem["input"])
    return f"{key} is {value}. {_allowed(problem)}." if key else f"{_allowed(problem)}."


def _allowed(problem: Any) -> str:
    bounds = problem.get("ctx", {})
    match problem["type"]:
        case "int_type" | "int_from_float":
            return "It must be a whole number"
        case "float_type":
            return "It must be a number"
        case "tuple_type":
            return "It must be a list"
        case "model_type":
            return "It must be a section: keys with values, indented"
        case "too_short":
            return f"It must have {bounds['min_length']} or more values"
        case "too_long":
            return f"It must have at most {bounds['max_length']} values"
    text = _flat(problem["msg"]).removeprefix("Value error, ")
    return text.replace("Input should be", "It must be")


def _is_no_key(step: str | int) -> bool:
    """Pydantic puts the form of `analysis.exemplars`, and of a key no text, into the path."""
    return isinstance(step, str) and step.startswith("[")


def _flat(text: object) -> str:
    return " ".join(str(text).split())
