"""The vocabulary of original languages: one code for each, and its names in English."""

import re
from collections.abc import Collection
from functools import lru_cache

from cinematch_lib.errors import UnknownNameError, close_names
from cinematch_lib.vocabulary.lists import FILLERS
from cinematch_lib.vocabulary.spelling import fold

_NAMED = 10  # languages in an error
_WITH_REGION = re.compile(r"\s*([A-Za-z]{2,3})[-_]\w+.*")
# The codes of ISO 639-1, and cn, sh and xx of TMDb's; behind each its name, then other names and codes of it. The names
# are those of Unicode CLDR, but for Bengali.
_TABLE = """
aa Afar, ab Abkhazian, ae Avestan, af Afrikaans, ak Akan, am Amharic, an Aragonese, ar Arabic, as Assamese, av Avaric,
ay Aymara, az Azerbaijani, ba Bashkir, be Belarusian, bg Bulgarian, bh Bihari, bi Bislama, bm Bambara,
bn Bengali/Bangla, bo Tibetan, br Breton, bs Bosnian, ca Catalan/Valencian, ce Chechen, ch Chamorro, cn Cantonese/yue,
co Corsican, cr Cree, cs Czech, cu Church Slavic/Old Church Slavonic, cv Chuvash, cy Welsh, da Danish, de German,
dv Divehi/Dhivehi/Maldivian, dz Dzongkha, ee Ewe, el Greek/Modern Greek, en English, eo Esperanto,
es Spanish/Castilian, et Estonian, eu Basque, fa Persian/Farsi, ff Fula/Fulah, fi Finnish, fj Fijian, fo Faroese,
fr French, fy Western Frisian/Frisian, ga Irish, gd Scottish Gaelic/Gaelic, gl Galician, gn Guarani, gu Gujarati,
gv Manx, ha Hausa, he Hebrew/iw, hi Hindi, ho Hiri Motu, hr Croatian, ht Haitian Creole/Haitian, hu Hungarian,
hy Armenian, hz Herero, ia Interlingua, id Indonesian/in, ie Interlingue/Occidental, ig Igbo, ii Sichuan Yi/Nuosu,
ik Inupiaq, io Ido, is Icelandic, it Italian, iu Inuktitut, ja Japanese, jv Javanese/jw, ka Georgian, kg Kongo,
ki Kikuyu/Gikuyu, kj Kuanyama/Kwanyama, kk Kazakh, kl Kalaallisut/Greenlandic, km Khmer/Central Khmer, kn Kannada,
ko Korean, kr Kanuri, ks Kashmiri, ku Kurdish, kv Komi, kw Cornish, ky Kyrgyz/Kirghiz, la Latin,
lb Luxembourgish/Letzeburgesch, lg Ganda, li Limburgish/Limburgan, ln Lingala, lo Lao, lt Lithuanian, lu Luba-Katanga,
lv Latvian, mg Malagasy, mh Marshallese, mi Māori, mk Macedonian, ml Malayalam, mn Mongolian, mr Marathi, ms Malay,
mt Maltese, my Burmese, na Nauru, nb Norwegian Bokmål/Bokmål, nd North Ndebele, ne Nepali, ng Ndonga,
nl Dutch/Flemish, nn Norwegian Nynorsk/Nynorsk, no Norwegian, nr South Ndebele, nv Navajo/Navaho,
ny Nyanja/Chichewa/Chewa, oc Occitan/Provençal, oj Ojibwa, om Oromo, or Odia/Oriya, os Ossetic/Ossetian,
pa Punjabi/Panjabi, pi Pali, pl Polish, ps Pashto/Pushto, pt Portuguese, qu Quechua, rm Romansh, rn Rundi,
ro Romanian/Moldavian/Moldovan/mo, ru Russian, rw Kinyarwanda, sa Sanskrit, sc Sardinian, sd Sindhi, se Northern Sami,
sg Sango, sh Serbo-Croatian, si Sinhala/Sinhalese, sk Slovak, sl Slovenian/Slovene, sm Samoan, sn Shona, so Somali,
sq Albanian, sr Serbian, ss Swati, st Southern Sotho, su Sundanese, sv Swedish, sw Swahili, ta Tamil, te Telugu,
tg Tajik, th Thai, ti Tigrinya, tk Turkmen, tl Tagalog/Filipino/fil, tn Tswana, to Tongan/Tonga, tr Turkish, ts Tsonga,
tt Tatar, tw Twi, ty Tahitian, ug Uyghur/Uighur, uk Ukrainian, ur Urdu, uz Uzbek, ve Venda, vi Vietnamese, vo Volapük,
wa Walloon, wo Wolof, xh Xhosa, xx No language/zxx, yi Yiddish/ji, yo Yoruba, za Zhuang/Chuang,
zh Chinese/Mandarin/Mandarin Chinese/cmn, zu Zulu
"""
_NAMES = {code: names.split("/") for code, _, names in (one.strip().partition(" ") for one in _TABLE.split(","))}
_CODES = {fold(name): code for code, names in _NAMES.items() for name in (code, *names)}


@lru_cache(maxsize=4096)
def language_code(name: str) -> str:
    """The code of a language that is given by a code, maybe with a region, or by its English name, in any case.

    A language outside the vocabulary is kept in lower case; "" stands for an unknown one.

    >>> [language_code(name) for name in ("JA", "Japanese", "pt-BR", "cantonese", " Klingon ", "unknown")]
    ['ja', 'ja', 'pt', 'cn', 'klingon', '']
    """
    with_region = _WITH_REGION.fullmatch(name)
    text = " ".join((with_region[1] if with_region else name).casefold().split())
    return _CODES.get(fold(text)) or ("" if text in FILLERS else text)


def language_name(code: str) -> str:
    """The English name of a language that `language_code` gives.

    >>> language_name("ja"), language_name("xx"), language_name("klingon"), language_name("tlh")
    ('Japanese', 'No language', 'Klingon', 'tlh')
    """
    names = _NAMES.get(code)
    return names[0] if names else code if len(code) <= 3 else code.title()


def resolve_language(name: str, known: Collection[str]) -> str:
    """The one of the codes `known`, the commonest first, that `name` means, see `language_code`.

    Raises UnknownNameError with the languages whose names are similar.

    >>> resolve_language("japanese", ["en", "ja"])
    'ja'
    """
    code = language_code(name)
    if code in known:
        return code
    names = [language_name(one) for one in known]
    commonest = ", ".join(names[:_NAMED]) or "none"
    raise UnknownNameError(
        f"no film here has the original language {name!r}; the commonest here: {commonest}", close_names(name, names)
    )
