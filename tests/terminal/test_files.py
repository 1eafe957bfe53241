"""The virtual file system."""

import pytest

from rcfam.terminal.files import EXECUTABLE, FILE, LINK, Files, FilesError


def test_files_directories_and_what_was_touched() -> None:
    files = Files()
    files.write("a/b.py", b"x")
    files.make_directory("empty")
    assert files["a/b.py"] == (FILE, b"x")
    assert files.listing() == ["a", "empty"]
    assert files.touched == {"a/b.py"}
    files.touched.clear()
    files.chmod("a/b.py", True)
    files.write("a/b.py", b"y")
    assert files["a/b.py"] == (EXECUTABLE, b"y")
    files.rename("a", "c")
    assert files.touched == {"a/b.py", "c/b.py"}
    assert list(files) == ["c/b.py"]
    files.remove("c/b.py")
    files.prune("c")
    assert files.listing() == ["empty"]


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/x", "", ".", "a//b", "a/./b", "a\0b"])
def test_no_path_leaves_the_root(path: str) -> None:
    files = Files()
    with pytest.raises(FilesError):
        files.write(path, b"x")
    assert not files


def test_links_are_followed_inside_the_root_only() -> None:
    files = Files()
    files.write("d/f", b"x")
    files.symlink(b"d", "l")
    files.symlink(b"/etc", "m")
    files.symlink(b"../..", "n")
    files.symlink(b"o", "o")
    assert files["l"].mode == LINK
    assert files.resolve("l/f") == "d/f"
    assert files.resolve("l", follow=False) == "l"
    for path in ("m/passwd", "n/x", "o", "d/f/x", "missing/x"):
        with pytest.raises(FilesError):
            files.resolve(path)


def test_a_failed_operation_changes_nothing() -> None:
    files = Files()
    files.write("a", b"1")
    files.write("d/x", b"2")
    for act in (
        lambda: files.remove("d"),
        lambda: files.remove_directory("d"),
        lambda: files.write("d", b""),
        lambda: files.rename("a", "d"),
        lambda: files.rename("d", "d/e"),
        lambda: files.rename("a", "no/where"),
        lambda: files.make_directory("a/b"),
        lambda: files.symlink(b"t", "a"),
        lambda: files.read("nothing"),
    ):
        with pytest.raises(FilesError):
            act()
    assert dict(files) == {"a": (FILE, b"1"), "d/x": (FILE, b"2")}
