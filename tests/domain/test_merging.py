"""Merging two customers and taking it back, decided without a database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.domain.merging import (
    FIELDS,
    LONGEST_NOTE,
    Evidence,
    Facts,
    Side,
    Step,
    chat_key,
    choose,
    compare_fields,
    entry_key,
    fingerprint,
    join_trees,
    place_case,
    take_out,
    weigh,
)
from renkei.domain.people import sort_key
from renkei.errors import RejectedError

HANAKO = Facts(
    name="山田花子", name_kana="ヤマダハナコ", sort_key=sort_key("山田花子", "ヤマダハナコ"),
    phone="090-1111-2222", e164="+819011112222", email="hanako@example.jp", email_key="hanako@example.jp",
    note="折り返し希望", updated_at="2025-01-31T00:00:00+00:00",
)  # fmt: skip


def make_facts(name: str, kana: str, phone: str, email: str, note: str, at: str) -> Facts:
    e164 = f"+81{phone.replace('-', '')[1:]}" if phone else None
    return Facts(
        name=name, name_kana=kana, sort_key=sort_key(name, kana), phone=phone, e164=e164, email=email,
        email_key=email.casefold(), note=note, updated_at=at,
    )  # fmt: skip


people = st.builds(
    make_facts,
    st.sampled_from(["", "山田", "山田花子", "佐藤"]),
    st.sampled_from(["", "やまだ", "ヤマダ", "サトウ"]),
    st.sampled_from(["", "090-1111-2222", "09011112222", "03-1234-5678"]),
    st.sampled_from(["", "a@example.jp", "A@example.jp", "b@example.jp"]),
    st.sampled_from(["", "一", "二"]),
    st.sampled_from(["t1", "t2"]),
)
keys = st.frozensets(st.sampled_from(["7:id:K-1", "7:id:K-2", "7:chat:c-1", ""]), max_size=3)


def pick(survivor: Facts, merged: Facts, data: st.DataObject) -> dict[str, Side]:
    """Whatever somebody may choose."""
    return {each.field: data.draw(st.sampled_from(each.options)) for each in compare_fields(survivor, merged)}


@given(people, people, st.data())
def test_each_field_has_the_value_of_the_side_chosen_for_it(
    survivor: Facts, merged: Facts, data: st.DataObject
) -> None:
    """Proves B4. The number goes with its compared form, the place in lists with the name."""
    winners = pick(survivor, merged, data)
    chosen = choose(survivor, merged, winners)
    for field, names in FIELDS.items():
        of_winner = merged if winners[field] is Side.MERGED else survivor
        if winners[field] is Side.BOTH:
            assert chosen.note == f"{survivor.note}\n{merged.note}"
        else:
            assert [getattr(chosen, name) for name in names] == [getattr(of_winner, name) for name in names]
    assert chosen.sort_key == sort_key(chosen.name, chosen.name_kana)


@given(people, people)
def test_nothing_one_of_them_had_is_lost_without_somebody_choosing_so(survivor: Facts, merged: Facts) -> None:
    """A field that one of them lacks takes the other's; where both have one and they differ, somebody chooses."""
    chosen = choose(survivor, merged, {})
    for each in compare_fields(survivor, merged):
        if not each.is_conflict and (each.survivor or each.merged):
            assert getattr(chosen, each.field)
    assert choose(survivor, survivor, {}) == survivor


@pytest.mark.parametrize(
    ("ours", "theirs", "is_conflict"),
    [
        ({"phone": "090-1111-2222"}, {"phone": "09011112222"}, False),
        ({"email": "A@Example.jp", "email_key": "a@example.jp"}, {"email": "a@example.jp"}, False),
        ({"name_kana": "ヤマダ"}, {"name_kana": "やまだ"}, False),
        ({"name": "山田花子"}, {"name": "山田 花子"}, False),
        ({"name": "山田"}, {"name": "佐藤"}, True),
        ({"note": "一"}, {"note": "二"}, True),
        ({"note": "一"}, {"note": ""}, False),
        ({"name": "山田", "name_kana": ""}, {"name": "佐藤", "name_kana": "サトウ"}, True),
        ({"name": "山田", "name_kana": ""}, {"name": "山田", "name_kana": "ヤマダ"}, False),
    ],
)
def test_the_same_in_other_writing_is_no_conflict(
    ours: dict[str, str], theirs: dict[str, str], is_conflict: bool
) -> None:
    """A reading is never put to another one's name by itself."""
    both = [Facts(**each, e164="+819011112222" if "phone" in each else None) for each in (ours, theirs)]
    assert any(each.is_conflict for each in compare_fields(*both)) is is_conflict


def test_notes_may_both_stay_while_there_is_room() -> None:
    """The one below the other; never cut."""
    one, other = replace(HANAKO, note="一"), replace(HANAKO, note="二")
    assert choose(one, other, {}).note == "一\n二"
    full = replace(HANAKO, note="長" * LONGEST_NOTE)
    assert Side.BOTH not in {side for each in compare_fields(full, other) for side in each.options}


def test_a_side_that_cannot_be_chosen_is_refused() -> None:
    for winners in ({"name": "both"}, {"name": "merged"}, {"name": "x"}):
        with pytest.raises(RejectedError, match="unknown_choice"):
            choose(HANAKO, replace(HANAKO, name=""), winners)


@given(people, people)
def test_evidence_weighs_the_same_from_either_side(one: Facts, other: Facts) -> None:
    assert weigh(one, other) == weigh(other, one)
    weighed = weigh(one, other)
    assert not {each.value[5:] for each in weighed.speaks_for} & {each.value[6:] for each in weighed.against}


@given(people, people, st.booleans())
def test_nothing_is_suggested_on_a_telephone_number_alone(one: Facts, other: Facts, was_undone: bool) -> None:
    """Proves B4. Families share one; nor what somebody has taken back once."""
    weighed = weigh(one, other, was_undone=was_undone)
    if was_undone or set(weighed.speaks_for) <= {Evidence.SAME_NUMBER}:
        assert not weighed.is_likely
    if {Evidence.OTHER_NAME, Evidence.OTHER_KANA} & set(weighed.against):
        assert not weighed.is_likely


def test_who_is_suggested() -> None:
    """The same address, the same name and reading, or the same name and number; other names never."""
    number, address = {"phone": "090-1", "e164": "+81901"}, {"email": "a@b.jp", "email_key": "a@b.jp"}
    named = {"name": "山田", "name_kana": "ヤマダ"}
    assert weigh(Facts(**address), Facts(**address)).is_likely
    assert weigh(Facts(**named), Facts(**named)).is_likely
    assert weigh(Facts(name="山田", **number), Facts(name="山田", **number)).is_likely
    assert not weigh(Facts(name="山田"), Facts(name="山田")).is_likely
    assert not weigh(Facts(name="山田", **address), Facts(name="佐藤", **address)).is_likely
    against = weigh(HANAKO, HANAKO, has_two_accounts=True, was_undone=True).against
    assert against == (Evidence.TWO_ACCOUNTS, Evidence.UNDONE_BEFORE)


@given(people, people)
def test_a_fingerprint_tells_what_was_seen(one: Facts, other: Facts) -> None:
    """Anything else, or the other direction, has another one."""
    assert fingerprint(one, other) == fingerprint(one, other)
    assert (fingerprint(one, other) == fingerprint(other, one)) is (one == other)
    assert fingerprint(one, other) != fingerprint(one, replace(other, note=other.note + "x"))


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=12))
def test_whatever_is_merged_one_step_leads_to_the_root(wanted: list[tuple[int, int]]) -> None:
    """Proves B4. Chains stay flat and without circles; whoever was merged is refused, the rest goes on."""
    roots: dict[int, int | None] = dict.fromkeys(range(1, 7))
    for merged, survivor in wanted:
        if merged == survivor or roots[merged] is not None or roots[survivor] is not None:
            with pytest.raises(RejectedError, match=r"merge_with_itself|merged_already"):
                join_trees(roots, merged=merged, survivor=survivor)
            continue
        for customer, root in join_trees(
            roots, merged=merged, survivor=survivor
        ).items():  # what the database's trigger asks of each row
            roots[customer] = root
            assert roots[root] is None
            assert customer not in roots.values()
        assert roots[merged] == survivor
    assert all(root is None or roots[root] is None for root in roots.values())


def test_who_was_merged_away_cannot_be_merged_again() -> None:
    """A→B and B→A at once: whoever comes second hears it."""
    after_first = {1: 2, 2: None}
    with pytest.raises(RejectedError, match="merged_already"):
        join_trees(after_first, merged=2, survivor=1)
    with pytest.raises(RejectedError, match="not_found"):
        join_trees({1: None}, merged=1, survivor=2)


@given(people, people, st.data())
def test_a_merge_taken_back_leaves_the_survivor_as_it_was(survivor: Facts, merged: Facts, data: st.DataObject) -> None:
    """Proves B4."""
    after = replace(choose(survivor, merged, pick(survivor, merged, data)), updated_at="t9")
    assert take_out(Step(before=survivor, after=after), [], after).current == survivor


@given(st.lists(people, min_size=2, max_size=5), st.data())
def test_merges_may_be_taken_back_in_any_order(chosen: list[Facts], data: st.DataObject) -> None:
    """Proves B4. In the end the survivor is who it was, sort key and all."""
    first, *others = chosen
    current, steps = first, []
    for place, other in enumerate(others):
        after = replace(choose(current, other, pick(current, other, data)), updated_at=f"m{place}")
        steps.append(Step(before=current, after=after))
        current = after
    while steps:
        place = data.draw(st.integers(0, len(steps) - 1))
        taken = take_out(steps[place], steps[place + 1 :], current)
        assert taken.kept == ()
        current, steps = taken.current, [*steps[:place], *taken.later]
    assert current == first


@given(people, people, people, st.data())
def test_what_people_wrote_after_the_merge_stays_and_is_named(
    survivor: Facts, merged: Facts, written: Facts, data: st.DataObject
) -> None:
    """Proves B4. Everything else goes back."""
    after = replace(choose(survivor, merged, pick(survivor, merged, data)), updated_at="t9")
    taken = take_out(Step(before=survivor, after=after), [], written)
    for field, names in FIELDS.items():
        brought, was, now = ([getattr(each, name) for name in names] for each in (after, survivor, written))
        left = [getattr(taken.current, name) for name in names]
        assert left == (was if brought == now else now)
        assert (field in taken.kept) is (brought not in (was, now))
    assert taken.current.sort_key == sort_key(taken.current.name, taken.current.name_kana)


def test_a_value_written_between_two_merges_stays_when_the_first_is_taken_back() -> None:
    """And what a later merge chose stays without being taken for somebody's writing."""
    start = replace(HANAKO, phone="1", e164=None)
    first = Step(before=start, after=replace(start, phone="2"))
    corrected = replace(start, phone="3")
    by_hand = take_out(first, [Step(before=corrected, after=corrected)], corrected)
    assert (by_hand.current.phone, by_hand.kept) == ("3", ("phone",))
    later = Step(before=first.after, after=replace(start, phone="4"))
    by_merge = take_out(first, [later], later.after)
    assert (by_merge.current.phone, by_merge.kept, by_merge.later[0].before.phone) == ("4", (), "1")


@given(keys, keys, keys, keys, st.sampled_from([None, Side.MERGED, Side.SURVIVOR]))
def test_a_case_nothing_happened_to_goes_where_it_was(
    now: frozenset[str], returning: frozenset[str], staying: frozenset[str], then: frozenset[str], owner: Side | None
) -> None:
    """Proves B4. What came later goes by the id it came under; what has none stays with the survivor."""
    before = None if owner is None else (owner, then)
    placed = place_case(now, returning - {""}, staying - {""}, before)
    if before is not None and then == now:
        assert placed is owner
    elif now and now <= returning - {""}:
        assert placed is Side.MERGED
    elif before is None:
        assert placed is Side.SURVIVOR
    else:
        assert placed is (Side.SURVIVOR if now and now <= staying - {""} else owner)


def test_keys_are_those_that_interactions_carry() -> None:
    """An SNS entry's by its chat setting; the chat that founded a customer without an id."""
    assert entry_key(7, "K-1") == "7:id:K-1"
    assert chat_key("7:weak:x:y") == "7:chat:weak:x:y"
