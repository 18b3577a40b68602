"""The data dictionary in `stages/README.md` against the declarations that readers check."""

from stages.common import dictionary, files

from .project import ROOT


def test_the_readme_has_the_dictionary_of_the_declarations():
    page = (ROOT / dictionary.README).read_text(encoding="utf-8")
    assert dictionary.replaced(page) == page, "run `python -m stages.common.dictionary`"


def test_no_two_declarations_share_a_path():
    paths = [file.path for file in files.FILES]
    assert len(set(paths)) == len(paths)
