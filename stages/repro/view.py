"""What a run tells: the estimate, a line as a stage starts and ends, a live view on a terminal."""

import math
from collections.abc import Collection

from rich.console import Console
from rich.live import Live
from rich.text import Text

from stages.repro.children import Child


def about(seconds: float) -> str:
    """A length of time in words, rounded: `about 7 minutes`."""
    if seconds < 90:
        return f"about {max(5 * math.ceil(seconds / 5), 5)} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} minutes"
    return f"about {seconds / 3600:.1f} hours"


def count(stages: int) -> str:
    """A number of stages."""
    return "1 stage" if stages == 1 else f"{stages} stages"


def opening(stages: int, seconds: float, jobs: int) -> str:
    """The first line of a run."""
    return f"repro: {count(stages)}, {about(seconds)}, {jobs} at a time"


def closing(child: Child, left: int, seconds: float) -> str:
    """The line of a stage that has ended well."""
    how = f"done in {child.seconds():.0f} s" if child.ran() else "had nothing to do, or was cached"
    rest = f"{count(left)} left, {about(seconds)}" if left else "none left"
    return f"  {child.name} {how}; {rest}"


class View:
    """Lines, and on a terminal below them the running stages with their last line of output."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self.live = Live(console=self.console, auto_refresh=False, transient=True)

    def __enter__(self) -> "View":
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def say(self, line: str) -> None:
        """Print a line, above the live part."""
        self.console.print(line, markup=False)
        self.console.file.flush()

    def show(self, running: Collection[Child]) -> None:
        """Draw the running stages anew."""
        if self.console.is_terminal:
            rows = [
                f"  {child.name} {child.seconds():4.0f} s  {(child.lines() or [''])[-1].strip()}"
                for child in running
            ]
            text = Text("\n".join(rows), style="dim", no_wrap=True, overflow="ellipsis")
            self.live.update(text, refresh=True)
