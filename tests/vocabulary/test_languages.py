import pytest

from cinematch_lib.errors import UnknownNameError
from cinematch_lib.vocabulary.languages import language_code, language_name, resolve_language


@pytest.mark.parametrize(
    ("code", "names"),
    {
        "ja": ("ja", "JA", " Japanese ", "japanese", "ja-JP", "ja_JP.UTF-8"),
        "bn": ("Bengali", "Bangla", "BN"),
        "or": ("Oriya", "Odia"),
        "nb": ("Norwegian Bokmål", "norwegian bokmal", "nb-NO"),
        "no": ("Norwegian", "no"),
        "sh": ("Serbo-Croatian", "sh"),
        "cn": ("Cantonese", "cn", "yue-HK"),
        "zh": ("Chinese", "Mandarin", "zh-Hant"),
        "xx": ("xx", "zxx", "No Language"),
        "tlh": ("TLH", "tlh-US"),
        "quenya": ("Quenya",),
        "": ("", " ", "None", "nan", "unknown"),
    }.items(),
)
def test_every_spelling_of_a_language_has_one_code(code, names):
    assert {language_code(name) for name in names} == {code}


def test_codes_and_names_lead_to_each_other():
    letters = "abcdefghijklmnopqrstuvwxyz"
    named = {code: language_name(code) for code in (one + other for one in letters for other in letters)}
    named = {code: name for code, name in named.items() if name != code}
    assert len(named) == len(set(named.values())) == 187  # of ISO 639-1 184, and three of TMDb's
    assert all(language_code(code) == language_code(name) == code for code, name in named.items())


def test_a_language_that_no_film_has_is_answered_with_those_that_films_have():
    assert resolve_language("Hindi", ["en", "hi"]) == "hi"
    with pytest.raises(UnknownNameError, match=r"'Hindu'; the commonest here: English, Hindi; did you mean Hindi\?"):
        resolve_language("Hindu", ["en", "hi"])
    with pytest.raises(UnknownNameError, match=r"the commonest here: none$"):
        resolve_language("", [])
