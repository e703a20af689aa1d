"""Finds Java and Maven, and says what to install where they are not.

A test run asks the same question: without the tools it skips, or fails where skipping would hide something.
"""

import re
import shutil
import subprocess

from streams.errors import UserError

LEAST_JAVA = 17  # Apache Kafka 4 asks for it
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')  # Java 8 called itself 1.8
_ANSWERS_WITHIN_S = 30


class ToolMissingError(UserError):
    """Java or Maven is absent, or too old."""


def find_java() -> str:
    """The path of a `java` that can run the broker.

    Raises:
        ToolMissingError: none on the path, or one older than 17.

    """
    java = shutil.which("java")
    if java is None:
        raise ToolMissingError(
            f"the development broker needs Java {LEAST_JAVA} or newer; got no `java` (PATH); "
            "install a Java runtime, e.g. apt install openjdk-17-jre-headless"
        )
    found = _java_version(java)
    if found is None or found < LEAST_JAVA:
        raise ToolMissingError(
            f"the development broker needs Java {LEAST_JAVA} or newer; got {found or 'one that names no version'} "
            f"({java}); install a newer one, or put its folder first on the PATH"
        )
    return java


def find_maven() -> str:
    """The path of `mvn`.

    Raises:
        ToolMissingError: none on the path.

    """
    maven = shutil.which("mvn")
    if maven is None:
        raise ToolMissingError(
            "the development broker is fetched with Maven the first time; got no `mvn` (PATH); "
            "install it, e.g. apt install maven"
        )
    return maven


def _java_version(java: str) -> int | None:
    try:
        told = subprocess.run(  # noqa: S603 - what the path calls java
            [java, "-version"], capture_output=True, text=True, timeout=_ANSWERS_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(told.stderr + told.stdout)
    return int(match[1]) if match else None
