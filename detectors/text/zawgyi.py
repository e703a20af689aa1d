"""Convert Burmese in the Zawgyi font encoding to Unicode.

Zawgyi gives the code points of the Myanmar block other meanings: letters are stored in the order of their shapes, from
left to right, and many shapes of one letter have code points of their own. The conversion follows the transform
Zawgyi-my of the Unicode Common Locale Data Repository.
"""

import re

_CONSONANT = "\u1000-\u1021\u1023-\u1027\u1029\u102a\u103f\u104e"
_MYANMAR = re.compile("[\u1000-\u109f]")
# A vowel e that follows no consonant, or a virama that precedes none: Unicode text of any language has neither.
_ZAWGYI = re.compile(
    "(?<![\u1000-\u1021\u103b-\u103f\u1025\u1027\u1029\u1050-\u108f])\u1031(?=[\u1000-\u109f])|\u1039(?![\u1000-\u1021])"
)
_SHAPES = {
    "\u1033": "\u102f",
    "\u1034": "\u1030",
    "\u1039": "\u103a",
    "\u103a": "\u103b",
    "\u103b": "\u103c",
    "\u103c": "\u103d",
    "\u103d": "\u103e",
    "\u105a": "\u102b\u103a",
    "\u1064": "\u1004\u103a\u1039",
    "\u1069": "\u1039\u1008",
    "\u106a": "\u1009",
    "\u106b": "\u100a",
    "\u106e": "\u100d\u1039\u100d",
    "\u106f": "\u100d\u1039\u100e",
    "\u107d": "\u103b",
    "\u1086": "\u103f",
    "\u1087": "\u103e",
    "\u1088": "\u103e\u102f",
    "\u1089": "\u103e\u1030",
    "\u108a": "\u103d\u103e",
    "\u108b": "\u1004\u103a\u1039\u102d",
    "\u108c": "\u1004\u103a\u1039\u102e",
    "\u108d": "\u1004\u103a\u1039\u1036",
    "\u108e": "\u102d\u1036",
    "\u108f": "\u1014",
    "\u1090": "\u101b",
    "\u1091": "\u100f\u1039\u100d",
    "\u1092": "\u100b\u1039\u100c",
    "\u1094": "\u1037",
    "\u1095": "\u1037",
    "\u1096": "\u1039\u1010\u103d",
    "\u1097": "\u100b\u1039\u100b",
    **dict.fromkeys("\u107e\u107f\u1080\u1081\u1082\u1083\u1084", "\u103c"),
}
# Consonants under another one, by the code point of the shape.
_SUBSCRIPTS = zip(
    "\u1060\u1061\u1062\u1063\u1065\u1066\u1067\u1068\u106c\u106d\u1070\u1071\u1072\u1073\u1074\u1075\u1076\u1077\u1078"
    "\u1079\u107a\u107b\u107c\u1085\u1093",
    "\u1000\u1001\u1002\u1003\u1005\u1006\u1006\u1007\u100b\u100c\u100f\u1010\u1010\u1011\u1011\u1012\u1013\u1014\u1015"
    "\u1016\u1017\u1018\u1019\u101c\u1018",
    strict=True,
)
_TABLE = str.maketrans(_SHAPES | {shape: "\u1039" + letter for shape, letter in _SUBSCRIPTS})
_KINZI = re.compile("([\u1000-\u1021])((?:\u1039[\u1000-\u1021])?[\u103b\u103d\u103e]*)(\u1004\u103a\u1039)")
_BEFORE = re.compile(f"(\u1031?)(\u103c?)([{_CONSONANT}])((?:\u1039[\u1000-\u1021])?)([\u103b\u103d\u103e]*)")
_SIGNS = re.compile("[\u102b-\u1030\u1032\u1036-\u1038\u103a]{2,}")
_SIGN_ORDER = "\u102d\u102e\u1032\u102f\u1030\u102b\u102c\u1036\u1037\u103a\u1038"
_LONE_E = re.compile(f"(?<![{_CONSONANT}\u103b-\u103e])\u1031")
_FINISH = (
    ("\u1005\u103b", "\u1008"),
    ("\u101e\u103c\u1031\u102c\u103a", "\u102a"),
    ("\u101e\u103c", "\u1029"),
    ("\u1025\u102e", "\u1026"),
    ("\u1025\u103a", "\u1009\u103a"),
)


def zawgyi_to_unicode(text: str) -> str:
    """Return a text in Unicode if its Burmese is in Zawgyi, and the same text otherwise."""
    if _MYANMAR.search(text) is None or _ZAWGYI.search(text) is None:
        return text
    text = text.translate(_TABLE)
    text = _KINZI.sub(r"\3\1\2", text)
    text = _BEFORE.sub(_in_order, text)
    text = _SIGNS.sub(lambda match: "".join(sorted(match[0], key=_SIGN_ORDER.index)), text)
    text = _LONE_E.sub("", text)
    for written, letter in _FINISH:
        text = text.replace(written, letter)
    return text


def _in_order(match: "re.Match[str]") -> str:
    """Put the vowel e and the medial ra, drawn before a consonant, after the consonant; medials in their order."""
    e, ra, consonant, under, medials = match.groups()
    return consonant + under + "".join(sorted(set(ra + medials))) + e
