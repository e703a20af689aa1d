"""Names of the platforms, as events carry them.

The name is part of every digest of an identifier, so a name never changes: a renamed platform would make strangers of
all its people.
"""

BLUESKY = "bluesky"
FACEBOOK = "facebook"
INSTAGRAM = "instagram"
MASTODON = "mastodon"
REDDIT = "reddit"
TELEGRAM = "telegram"
TIKTOK = "tiktok"
WHATSAPP = "whatsapp"
WHATSAPP_TIPLINE = "whatsapp.tipline"
X = "x"
YOUTUBE = "youtube"
