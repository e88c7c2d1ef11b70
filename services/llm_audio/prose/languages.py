"""The names of languages, by the codes that speech recognition gives."""

from __future__ import annotations

from services.llm_audio.prose.phrases import quoted

_TABLE = """
af Afrikaans, am Amharic, ar Arabic, as Assamese, az Azerbaijani, ba Bashkir, be Belarusian, bg Bulgarian, bn Bengali,
bo Tibetan, br Breton, bs Bosnian, ca Catalan, cs Czech, cy Welsh, da Danish, de German, el Greek, en English, es
Spanish, et Estonian, eu Basque, fa Persian, fi Finnish, fo Faroese, fr French, gl Galician, gu Gujarati, ha Hausa,
haw Hawaiian, he Hebrew, hi Hindi, hr Croatian, ht Haitian Creole, hu Hungarian, hy Armenian, id Indonesian, is
Icelandic, it Italian, ja Japanese, jw Javanese, ka Georgian, kk Kazakh, km Khmer, kn Kannada, ko Korean, la Latin, lb
Luxembourgish, ln Lingala, lo Lao, lt Lithuanian, lv Latvian, mg Malagasy, mi Maori, mk Macedonian, ml Malayalam, mn
Mongolian, mr Marathi, ms Malay, mt Maltese, my Burmese, ne Nepali, nl Dutch, nn Nynorsk, no Norwegian, oc Occitan, pa
Punjabi, pl Polish, ps Pashto, pt Portuguese, ro Romanian, ru Russian, sa Sanskrit, sd Sindhi, si Sinhala, sk Slovak,
sl Slovenian, sn Shona, so Somali, sq Albanian, sr Serbian, su Sundanese, sv Swedish, sw Swahili, ta Tamil, te Telugu,
tg Tajik, th Thai, tk Turkmen, tl Tagalog, tr Turkish, tt Tatar, uk Ukrainian, ur Urdu, uz Uzbek, vi Vietnamese, yi
Yiddish, yo Yoruba, yue Cantonese, zh Chinese
"""
NAMES = dict(" ".join(entry.split()).split(" ", 1) for entry in _TABLE.split(","))
"""English names by code."""


def language(code: str) -> str:
    """Names a language after "in"; what is no known code stands as it was given.

    >>> language("en"), language("Portuguese"), language("xx")
    ('English', 'Portuguese', 'the language "xx"')
    """
    if code.lower() in NAMES:
        return NAMES[code.lower()]
    return code if code.isalpha() and len(code) > max(map(len, NAMES)) else f"the language {quoted(code)}"
