"""The order of stages and the estimate of their time, on plans made up here."""

import pytest

from stages.repro.schedule import Stage, behind, estimate, ready, seconds_to_the_end


def planned(**stages: tuple[float, str]) -> dict[str, Stage]:
    """A plan from seconds and the names that a stage needs."""
    return {
        name: Stage(name, frozenset(needs.split()), seconds)
        for name, (seconds, needs) in stages.items()
    }


PLAN = planned(
    data=(2, ""),
    short=(1, "data"),
    long=(10, "data"),
    after=(5, "short"),
    last=(3, "after long"),
    apart=(4, ""),
)


WAYS = seconds_to_the_end(PLAN)


def test_a_stage_starts_after_all_that_it_needs():
    assert ready(PLAN, [], [], WAYS) == ["data", "apart"]
    assert ready(PLAN, ["data"], ["data", "apart"], WAYS) == ["long", "short"]
    assert ready(PLAN, ["data", "long"], ["data", "long", "short", "apart"], WAYS) == []
    assert ready(PLAN, [*PLAN], [*PLAN], WAYS) == []


def test_the_longest_way_to_the_end_goes_first():
    ways = seconds_to_the_end(PLAN)
    assert ways == {"data": 15, "short": 9, "long": 13, "after": 8, "last": 3, "apart": 4}


def test_what_needs_a_failed_stage_is_behind_it():
    assert behind(PLAN, ["short"]) == ["after", "last"]
    assert behind(PLAN, ["apart"]) == []


@pytest.mark.parametrize(("jobs", "seconds"), [(1, 25), (2, 15), (3, 15), (100, 15)])
def test_the_estimate_is_the_end_of_the_schedule(jobs, seconds):
    assert estimate(PLAN, jobs) == seconds


def test_the_estimate_knows_what_is_done_and_running():
    assert estimate(PLAN, 2, ["data", "apart"], {"long": 8.0, "short": 0.0}) == 1 + 5 + 3
    assert estimate(PLAN, 2, [*PLAN]) == 0
    late = estimate(PLAN, 2, ["data", "apart", "short", "after"], {"long": 99.0})
    assert late == 3  # a stage that takes longer than expected may end at any time


def test_a_job_more_than_stages_does_not_wait():
    assert estimate(planned(one=(1, ""), two=(2, "")), 9) == 2
    assert estimate({}, 1) == 0
