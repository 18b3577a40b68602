"""The data dictionary in `stages/README.md` against the declarations that readers check."""

from stages.common import artifacts, dictionary, files

from .project import ROOT


def test_the_readme_has_the_dictionary_of_the_declarations():
    page = (ROOT / dictionary.README).read_text(encoding="utf-8")
    assert dictionary.replaced(page) == page, "run `python -m stages.common.dictionary`"


def test_it_names_every_file_and_everything_in_it():
    page = (ROOT / dictionary.README).read_text(encoding="utf-8")
    assert len(files.FILES) > 30
    for file in files.FILES:
        assert f"`{file.path}`" in page
        for name, form in artifacts.forms(file).items():
            assert f"`{name}`" in page
            assert form.meaning in page


def test_no_two_declarations_share_a_path():
    paths = [file.path for file in files.FILES]
    assert len(set(paths)) == len(paths)
