"""Texts with numbers that identify no person; masking leaves each of them as written."""

TEXTS = """
The bridge cost 512 345 678 rupees to build
Turnout was 64.3 % in 2024 and 58.1 % in 2019
On 14.08.2023 at 06:45 the lorry left
Flight AI 302 leaves at 23:55 on 12/11/2025
The NH 48 is closed between km 112 and km 118
Only 1,25,000 vaccines for 9,87,65,432 people
Postcode 110001, ward 12, booth 45
The pin code is 560034
Need 3 units of O+ blood at ward 7 today
4 units of AB- and 12 units of B+ are needed
Fine of Rs. 25,000 under section 144
Sections 302, 307, 420 and 376 apply
At 10:30, 11:45 and 12:15 there were blasts
Score 245/6 in 48.3 overs
India won by 6 wickets, 287/4 to 286/9
Helplines: 100, 101, 102, 108, 112
Dial 100/101/102/108 for help
Between 1947 and 1950, 1971 and 1975
Years 2019 2020 2021 2022 were hot
Temperature 47.5 °C, humidity 12 %
The earthquake of 7.8 killed 50,783 people
Population 1,428,627,663 in 2023
1 428 627 663 habitants en 2023
1.428.627.663 Einwohner im Jahr 2023
PIB de 2.126.809 millones en 2022
Ganó con 5.123.456 votos
Le train de 18h45 arrive à 20h12
75001 Paris et 69002 Lyon sont bloqués
10115 Berlin, 80331 München gesperrt
A7 und A24 gesperrt, 35 km Stau
В 2024 году погибло 12 345 человек
Курс 92,45 рубля за доллар 15.03.2024
М4 Дон перекрыта на 567 км
في عام 2023 بلغ عدد السكان 105 ملايين
١٢ قتيلا و ٣٤٥ جريحا في ٢٠٢٣
بسعر ٤٥٠٠٠ ليرة
१५ अगस्त १९४७ को
५० लाख रुपये और १२ मौतें
২০২৩ সালে ১২,৩৪৫ জন
2020 में 5 करोड़ 25 लाख लोग
பெட்ரோல் விலை 102.63 ரூபாய்
ధర 1,25,000 రూపాయలు
Harga 12.500.000 rupiah
Rp 15.000.000 dan Rp 7.500.000
Gempa 6,4 SR pukul 14:23 WIB
Bei ya sukari ni shilingi 3,500
Watu 45,000 wamekufa mwaka 2022
Giá 1.250.000 đồng, 15/8/2023
ราคา 1,250,000 บาท ปี 2566
全国14亿人, 2023年增长5.2%
价格 12,800 元
東京 110-0001 3月15日
2023년 5월 1일 1,234명
Türkiye'de 6 Şubat 2023 saat 04:17
50 783 kişi öldü
Copa 2022: 3-3 (4-2)
Covid-19 and H1N1 and G20 and 5G
Telegram channel covid_19 is wrong
Facebook ID verification is needed
Instagram: the app is down again
Telegram says 900 million users
passport office opens at 9:30
Aadhaar is used by 1.3 billion people
The passport fee is 1500
ID cards for 25 000 people
Article 370, Act 45 of 1860
GST 18% on 2,499
Lat 28.6139, long 77.2090
Case 1234/2023, FIR 56/2024
Room 12, seat 45B, coach S7
Boeing 737-800 and A320-200
ISO 9001:2015 and IS 10500
Bitcoin at 67,432.15 USD
$1,234,567,890 was paid
€ 2 345 678 901
65000/70000 seats filled
Lottery 06 12 19 27 33 41
NH-44, SH-17, MDR 5
Roll up: 40-50-60 and 10-20-30
Update iOS 17.4.1 and Android 14
snap election on 12 May
The line id of the train
Ranks 7/180 and 161/180
Size 120 60 80 cm
bus 61 62 63 64
"""
