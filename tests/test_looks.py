"""The ledger of looks at a test set: what counts as a look, what was frozen when, and what a reader is told."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from govern import canonical, looks
from govern import project as projects
from govern.errors import InputError
from govern.evidence.log import Log
from govern.policy import Policy
from govern.signing.identity import Identity
from govern.signing.trust import Trust
from tests.evidence.samples import POLICY, people

TEST, OTHER = "aa" * 32, "bb" * 32
CHANGED = POLICY.model_copy(update={"version": "2"})


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return people(tmp_path_factory.mktemp("people")).author


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "log.db")


def look(
    log: Log,
    author: Identity,
    *,
    subject: str = "1",
    policy: Policy | None = POLICY,
    dataset: str = TEST,
    allowed: int = 1,
) -> looks.Looks:
    digest = canonical.digest(subject)
    return looks.look(
        log, dataset=dataset, policy=policy, subject=digest, command="check", identity=author, allowed=allowed
    )


def test_the_right_order_leaves_nothing_to_say(log: Log, author: Identity) -> None:
    frozen = looks.freeze(log, POLICY, {"test": TEST}, identity=author)
    seen = look(log, author)
    assert frozen.new
    assert frozen.looked is None
    assert seen.frozen is not None
    assert (seen.frozen.index, seen.frozen.time) == (frozen.entry.index, frozen.entry.time)
    assert (seen.number, seen.of_this_policy, seen.exploratory, seen.freshly) == (1, 1, False, True)
    assert seen.first == seen.look
    assert seen.sentences() == []


def test_a_policy_that_was_never_frozen(log: Log, author: Identity) -> None:
    seen = look(log, author)
    assert (seen.frozen, seen.freshly, seen.exploratory) == (None, False, False)
    assert seen.sentences() == ["the policy was not frozen before the test set was looked at"]


def test_a_second_subject_is_a_second_look(log: Log, author: Identity) -> None:
    looks.freeze(log, POLICY, {"test": TEST}, identity=author)
    first = look(log, author)
    second = look(log, author, subject="2")
    assert (second.number, second.of_this_policy, second.exploratory) == (2, 2, True)
    assert second.first == first.look
    assert second.freshly
    assert second.sentences()[0].startswith("exploratory: look 2 at this test set, and the policy allows 1")
    assert not look(log, author, subject="3", allowed=3).exploratory
    assert look(log, author, subject="4", allowed=3).exploratory


def test_another_policy_is_another_look_too(log: Log, author: Identity) -> None:
    look(log, author)
    second = look(log, author, policy=CHANGED)
    assert (second.number, second.of_this_policy) == (2, 1)
    assert look(log, author, policy=None).number == 3


def test_the_same_again_shows_nothing_new(log: Log, author: Identity) -> None:
    first = look(log, author)
    look(log, author, subject="2")
    assert look(log, author) == first
    assert len(log.find(kind=looks.LOOK)) == 2


def test_another_test_set_is_no_look_at_this_one(log: Log, author: Identity) -> None:
    look(log, author, dataset=OTHER)
    assert look(log, author).number == 1


def test_freezing_twice_changes_nothing(log: Log, author: Identity) -> None:
    once, twice = (looks.freeze(log, POLICY, {"test": TEST}, identity=author) for _ in range(2))
    assert (once.new, twice.new) == (True, False)
    assert once.entry == twice.entry
    assert len(log.entries()) == 1
    body = dict(once.entry.body)
    assert body == {
        "policy": "small",
        "version": "1",
        "sha256": POLICY.sha256,
        "datasets": {"test": TEST},
    }


def test_a_frozen_policy_that_was_changed(log: Log, author: Identity) -> None:
    frozen = looks.freeze(log, POLICY, {"test": TEST}, identity=author)
    seen = look(log, author, policy=CHANGED)
    assert seen.frozen is None
    assert seen.replaced is not None
    assert seen.replaced.time == frozen.entry.time
    assert seen.sentences() == [f"the policy was changed after it was frozen at {frozen.entry.time}"]


def test_frozen_again_after_a_look_is_too_late(log: Log, author: Identity) -> None:
    looks.freeze(log, POLICY, {"test": TEST}, identity=author)
    first = look(log, author)
    again = looks.freeze(log, CHANGED, {"test": TEST}, identity=author)
    assert again.replaced is not None
    assert again.looked == first.look
    seen = look(log, author, policy=CHANGED)
    assert (seen.exploratory, seen.freshly) == (True, False)
    assert any("after the test set had been looked at" in s for s in seen.sentences())


def test_back_to_an_earlier_content_is_a_freeze_of_its_own(log: Log, author: Identity) -> None:
    for policy in (POLICY, CHANGED, POLICY):
        assert looks.freeze(log, policy, {"test": TEST}, identity=author).new
    seen = look(log, author)
    assert seen.frozen is not None
    assert seen.frozen.index == 2
    assert seen.freshly


def test_what_comes_later_does_not_change_a_look(log: Log, author: Identity) -> None:
    first = look(log, author)
    looks.freeze(log, POLICY, {"test": TEST}, identity=author)
    look(log, author, subject="2")
    assert look(log, author) == first


def test_another_test_set_than_the_frozen_one_is_said(log: Log, author: Identity) -> None:
    frozen = looks.freeze(log, POLICY, {"test": TEST, "external": "cc" * 32}, identity=author)
    seen = look(log, author, dataset=OTHER)
    assert (seen.dataset, seen.bound, seen.elsewhere) == (OTHER, TEST, True)
    (said,) = seen.sentences()
    assert "another test set than the one that the policy was frozen with" in said
    assert frozen.entry.time in said
    assert OTHER[:16] in said
    assert TEST[:16] in said
    decision = log.append("decision", {"order": seen.as_json()}, identity=author).entry
    assert any("a test set that is not the frozen one" in what for _, what, _ in looks.events(decision))
    assert looks.recall(log.entries(), decision) == seen
    assert not look(log, author, dataset=TEST).elsewhere
    assert not look(log, author, dataset="cc" * 32).elsewhere, "the external data were frozen too"


def test_freezing_other_data_later_does_not_make_a_look_at_them_fresh(log: Log, author: Identity) -> None:
    looks.freeze(log, POLICY, {"test": TEST}, identity=author)
    assert look(log, author, dataset=OTHER).elsewhere
    looks.freeze(log, POLICY, {"test": OTHER}, identity=author)
    assert look(log, author, dataset=OTHER).elsewhere, "the same look as before"
    second = look(log, author, dataset=OTHER, subject="2", allowed=2)
    assert (second.elsewhere, second.freshly) == (False, False)
    assert "after the test set had been looked at" in second.sentences()[0]


def test_a_freeze_without_a_test_set_binds_none(log: Log, author: Identity) -> None:
    looks.freeze(log, POLICY, {}, identity=author)
    (said,) = look(log, author).sentences()
    assert "frozen without a test set" in said


def test_a_decision_from_before_data_were_recorded_stays_readable(log: Log, author: Identity) -> None:
    looks.freeze(log, POLICY, {"test": OTHER}, identity=author)
    order = look(log, author).as_json()
    del order["dataset"], order["bound"]
    decision = log.append("decision", {"order": order}, identity=author).entry
    stated = looks.read(decision)
    assert stated is not None
    assert stated == looks.recall(log.entries(), decision)
    assert stated.sentences() == []


def test_a_decision_that_lies_about_the_order_is_found(log: Log, author: Identity) -> None:
    looks.freeze(log, POLICY, {"test": TEST}, identity=author)
    look(log, author)
    seen = look(log, author, subject="2")
    decision = log.append("decision", {"order": seen.as_json()}, identity=author).entry
    assert looks.recall(log.entries(), decision) == seen
    assert looks.read(decision) == seen
    assert [what for _, what, _ in looks.events(decision)] == [
        "policy frozen",
        "test set first looked at",
        "look 2 at the test set, before it was measured",
        "decision",
    ]
    lie = log.append("decision", {"order": {**seen.as_json(), "number": 1, "exploratory": False}}, identity=author)
    recalled = looks.recall(log.entries(), lie.entry)
    assert recalled is not None
    assert recalled.as_json() != lie.entry.body["order"]
    without = log.append("decision", {}, identity=author).entry
    assert looks.recall(log.entries(), without) is None
    assert [what for _, what, _ in looks.events(without)] == ["decision"]
    for wrong in ({**seen.as_json(), "exploratory": False}, {"look": 1}, [1]):
        entry = log.append("decision", {"order": wrong}, identity=author).entry
        with pytest.raises(InputError):
            looks.read(entry)


def test_the_ledger_is_part_of_the_verified_log(log: Log, author: Identity, tmp_path: Path) -> None:
    looks.freeze(log, POLICY, {}, identity=author)
    look(log, author)
    trust = Trust(roots=author.chain[-1:])
    assert all(step.ok for step in log.verify(trust))


def _look(path: Path, author_folder: Path, subject: str) -> int:
    from govern.signing import identity

    author = identity.load(author_folder, "author")
    return look(Log(path), author, subject=subject).number


def test_looks_of_many_processes_are_counted_once_each(tmp_path: Path) -> None:
    made = people(tmp_path / "people")
    looks.freeze(Log(tmp_path / "log.db"), POLICY, {}, identity=made.author)
    context = multiprocessing.get_context("spawn")
    arguments = [(tmp_path / "log.db", made.keys, str(i)) for i in range(4)]
    with context.Pool(2) as pool:
        numbers = pool.starmap(_look, arguments)
    assert sorted(numbers) == [1, 2, 3, 4]


def test_measuring_the_test_set_is_a_look_whatever_the_file_is_called(tmp_path: Path) -> None:
    made = people(tmp_path / ".govern")
    (tmp_path / "data").mkdir()
    (tmp_path / "govern.yaml").write_text(
        "schema: govern/project/1\nsystem: {name: small}\npolicy: p.yaml\n"
        "data: {label: died, roles: {test: data/test.csv}}\n"
    )
    test, copy, another = (tmp_path / name for name in ("data/test.csv", "copy.csv", "another.csv"))
    test.write_text("died,p\n1,0.5\n")
    copy.write_bytes(test.read_bytes())
    another.write_text("died,p\n0,0.5\n")
    workspace = projects.load(tmp_path)
    assert looks.look_at_file(workspace, test, scores="p", command="measure") is None  # no snapshot, nothing is locked
    (tmp_path / "data" / "test.csv.manifest.json").write_text(
        json.dumps(
            {
                "schema": "govern/dataset/1",
                "sha256": TEST,
                "files": [{"path": "test.csv", "sha256": canonical.file_sha256(test), "bytes": 1}],
            }
        )
    )
    numbers = [
        seen and seen.number
        for seen in (
            looks.look_at_file(workspace, file, scores=scores, command="measure")
            for file, scores in ((another, "p"), (copy, "p"), (test, "p"), (test, "q"))
        )
    ]
    assert numbers == [None, 1, 1, 2]
    assert made.author.name == Log(workspace.log).entries()[0].actor
    (workspace.keys / "author" / "key.pem").unlink()
    with pytest.raises(InputError):
        looks.look_at_file(workspace, test, scores="r", command="measure")
