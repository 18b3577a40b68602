"""What a finished run must have left, by what `files` declares."""

import re
from pathlib import Path

from stages.common import artifacts, files


def check_files(finished: Path) -> None:
    """All that lies under data/, and the tables under reports/, hold what they declare, no more."""
    places = {"seed": r"\d+", "label": r"\d+", "split": "validation|test", "layer": r"conv_\d"}
    places = {name: f"({pattern})" for name, pattern in {**places, "model": "cnn|mlp"}.items()}
    made = [file for file in files.FILES if file.stage != files.COMMITTED]
    patterns = {file.path.format(**places): file for file in made}
    seen = set()
    tables = (*finished.glob("reports/*.csv"), *finished.glob("reports/plots/*"))
    for path in sorted((*finished.glob("data/**/*.*"), *tables)):
        name = path.relative_to(finished).as_posix()
        if path.name == ".gitignore":
            continue
        (file,) = (file for pattern, file in patterns.items() if re.fullmatch(pattern, name))
        seen.add(file.path)
        if path.suffix != ".h5":
            content = artifacts.read(file._replace(path=name), root=finished)
            declared = [part for part in artifacts.forms(file) if "{" not in part]
            assert set(declared) <= set(content), name
            if path.suffix == ".csv":
                by_class = {
                    column for column in content if re.fullmatch(r"(mean|active)_\d+", column)
                }
                assert set(content) == set(declared) | by_class, name
                assert not by_class or file is files.MAPS
    missing = {file.path for file in made} - seen
    assert missing == {files.CLAIMS.path, files.METRICS.path}, missing
