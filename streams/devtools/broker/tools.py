"""Find Java and Maven; the errors name the package to install.

Tests without the tools are skipped, or fail where a skip would hide a defect.
"""

import re
import shutil
import subprocess

from streams.errors import UserError

MIN_JAVA = 17  # for Apache Kafka 4
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')  # Java 8 called itself 1.8
_ANSWERS_WITHIN_S = 30


class ToolMissingError(UserError):
    """Failure to find Java or Maven, or a version that is too old."""


def find_java() -> str:
    """Return the path of a `java` that can run the broker.

    Raises:
        ToolMissingError: PATH has no `java`, or one older than 17.

    """
    java = shutil.which("java")
    if java is None:
        raise ToolMissingError(
            f"the development broker needs Java {MIN_JAVA} or newer, and PATH has no `java`; "
            "install a Java runtime, e.g. apt install openjdk-17-jre-headless"
        )
    found = _java_version(java)
    if found is None or found < MIN_JAVA:
        raise ToolMissingError(
            f"the development broker needs Java {MIN_JAVA} or newer, and {java} is {found or 'of an unknown version'}; "
            "install a newer Java, or put the folder of one first on PATH"
        )
    return java


def find_maven() -> str:
    """Return the path of `mvn`.

    Raises:
        ToolMissingError: PATH has no `mvn`.

    """
    maven = shutil.which("mvn")
    if maven is None:
        raise ToolMissingError(
            "the first start of the development broker needs Maven, and PATH has no `mvn`; "
            "install Maven, e.g. apt install maven"
        )
    return maven


def _java_version(java: str) -> int | None:
    try:
        done = subprocess.run(  # noqa: S603 - the `java` on PATH
            [java, "-version"], capture_output=True, text=True, timeout=_ANSWERS_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(done.stderr + done.stdout)
    return int(match[1]) if match else None
