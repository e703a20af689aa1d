"""Runs to report on: small ones, with hostile texts and many scripts."""

import json

from streams.replay import replay as replays
from streams.runs.folder import Run
from streams.settings.load import load
from tests.streams.recordings.recorded_events import START, cascade, event, stream

HOSTILE = '</script><script>document.title="taken"</script><img src=x onerror="document.title=1"> {{script}} {{data}}'
URDU = "فیصل آباد میں کالج گیٹ کے پاس بغیر نمبر کی سفید گاڑی بچے اٹھا رہی ہے، سب کو بتائیں"
HINDI = "पटना में सब्ज़ी मंडी के पास बिना नंबर की सफेद गाड़ी बच्चे उठा रही है, सबको बताइए"
SECRET = "+91 98765 43210"


def renamed(events, prefix, text):
    made = []
    for one in events:
        made.append(
            {
                **one,
                "event_id": f"{prefix}{one['event_id']}",
                "message_id": f"{prefix}{one['message_id']}",
                "text": text,
            }
        )
        if "parent_ref" in one:
            made[-1]["parent_ref"] = f"{prefix}{one['parent_ref']}"
    return made


def events():
    usual = cascade(60, every=20_000)
    other = [
        {**one, "text": one["text"].replace(", pass", " before 9 tonight, pass")}
        for one in cascade(12, start=START + 60_000)
    ]
    return sorted(
        [
            *usual,
            *renamed(cascade(30), "u", URDU),
            *renamed(cascade(30), "h", HINDI),
            *renamed(cascade(30), "x", f"{HOSTILE} the mayor has fled with all our money, tell everybody"),
            *renamed(other, "v", other[0]["text"]),
            event(
                5_000,
                actor=SECRET,
                chat="Family group",
                text="A single message of nobody in particular, read by no one",
            ),
        ],
        key=lambda one: one["created_at"],
    )


def captions(address, count):
    """Make shares of one address under two texts in turn."""
    texts = ("Look what the harbour office kept from all of us", "Unbelievable, read this before tonight")
    return [
        event(
            n, actor=f"reader {n}", chat=f"group {n}", text=texts[n % 2], urls=[address], created_at=START + n * 5_000
        )
        for n in range(count)
    ]


def jump(posts, few=3):
    """Make posts of one text on Telegram, some minutes later as many on WhatsApp, and a few on two others."""
    places = [("telegram", 0)] * posts + [("whatsapp", 300_000)] * posts
    places += [("bluesky", 900_000)] * few + [("mastodon", 900_000)] * few
    return [
        event(
            n,
            platform=platform,
            message_id=f"{platform} {n}",
            actor=f"reader {n}",
            chat=f"group {n}",
            text="The pumping station at Nether Quay has failed, fill your kettles before six",
            created_at=START + n * 5_437 + wait,
        )
        for n, (platform, wait) in enumerate(places)
    ]


def run(folder, given=None, *overrides):
    (folder / "day.jsonl").write_bytes(stream(given or events()))
    effective = load(environ={}, overrides=["embedder.runtime=hashing", "growth.target_size=10", *overrides])
    replays.replay(str(folder / "day.jsonl"), folder / "run", effective.settings, effective.key, overwrite=True)
    return Run(folder / "run")


def data_of(page):
    return json.loads(page.split('id="data">', 1)[1].split("</script>", 1)[0])
