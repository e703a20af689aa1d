"""Layouts and words of WhatsApp's exports as phones of many regions write them, with invented people and texts.

A layout is a format string over the parts of a time: `d`, `m`, `y` (two digits), `Y`, `H` (24 hours), `h` (12 hours), `M`,
`S` and `p` (the word for the part of the day). `dd`, `mm`, `HH` and `hh` have two digits.
"""

from datetime import datetime
from typing import NamedTuple

LRM = "\u200e"
NBSP = "\u00a0"
NNBSP = "\u202f"


class Phone(NamedTuple):
    """A region's layouts, and the words of its language."""

    android: str
    ios: str
    am: str
    pm: str
    omitted: str  # on Android, in angle brackets
    deleted: str
    edited: str
    attached: str  # behind a file name, in round brackets
    created: str  # a system message with the group "Lot 4: sheep"
    digits: str = "0123456789"

    def header(self, at: datetime, *, ios: bool = False) -> str:
        """Return the header of a message."""
        hour = at.hour % 12 or 12
        parts = {
            "d": at.day, "m": at.month, "y": f"{at.year % 100:02d}", "Y": at.year, "H": at.hour, "h": hour,
            "dd": f"{at.day:02d}", "mm": f"{at.month:02d}", "HH": f"{at.hour:02d}", "hh": f"{hour:02d}",
            "M": f"{at.minute:02d}", "S": f"{at.second:02d}", "p": self.pm if at.hour >= 12 else self.am,
        }  # fmt: skip
        written = (self.ios if ios else self.android).format(**parts)
        return written.translate(dict(zip(range(48, 58), self.digits, strict=True)))


DEVANAGARI, BENGALI = "०१२३४५६७८९", "০১২৩৪৫৬৭৮৯"
ARABIC, PERSIAN = "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"

PHONES = {
    "en-US": Phone("{m}/{d}/{y}, {h}:{M}\u202f{p} - ", "[{m}/{d}/{y}, {h}:{M}:{S}\u202f{p}] ", "AM", "PM", "Media omitted", "This message was deleted", "This message was edited", "file attached", 'Ada created group "Lot 4: sheep"'),
    "en-GB": Phone("{dd}/{mm}/{Y}, {HH}:{M} - ", "[{dd}/{mm}/{Y}, {HH}:{M}:{S}] ", "am", "pm", "Media omitted", "You deleted this message", "This message was edited", "file attached", 'Ada changed the subject to "Lot 4: sheep"'),
    "en-IN": Phone("{dd}/{mm}/{y}, {h}:{M} {p} - ", "[{dd}/{mm}/{y}, {h}:{M}:{S} {p}] ", "am", "pm", "Media omitted", "This message was deleted", "This message was edited", "file attached", 'Ada changed the group name to "Lot 4: sheep"'),
    "de": Phone("{dd}.{mm}.{y}, {HH}:{M} - ", "[{dd}.{mm}.{y}, {HH}:{M}:{S}] ", "vorm.", "nachm.", "Medien ausgeschlossen", "Diese Nachricht wurde gelöscht.", "Diese Nachricht wurde bearbeitet.", "Datei angehängt", "Ada hat die Gruppe „Lot 4: sheep“ erstellt."),
    "es": Phone("{d}/{m}/{y}, {H}:{M} - ", "[{d}/{m}/{y}, {h}:{M}:{S}\u202f{p}] ", "a.\u00a0m.", "p.\u00a0m.", "Multimedia omitido", "Se eliminó este mensaje.", "Se editó este mensaje.", "archivo adjunto", 'Ada creó el grupo "Lot 4: sheep"'),
    "es-MX": Phone("{d}/{m}/{Y}, {h}:{M} {p} - ", "[{d}/{m}/{y}, {h}:{M}:{S} {p}] ", "a. m.", "p. m.", "Multimedia omitido", "Eliminaste este mensaje.", "Se editó este mensaje.", "archivo adjunto", "Ada cambió el asunto de “Lot: 3” a “Lot 4: sheep”"),
    "pt-BR": Phone("{dd}/{mm}/{Y} {HH}:{M} - ", "[{dd}/{mm}/{Y}, {HH}:{M}:{S}] ", "AM", "PM", "Mídia oculta", "Mensagem apagada", "Mensagem editada", "arquivo anexado", 'Ada criou o grupo "Lot 4: sheep"'),
    "pt-PT": Phone("{dd}/{mm}/{y}, {HH}:{M} - ", "[{dd}/{mm}/{y}, {HH}:{M}:{S}] ", "da manhã", "da tarde", "Ficheiro não revelado", "Apagou esta mensagem.", "Esta mensagem foi editada", "ficheiro anexado", "Ada alterou o assunto para “Lot 4: sheep”"),
    "fr": Phone("{dd}/{mm}/{Y}, {HH}:{M} - ", "[{dd}/{mm}/{Y} {HH}:{M}:{S}] ", "AM", "PM", "Médias omis", "Ce message a été supprimé", "Ce message a été modifié", "fichier joint", "Ada a créé le groupe « Lot 4: sheep »"),
    "fr-CA": Phone("{Y}-{mm}-{dd} {HH} h {M} - ", "[{Y}-{mm}-{dd} à {HH}:{M}:{S}] ", "AM", "PM", "Fichier omis", "Vous avez supprimé ce message", "Ce message a été modifié", "fichier joint", "Ada a changé l’objet de « Lot 3 » en « Lot 4: sheep »"),
    "it": Phone("{dd}/{mm}/{y}, {HH}:{M} - ", "[{dd}/{mm}/{y}, {HH}:{M}:{S}] ", "AM", "PM", "Media omessi", "Questo messaggio è stato eliminato", "Questo messaggio è stato modificato", "file allegato", 'Ada ha creato il gruppo "Lot 4: sheep"'),
    "nl": Phone("{dd}-{mm}-{Y} {HH}:{M} - ", "[{dd}-{mm}-{Y} {HH}:{M}:{S}] ", "a.m.", "p.m.", "Media weggelaten", "Dit bericht is verwijderd", "Dit bericht is bewerkt", "bestand bijgevoegd", 'Ada heeft de groep "Lot 4: sheep" gemaakt'),
    "tr": Phone("{d}.{mm}.{Y} {HH}:{M} - ", "[{d}.{mm}.{Y} {HH}:{M}:{S}] ", "ÖÖ", "ÖS", "Medya dahil edilmedi", "Bu mesaj silindi", "Bu mesaj düzenlendi", "dosya ekli", 'Ada "Lot 4: sheep" grubunu oluşturdu'),
    "tr-12": Phone("{d}.{mm}.{Y} {p} {h}:{M} - ", "[{d}.{mm}.{Y} {p} {h}:{M}:{S}] ", "ÖÖ", "ÖS", "Medya dahil edilmedi", "Bu mesajı sildiniz", "Bu mesaj düzenlendi", "dosya ekli", 'Ada konuyu "Lot 4: sheep" olarak değiştirdi'),
    "id": Phone("{dd}/{mm}/{y} {HH}.{M} - ", "[{dd}/{mm}/{y} {HH}.{M}.{S}] ", "AM", "PM", "Media tidak disertakan", "Pesan ini dihapus", "Pesan ini diedit", "file terlampir", 'Ada membuat grup "Lot 4: sheep"'),
    "ms": Phone("{d}/{mm}/{y}, {h}:{M} {p} - ", "[{d}/{mm}/{y}, {h}:{M}:{S} {p}] ", "PG", "PTG", "Media disingkirkan", "Mesej ini telah dipadam", "Mesej ini telah diedit", "fail dilampirkan", 'Ada mencipta kumpulan "Lot 4: sheep"'),
    "hi": Phone("{d}/{m}/{y}, {h}:{M} {p} - ", "[{dd}/{mm}/{y}, {h}:{M}:{S} {p}] ", "पूर्वाह्न", "अपराह्न", "मीडिया शामिल नहीं किया गया", "यह मैसेज डिलीट कर दिया गया", "इस मैसेज में बदलाव किया गया", "फ़ाइल संलग्न है", 'Ada ने ग्रुप "Lot 4: sheep" बनाया', DEVANAGARI),
    "bn": Phone("{d}/{m}/{y}, {h}:{M} {p} - ", "[{d}/{m}/{y}, {h}:{M}:{S} {p}] ", "AM", "PM", "মিডিয়া বাদ দেওয়া হয়েছে", "এই মেসেজটি মুছে ফেলা হয়েছে", "এই মেসেজটি এডিট করা হয়েছে", "ফাইল সংযুক্ত", 'Ada "Lot 4: sheep" গ্রুপ তৈরি করেছেন', BENGALI),
    "mr": Phone("{d}/{m}/{y}, {h}:{M} {p} - ", "[{d}/{m}/{y}, {h}:{M}:{S} {p}] ", "म.पू.", "म.उ.", "मीडिया वगळले", "हा मेसेज हटवला गेला", "हा मेसेज संपादित केला गेला", "फाइल संलग्न", 'Ada यांनी "Lot 4: sheep" ग्रुप तयार केला', DEVANAGARI),
    "ta": Phone("{d}/{m}/{y}, {p} {h}:{M} - ", "[{d}/{m}/{y}, {p} {h}:{M}:{S}] ", "முற்பகல்", "பிற்பகல்", "மீடியா சேர்க்கப்படவில்லை", "இந்தச் செய்தி நீக்கப்பட்டது", "இந்த மெசேஜ் திருத்தப்பட்டது", "கோப்பு இணைக்கப்பட்டுள்ளது", 'Ada "Lot 4: sheep" குழுவை உருவாக்கினார்'),
    "te": Phone("{dd}-{mm}-{y}, {h}:{M} {p} - ", "[{dd}-{mm}-{y}, {h}:{M}:{S} {p}] ", "AM", "PM", "మీడియా విస్మరించబడింది", "ఈ సందేశం తొలగించబడింది", "ఈ సందేశం సవరించబడింది", "ఫైల్ జోడించబడింది", 'Ada "Lot 4: sheep" గ్రూప్‌ను సృష్టించారు'),
    "kn": Phone("{d}/{m}/{y}, {hh}:{M} {p} - ", "[{d}/{m}/{y}, {hh}:{M}:{S} {p}] ", "ಪೂರ್ವಾಹ್ನ", "ಅಪರಾಹ್ನ", "ಮಾಧ್ಯಮವನ್ನು ಕೈಬಿಡಲಾಗಿದೆ", "ಈ ಸಂದೇಶವನ್ನು ಅಳಿಸಲಾಗಿದೆ", "ಈ ಸಂದೇಶವನ್ನು ಎಡಿಟ್ ಮಾಡಲಾಗಿದೆ", "ಫೈಲ್ ಲಗತ್ತಿಸಲಾಗಿದೆ", 'Ada "Lot 4: sheep" ಗುಂಪನ್ನು ರಚಿಸಿದರು'),
    "gu": Phone("{d}/{m}/{y}, {hh}:{M} {p} - ", "[{d}/{m}/{y}, {hh}:{M}:{S} {p}] ", "AM", "PM", "મીડિયા શામેલ નથી", "આ મેસેજ ડિલીટ કરાયો", "આ મેસેજ એડિટ કરાયો", "ફાઇલ જોડાયેલ", 'Ada એ "Lot 4: sheep" ગ્રૂપ બનાવ્યું'),
    "ur": Phone("{d}/{m}/{y}، {h}:{M} {p} - ", "[{d}/{m}/{y}، {h}:{M}:{S} {p}] ", "AM", "PM", "میڈیا شامل نہیں", "یہ پیغام حذف کر دیا گیا", "اس میسج میں ترمیم کی گئی", "فائل منسلک ہے", 'Ada نے "Lot 4: sheep" گروپ بنایا'),
    "ar": Phone("{d}\u200f/{m}\u200f/{Y}، {h}:{M} {p} - ", "[{d}\u200f/{m}\u200f/{Y}، {h}:{M}:{S} {p}] ", "ص", "م", "تم استبعاد الوسائط", "تم حذف هذه الرسالة", "تم تعديل هذه الرسالة", "الملف مرفق", 'أنشأت Ada المجموعة "Lot 4: sheep"', ARABIC),
    "he": Phone("{d}.{m}.{Y}, {HH}:{M} - ", "[{d}.{m}.{Y}, {HH}:{M}:{S}] ", "לפנה״צ", "אחה״צ", "המדיה לא נכללה", "הודעה זו נמחקה", "הודעה זו נערכה", "קובץ מצורף", 'Ada יצרה את הקבוצה "Lot 4: sheep"'),
    "fa": Phone("{Y}/{m}/{d}،\u200f {HH}:{M} - ", "[{Y}/{m}/{d}،\u200f {HH}:{M}:{S}] ", "ق.ظ.", "ب.ظ.", "رسانه حذف شد", "این پیام حذف شد", "این پیام ویرایش شد", "فایل پیوست شده", 'Ada گروه "Lot 4: sheep" را ساخت', PERSIAN),
    "ru": Phone("{dd}.{mm}.{Y}, {HH}:{M} - ", "[{dd}.{mm}.{Y}, {HH}:{M}:{S}] ", "ДП", "ПП", "Без медиафайлов", "Данное сообщение удалено", "Сообщение изменено", "файл добавлен", "Ada создал(-а) группу «Lot 4: sheep»"),
    "uk": Phone("{dd}.{mm}.{y}, {HH}:{M} - ", "[{dd}.{mm}.{y}, {HH}:{M}:{S}] ", "дп", "пп", "Медіа пропущено", "Це повідомлення видалено", "Це повідомлення відредаговано", "файл додано", "Ada створила групу «Lot 4: sheep»"),
    "pl": Phone("{d}.{mm}.{Y}, {HH}:{M} - ", "[{d}.{mm}.{Y}, {HH}:{M}:{S}] ", "AM", "PM", "Pominięto multimedia", "Ta wiadomość została usunięta", "Ta wiadomość została zmieniona", "plik załączony", "Ada utworzył(a) grupę „Lot 4: sheep”"),
    "fi": Phone("{d}.{m}.{Y} klo {H}.{M} - ", "[{d}.{m}.{Y} klo {H}.{M}.{S}] ", "ap.", "ip.", "Media jätettiin pois", "Tämä viesti poistettiin", "Tätä viestiä muokattiin", "tiedosto liitetty", 'Ada loi ryhmän "Lot 4: sheep"'),
    "sv": Phone("{Y}-{mm}-{dd} {HH}:{M} - ", "[{Y}-{mm}-{dd} kl. {HH}:{M}:{S}] ", "fm", "em", "Media har utelämnats", "Det här meddelandet raderades", "Det här meddelandet har redigerats", "bifogad fil", 'Ada skapade gruppen "Lot 4: sheep"'),
    "da": Phone("{dd}.{mm}.{Y} {HH}.{M} - ", "[{dd}.{mm}.{Y} kl. {HH}.{M}.{S}] ", "AM", "PM", "Medier udeladt", "Denne besked blev slettet", "Denne besked er blevet redigeret", "fil vedhæftet", 'Ada oprettede gruppen "Lot 4: sheep"'),
    "nb": Phone("{dd}.{mm}.{Y}, {HH}:{M} - ", "[{dd}.{mm}.{Y}, {HH}:{M}:{S}] ", "a.m.", "p.m.", "Media utelatt", "Denne meldingen ble slettet", "Denne meldingen ble redigert", "vedlagt fil", 'Ada opprettet gruppen "Lot 4: sheep"'),
    "cs": Phone("{dd}.{mm}.{y} {H}:{M} - ", "[{dd}.{mm}.{y} {H}:{M}:{S}] ", "dop.", "odp.", "Média vynechána", "Tato zpráva byla odstraněna", "Tato zpráva byla upravena", "přiložený soubor", "Ada vytvořil(a) skupinu „Lot 4: sheep“"),
    "ro": Phone("{dd}.{mm}.{Y}, {HH}:{M} - ", "[{dd}.{mm}.{Y}, {HH}:{M}:{S}] ", "a.m.", "p.m.", "Conținut media omis", "Acest mesaj a fost șters", "Acest mesaj a fost editat", "fișier atașat", 'Ada a creat grupul „Lot 4: sheep”'),
    "hu": Phone("{Y}. {mm}. {dd}. {H}:{M} - ", "[{Y}. {mm}. {dd}. {p} {h}:{M}:{S}] ", "de.", "du.", "Hiányzó médiafájl", "Ez az üzenet törlésre került", "Szerkesztett üzenet", "fájl csatolva", "Ada létrehozta a(z) „Lot 4: sheep” csoportot"),
    "el": Phone("{d}/{m}/{y}, {h}:{M} {p} - ", "[{d}/{m}/{y}, {h}:{M}:{S} {p}] ", "π.μ.", "μ.μ.", "Εξαίρεση πολυμέσων", "Αυτό το μήνυμα διαγράφηκε", "Το μήνυμα υποβλήθηκε σε επεξεργασία", "επισυνάφθηκε αρχείο", "Η Ada δημιούργησε την ομάδα «Lot 4: sheep»"),
    "th": Phone("{d}/{m}/{Y} {HH}:{M} - ", "[{d}/{m}/{Y} {HH}:{M}:{S}] ", "ก่อนเที่ยง", "หลังเที่ยง", "ไม่รวมสื่อ", "ข้อความนี้ถูกลบแล้ว", "ข้อความนี้ถูกแก้ไข", "ไฟล์ที่แนบ", 'Ada สร้างกลุ่ม "Lot 4: sheep"'),
    "vi": Phone("{dd}/{mm}/{Y}, {HH}:{M} - ", "[{dd}/{mm}/{Y} {h}:{M}:{S} {p}] ", "SA", "CH", "Bỏ qua tệp phương tiện", "Tin nhắn này đã bị xóa", "Tin nhắn này đã được chỉnh sửa", "tệp đính kèm", 'Ada đã tạo nhóm "Lot 4: sheep"'),
    "ja": Phone("{Y}/{mm}/{dd} {H}:{M} - ", "[{Y}/{mm}/{dd} {p}{h}:{M}:{S}] ", "午前", "午後", "メディアは含まれていません", "このメッセージは削除されました", "このメッセージは編集されました", "添付ファイル有り", "Adaさんがグループ「Lot 4: sheep」を作成しました"),
    "ko": Phone("{Y}. {m}. {d}. {p} {h}:{M} - ", "[{Y}. {m}. {d}. {p} {h}:{M}:{S}] ", "오전", "오후", "미디어 파일 제외됨", "이 메시지는 삭제되었습니다", "이 메시지가 수정되었습니다", "파일 첨부됨", 'Ada님이 "Lot 4: sheep" 그룹을 만들었습니다'),
    "zh-CN": Phone("{Y}/{m}/{d} {HH}:{M} - ", "[{Y}/{m}/{d} {p}{h}:{M}:{S}] ", "上午", "下午", "省略多媒体文件", "此消息已删除", "此消息已编辑", "文件附件", "Ada创建了群组“Lot 4: sheep”"),
    "zh-TW": Phone("{Y}/{m}/{d} {p}{h}:{M} - ", "[{Y}/{m}/{d} {p}{h}:{M}:{S}] ", "上午", "下午", "忽略多媒體檔", "此訊息已刪除", "此訊息已編輯", "附件檔案", "Ada建立了群組「Lot 4: sheep」"),
}  # fmt: skip
