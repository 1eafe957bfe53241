"""Texts that fit a screen, and the repository made of them."""

from pathlib import Path

import pytest

from rcfam.history import HistoryError, Repository, Selection
from rcfam.history.synthetic import make_repository
from rcfam.studies.paragraphs import WORDS, paragraphs


def test_texts_fit_and_follow_from_the_seed() -> None:
    made = paragraphs(20, 14, 70, 3)
    assert made == paragraphs(20, 14, 70, 3) != paragraphs(20, 14, 70, 4)
    for text in made:
        lines = text.splitlines()
        assert 7 <= len(lines) <= 14
        assert all(len(line) <= 70 for line in lines)
        assert {word.strip(".").lower() for word in text.split()} <= set(WORDS)


def test_the_repository_holds_the_texts_and_always_the_same_commits(tmp_path: Path) -> None:
    commits = [(f"Text {n}\n", {f"text{n}.txt": text.encode()}) for n, text in enumerate(paragraphs(3, 4, 30, 0))]
    one, other = make_repository(tmp_path / "a.git", commits), make_repository(tmp_path / "b.git", commits)
    assert one == other
    repository = Repository(tmp_path / "a.git")
    found = list(repository.commits(repository.resolve("HEAD"), Selection()))
    assert [commit.message for commit in found] == [message for message, _ in commits]
    assert [change.path for commit in found for change in commit.changes] == ["text0.txt", "text1.txt", "text2.txt"]
    with pytest.raises(HistoryError, match="exists already"):
        make_repository(tmp_path / "a.git", commits)
    with pytest.raises(HistoryError, match="no commits"):
        make_repository(tmp_path / "c.git", [])
