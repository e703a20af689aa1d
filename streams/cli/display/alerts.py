"""Print an alert to a terminal or a pipe."""

from rich.console import Console
from rich.text import Text

from detectors.alerting.sentences import format_alert
from schemas.alert import Alert

_COLOURS = ("cyan", "yellow", "orange1", "red")  # by level


def alert_text(alert: Alert) -> Text:
    """Return an alert as a heading in the colour of the level, and the evidence."""
    heading, _, body = format_alert(alert).partition("\n")
    colour = _COLOURS[min(alert.level, len(_COLOURS) - 1)]
    return Text(heading, style=f"bold {colour}").append("\n" + body + "\n", style="not bold default")


def print_alert(alert: Alert, console: Console) -> None:
    """Print an alert without wrapping lines."""
    console.print(alert_text(alert), highlight=False, soft_wrap=True)


__all__ = ["alert_text", "print_alert"]
