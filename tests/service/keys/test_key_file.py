import pytest

from service.keys.key import Key, Limits
from service.keys.key_file import read_keys


def keys_of(tmp_path, text: str, plain: tuple[str, ...] = ()) -> tuple[Key, ...]:
    file = tmp_path / "keys"
    file.write_text(text)
    return read_keys(plain, file)


def test_a_file_of_plain_keys(tmp_path):
    first, second = keys_of(tmp_path, "one\n\n  two==  \n")
    assert (first, second) == (Key("one", "key-1"), Key("two==", "key-2"))
    assert first.limits == Limits(None, None, None)


def test_names_limits_and_comments(tmp_path):
    text = """\ufeff# who may ask
    s3cret  name=shop  concurrency=2\trequests_per_minute=60 pixels_per_day=500M # the shop
    other pixels_per_day=1_500k
    """
    shop, other = keys_of(tmp_path, text)
    assert shop == Key("s3cret", "shop", Limits(2, 60, 500_000_000))
    assert other == Key("other", "key-2", Limits(pixels_per_day=1_500_000))


def test_keys_of_the_setting_come_first(tmp_path):
    keys = keys_of(tmp_path, "c name=last\nd\n", ("a", "b"))
    assert [(key.secret, key.name) for key in keys] == [
        ("a", "key-1"),
        ("b", "key-2"),
        ("c", "last"),
        ("d", "key-4"),
    ]
    assert read_keys(("a",), None) == (Key("a", "key-1"),)
    assert read_keys((), None) == ()


def test_a_key_is_not_shown(tmp_path):
    assert "s3cret" not in repr(keys_of(tmp_path, "s3cret name=shop"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no key"),
        ("# s3cret\n", "holds no key"),
        ("a\ns3cret concurency=2", "line 2 .*did you mean concurrency"),
        ("s3cret colour=red", "line 1 .*there are name, concurrency, requests_per_minute"),
        ("s3cret concurrency=0", "concurrency is a whole number above 0"),
        ("s3cret concurrency=-1", "concurrency is a whole number above 0"),
        ("s3cret requests_per_minute=1.5", "requests_per_minute is a whole number"),
        ("s3cret pixels_per_day=", "pixels_per_day is a whole number"),
        ("s3cret pixels_per_day=1T", "pixels_per_day is a whole number"),
        ("s3cret concurrency=1 concurrency=2", "concurrency is there twice"),
        ("my s3cret", "name=shop or concurrency=2 only"),
        ("s3cret name=", "a name is 1 to 64"),
        ('s3cret name="shop"', "a name is 1 to 64"),
        ("s3cret\nother\ns3cret", "keys 1 and 3 .* one key"),
        ("s3cret name=shop\nother name=shop", "keys 1 and 2 .shop. have one name"),
        ("s3cret name=key-2\nother", "keys 1 and 2 .* have one name"),
    ],
)
def test_what_makes_no_sense_is_told_without_the_key(tmp_path, text, words):
    with pytest.raises(ValueError, match=words) as refusal:
        keys_of(tmp_path, text)
    assert "s3cret" not in str(refusal.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ValueError, match="nowhere cannot be read: No such file"):
        read_keys((), tmp_path / "nowhere")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="binary is no text in UTF-8"):
        read_keys((), tmp_path / "binary")
