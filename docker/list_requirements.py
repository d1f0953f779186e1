"""Print what an extra of pyproject.toml installs, the project itself left out, one line each; or,
for `build`, what its installation needs.

The image installs this list before it copies the code: a changed line of code then costs a layer of
a few kilobytes and not a new download of every dependency.
"""

import re
import sys
import tomllib
from pathlib import Path


def requirements(project: dict, extra: str | None = None) -> list[str]:
    """The requirements of `project`, or of one of its extras, references to itself resolved."""
    listed = project["optional-dependencies"][extra] if extra else project["dependencies"]
    own = re.compile(re.escape(project["name"]) + r"\[(.+)\]")
    found: list[str] = []
    for line in listed:
        reference = own.fullmatch(line)
        if reference:
            for name in reference[1].split(","):
                found += requirements(project, name.strip())
        else:
            found.append(line)
    return found


if __name__ == "__main__":
    settings = tomllib.loads(Path("pyproject.toml").read_text())
    if sys.argv[1] == "build":
        print(*settings["build-system"]["requires"], sep="\n")
    else:
        project = settings["project"]
        print(*requirements(project), *requirements(project, sys.argv[1]), sep="\n")
