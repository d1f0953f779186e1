"""Disks: one that is full, and what a process holds open of them."""

from pathlib import Path

FULL = Path("/dev/full")  # refuses what is written to it, as a full disk does


def open_files(folder: Path) -> list[str]:
    """Files of a folder that this process holds open, those without a name included."""
    links = []
    for descriptor in Path("/proc/self/fd").glob("*"):
        try:
            links.append(str(descriptor.readlink()))
        except FileNotFoundError:  # closed since the folder was read
            continue
    return [link for link in links if link.startswith(str(folder))]
