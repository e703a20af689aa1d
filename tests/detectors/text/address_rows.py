"""Table of addresses before and after, with one row for each rule of `detectors/text/addresses`.

`⟨user:name⟩` in an address after stands for the keyed digest of that account.
"""

REWRITES = """
gazette.example.org/2026/mill.amp.html -> gazette.example.org/2026/mill.html
gazette.example.org/2026/mill.amp.htm -> gazette.example.org/2026/mill.htm
gazette.example.org/2026/mill.amp.php -> gazette.example.org/2026/mill.php
gazette.example.org/2026/mill.amp.asp -> gazette.example.org/2026/mill.asp
gazette.example.org/amp_articleshow/17 -> gazette.example.org/articleshow/17
gazette.example.org/amp_videoshow/17 -> gazette.example.org/videoshow/17
gazette.example.org/amp_photostory/17 -> gazette.example.org/photostory/17
gazette.example.org/amp_liveblog/17 -> gazette.example.org/liveblog/17
gazette.example.org/ampstory/17 -> gazette.example.org/story/17
gazette.example.org/ampvideo/17 -> gazette.example.org/video/17

gazette.social/@mill.watch/114000000000000001 -> gazette.social/⟨user:mill.watch⟩/114000000000000001
gazette.social/web/@mill.watch/114000000000000001/favourites -> gazette.social/⟨user:mill.watch⟩/114000000000000001
gazette.social/deck/@Mill.Watch@other.social/77 -> gazette.social/⟨user:mill.watch@other.social⟩/77
gazette.social/users/mill.watch/statuses/114000000000000001/activity -> gazette.social/⟨user:mill.watch⟩/114000000000000001

m.facebook.com/story.php?story_fbid=5550001112223&id=10007&refid=17 -> facebook.com/⟨user⟩/posts/5550001112223
facebook.com/permalink.php?story_fbid=pfbid0Xy9&id=10007 -> facebook.com/⟨user⟩/posts/pfbid0Xy9
facebook.com/groups/millers?view=permalink&id=5550001112223 -> facebook.com/⟨user⟩/posts/5550001112223
facebook.com/groups/777000111/?multi_permalinks=5550001112223,99&hoisted=1 -> facebook.com/⟨user⟩/posts/5550001112223
facebook.com/groups/millers/permalink/5550001112223/ -> facebook.com/⟨user⟩/posts/5550001112223
facebook.com/groups/millers/posts/5550001112223?comment_id=1 -> facebook.com/⟨user⟩/posts/5550001112223
facebook.com/10007/posts/5550001112223 -> facebook.com/⟨user⟩/posts/5550001112223
facebook.com/millgazette/posts/the-mill-burns/5550001112223/ -> facebook.com/⟨user⟩/posts/5550001112223
facebook.com/millgazette/activity/5550001112223 -> facebook.com/⟨user⟩/posts/5550001112223
facebook.com/watch/?v=5550001112224&ref=sharing -> facebook.com/watch?v=5550001112224
facebook.com/watch/live/?v=5550001112224 -> facebook.com/watch?v=5550001112224
facebook.com/video.php?v=5550001112224 -> facebook.com/watch?v=5550001112224
facebook.com/video/embed?video_id=5550001112224 -> facebook.com/watch?v=5550001112224
facebook.com/millgazette/videos/5550001112224 -> facebook.com/watch?v=5550001112224
facebook.com/millgazette/videos/mill-on-fire/5550001112224/?extid=x -> facebook.com/watch?v=5550001112224
facebook.com/reel/5550001112224 -> facebook.com/watch?v=5550001112224
facebook.com/photo.php?fbid=5550001112225&set=a.1 -> facebook.com/photo?fbid=5550001112225
facebook.com/photo/?fbid=5550001112225&set=pb.1 -> facebook.com/photo?fbid=5550001112225
facebook.com/millgazette/photos/a.100/5550001112225/?type=3 -> facebook.com/photo?fbid=5550001112225
facebook.com/events/mill-yard/march/5550001112226/ -> facebook.com/events/5550001112226
facebook.com/marketplace/leeds/item/5550001112227 -> facebook.com/marketplace/item/5550001112227
facebook.com/share/p/1AbCdEfGhI/?mibextid=wwXIfr -> facebook.com/share/p/1AbCdEfGhI
fb.watch/aB1cD2eF3g/?mibextid=x -> fb.watch/aB1cD2eF3g

instagram.com/reel/DaB12cDeFgH/?igsh=x -> instagram.com/p/DaB12cDeFgH
instagram.com/reels/DaB12cDeFgH/ -> instagram.com/p/DaB12cDeFgH
instagram.com/tv/DaB12cDeFgH -> instagram.com/p/DaB12cDeFgH
instagram.com/millgazette/p/DaB12cDeFgH/?img_index=2 -> instagram.com/p/DaB12cDeFgH
instagram.com/millgazette/reel/DaB12cDeFgH/ -> instagram.com/p/DaB12cDeFgH
instagram.com/reels/audio/555000111 -> instagram.com/reels/audio/555000111
instagram.com/stories/highlights/17900000000000001/?hl=en -> instagram.com/stories/highlights/17900000000000001
instagram.com/stories/highlights/17900000000000001/extra -> instagram.com/stories/highlights/17900000000000001
instagram.com/stories/MillGazette/3300000000000000001/?igsh=x -> instagram.com/stories/⟨user:millgazette⟩/3300000000000000001
threads.net/@millgazette/post/DC1aB2cD3eF?xmt=AQ -> threads.net/⟨user⟩/post/DC1aB2cD3eF
threads.com/t/DC1aB2cD3eF -> threads.net/⟨user⟩/post/DC1aB2cD3eF
chat.whatsapp.com/invite/QwErTyUiOpAsDfGhJkLzXc -> chat.whatsapp.com/QwErTyUiOpAsDfGhJkLzXc
chat.whatsapp.com/QwErTyUiOpAsDfGhJkLzXc?mode=ac_t -> chat.whatsapp.com/QwErTyUiOpAsDfGhJkLzXc
whatsapp://chat?code=QwErTyUiOpAsDfGhJkLzXc -> chat.whatsapp.com/QwErTyUiOpAsDfGhJkLzXc
api.whatsapp.com/send?phone=447700900123&text=hi -> wa.me/⟨phone⟩
whatsapp://send?phone=447700900123 -> wa.me/⟨phone⟩
whatsapp://message/ABCDEF12345 -> wa.me/message/ABCDEF12345
wa.me/channel/0029VaMill/104 -> whatsapp.com/channel/0029VaMill/104
whatsapp.com/channel/0029VaMill/104?x=1 -> whatsapp.com/channel/0029VaMill/104

twitter.com/millgazette/status/1700000000000000001?s=20&t=abc -> x.com/⟨user⟩/status/1700000000000000001
x.com/i/web/status/1700000000000000001 -> x.com/⟨user⟩/status/1700000000000000001
x.com/i/status/1700000000000000001 -> x.com/⟨user⟩/status/1700000000000000001
twitter.com/millgazette/statuses/1700000000000000001/video/1 -> x.com/⟨user⟩/status/1700000000000000001
twitter.com/#!/millgazette/status/1700000000000000001 -> x.com/⟨user⟩/status/1700000000000000001
threadreaderapp.com/thread/1700000000000000001.html -> x.com/⟨user⟩/status/1700000000000000001
platform.twitter.com/embed/Tweet.html?id=1700000000000000001&theme=dark -> x.com/⟨user⟩/status/1700000000000000001
twitter://status?id=1700000000000000001 -> x.com/⟨user⟩/status/1700000000000000001
x.com/intent/retweet?tweet_id=1700000000000000001 -> x.com/⟨user⟩/status/1700000000000000001
bsky.app/profile/mill.example.org/post/3kabcdefghi2a/liked-by -> bsky.app/profile/⟨user⟩/post/3kabcdefghi2a
bsky.app/profile/did:plc:mill2345/post/3kabcdefghi2a -> bsky.app/profile/⟨user⟩/post/3kabcdefghi2a
at://did:plc:mill2345/app.bsky.feed.post/3kabcdefghi2a -> bsky.app/profile/⟨user⟩/post/3kabcdefghi2a
at://did:plc:mill2345 -> bsky.app/profile/⟨user⟩
old.reddit.com/r/millers/comments/1zzyxw/the_mill_burns/?context=3 -> reddit.com/comments/1zzyxw
reddit.com/comments/1zzyxw -> reddit.com/comments/1zzyxw
reddit.com/gallery/1zzyxw -> reddit.com/comments/1zzyxw
reddit.com/user/miller/comments/1zzyxw/the_mill_burns -> reddit.com/comments/1zzyxw
reddit.com/r/millers/comments/1zzyxw/the_mill_burns/kabc123/ -> reddit.com/comments/1zzyxw/comment/kabc123
reddit.com/r/millers/comments/1zzyxw/comment/kabc123/ -> reddit.com/comments/1zzyxw/comment/kabc123
reddit.com/r/millers/s/AbCdEf1234 -> reddit.com/r/millers/s/AbCdEf1234
redd.it/1zzyxw -> reddit.com/comments/1zzyxw
in.linkedin.com/posts/ann-miller_mills-fire-activity-7100000000000000001-AbCd?trk=x -> linkedin.com/feed/update/urn:li:activity:7100000000000000001
linkedin.com/feed/update/urn:li:activity:7100000000000000001/?actorCompanyId=1 -> linkedin.com/feed/update/urn:li:activity:7100000000000000001
linkedin.com/embed/feed/update/urn:li:share:7100000000000000002 -> linkedin.com/feed/update/urn:li:share:7100000000000000002
linkedin.com/jobs/view/miller-at-mill-3900000001 -> linkedin.com/jobs/view/3900000001
vk.com/wall-5501_77 -> vk.com/wall⟨user:-5501⟩_77
vk.com/wall⟨user:0123456789abcdef⟩_77 -> vk.com/wall⟨user:0123456789abcdef⟩_77
vk.com/millgazette?w=wall-5501_77%2Fall -> vk.com/wall⟨user:-5501⟩_77
vk.com/feed?z=video-5501_78%2Fpl_cat -> vk.com/video⟨user:-5501⟩_78
vk.com/clip-5501_78 -> vk.com/video⟨user:-5501⟩_78
vk.com/video_ext.php?oid=-5501&id=78&hash=ab -> vk.com/video⟨user:-5501⟩_78
ok.ru/videoembed/4400000000001 -> ok.ru/video/4400000000001
ok.ru/group/5500000000001/topic/15500000000002 -> ok.ru/group/⟨user⟩/topic/15500000000002
ok.ru/millgazette/topic/15500000000002 -> ok.ru/group/⟨user⟩/topic/15500000000002
ok.ru/profile/550001/statuses/15500000000002 -> ok.ru/profile/⟨user⟩/statuses/15500000000002
truthsocial.com/@millgazette/posts/110000000000000001 -> truthsocial.com/⟨user⟩/posts/110000000000000001
truthsocial.com/@millgazette/110000000000000001 -> truthsocial.com/⟨user⟩/posts/110000000000000001
truthsocial.com/users/millgazette/statuses/110000000000000001 -> truthsocial.com/⟨user⟩/posts/110000000000000001
gab.com/millgazette/posts/110000000000000002 -> gab.com/⟨user⟩/posts/110000000000000002
sharechat.com/post/aBcDeF1?d=n&ui=v64j8rk -> sharechat.com/post/aBcDeF1
sharechat.com/video/aBcDeF1 -> sharechat.com/post/aBcDeF1
sharechat.com/hindi/item/aBcDeF1 -> sharechat.com/post/aBcDeF1
kooapp.com/koo/millgazette/0a1b2c3d-1111-2222-3333-444455556666 -> kooapp.com/koo/0a1b2c3d-1111-2222-3333-444455556666
kooapp.com/hi/koo/millgazette/0a1b2c3d-1111-2222-3333-444455556666 -> kooapp.com/koo/0a1b2c3d-1111-2222-3333-444455556666
in.pinterest.com/pin/mill-fire--550001112223334/ -> pinterest.com/pin/550001112223334
pinterest.com/pin/550001112223334/sent/?invite_code=x -> pinterest.com/pin/550001112223334
m.weibo.cn/status/4900000000000001 -> weibo.com/⟨user⟩/4900000000000001
weibo.com/5500011122/NaBc3eFgH?pagetype=x -> weibo.com/⟨user⟩/NaBc3eFgH
discord.com/invite/aBcDeFg -> discord.gg/aBcDeFg
discord.gg/aBcDeFg?event=1 -> discord.gg/aBcDeFg
discord.gg/invite/aBcDeFg -> discord.gg/aBcDeFg

t.me/mill_gazette/5012?single -> t.me/⟨user:mill_gazette⟩/5012
t.me/s/Mill_Gazette/5012 -> t.me/⟨user:mill_gazette⟩/5012
t.me/mill_gazette/7/5012?comment=3 -> t.me/⟨user:mill_gazette⟩/5012
mill_gazette.t.me/5012 -> t.me/⟨user:mill_gazette⟩/5012
t.me/mill_gazette/s/41 -> t.me/⟨user:mill_gazette⟩/s/41
t.me/c/1550001112/5012?thread=4 -> t.me/c/⟨user:1550001112⟩/5012
t.me/c/1550001112/4/5012 -> t.me/c/⟨user:1550001112⟩/5012
t.me/s/mill_gazette -> t.me/⟨user⟩
t.me/joinchat/AAAAAEhMill -> t.me/+AAAAAEhMill
tg://resolve?domain=mill_gazette&post=5012&single -> t.me/⟨user:mill_gazette⟩/5012
tg://resolve?domain=mill_gazette -> t.me/⟨user⟩
tg://resolve?phone=447700900123 -> t.me/⟨phone⟩
tg://privatepost?channel=1550001112&post=5012 -> t.me/c/⟨user:1550001112⟩/5012
tg://join?invite=AAAAAEhMill -> t.me/+AAAAAEhMill
tgstat.com/channel/@mill_gazette/5012 -> t.me/⟨user:mill_gazette⟩/5012
uk.tgstat.com/en/channel/@mill_gazette/5012/stat -> t.me/⟨user:mill_gazette⟩/5012

youtu.be/Qw3rTy_uIoP?t=9&si=x -> youtube.com/watch?v=Qw3rTy_uIoP
youtube.com/watch?v=Qw3rTy_uIoP&list=PLmill&index=4 -> youtube.com/watch?v=Qw3rTy_uIoP
youtube.com/?v=Qw3rTy_uIoP -> youtube.com/watch?v=Qw3rTy_uIoP
youtube.com/shorts/Qw3rTy_uIoP?feature=share -> youtube.com/watch?v=Qw3rTy_uIoP
youtube.com/live/Qw3rTy_uIoP -> youtube.com/watch?v=Qw3rTy_uIoP
youtube.com/embed/Qw3rTy_uIoP?autoplay=1 -> youtube.com/watch?v=Qw3rTy_uIoP
youtube.com/v/Qw3rTy_uIoP&hl=en -> youtube.com/watch?v=Qw3rTy_uIoP
youtube.com/source/Qw3rTy_uIoP/shorts -> youtube.com/watch?v=Qw3rTy_uIoP
youtube.com/embed/videoseries?list=PLmill -> youtube.com/playlist?list=PLmill
youtube.com/watch?list=PLmill -> youtube.com/playlist?list=PLmill
youtube.com/playlist?list=PLmill&si=x -> youtube.com/playlist?list=PLmill
vnd.youtube://Qw3rTy_uIoP -> youtube.com/watch?v=Qw3rTy_uIoP
youtube://www.youtube.com/watch/Qw3rTy_uIoP -> youtube.com/watch?v=Qw3rTy_uIoP
tiktok.com/@mill.gazette/video/7200000000000000001?lang=en -> tiktok.com/⟨user⟩/video/7200000000000000001
tiktok.com/@/video/7200000000000000001 -> tiktok.com/⟨user⟩/video/7200000000000000001
tiktok.com/@mill.gazette/photo/7200000000000000001 -> tiktok.com/⟨user⟩/video/7200000000000000001
m.tiktok.com/v/7200000000000000001.html?u_code=x -> tiktok.com/⟨user⟩/video/7200000000000000001
tiktok.com/share/video/7200000000000000001 -> tiktok.com/⟨user⟩/video/7200000000000000001
tiktok.com/embed/v2/7200000000000000001 -> tiktok.com/⟨user⟩/video/7200000000000000001
vm.tiktok.com/ZMabcdefg/?k=1 -> vm.tiktok.com/ZMabcdefg
vt.tiktok.com/ZSabcdefg/?k=1 -> vt.tiktok.com/ZSabcdefg
mojapp.in/@miller/video/550001112?referrer=x -> mojapp.in/video/550001112
player.vimeo.com/video/550001112?h=ab -> vimeo.com/550001112
vimeo.com/channels/mills/550001112 -> vimeo.com/550001112
vimeo.com/550001112/0a1b2c3d4e -> vimeo.com/550001112
dailymotion.com/embed/video/x8mill1 -> dailymotion.com/video/x8mill1
dailymotion.com/video/x8mill1_the-mill-burns_news -> dailymotion.com/video/x8mill1
geo.dailymotion.com/player/xabc.html?video=x8mill1 -> dailymotion.com/video/x8mill1
dai.ly/x8mill1 -> dailymotion.com/video/x8mill1
twitch.tv/miller/clip/BurningMill-AbC1?filter=clips -> clips.twitch.tv/BurningMill-AbC1
clips.twitch.tv/embed?clip=BurningMill-AbC1 -> clips.twitch.tv/BurningMill-AbC1
twitch.tv/miller/v/550001112 -> twitch.tv/videos/550001112
rumble.com/v5mill1-the-mill-burns.html?e9s=x -> rumble.com/v5mill1
bitchute.com/embed/aBcDeFgHiJkL -> bitchute.com/video/aBcDeFgHiJkL
bilibili.com/s/video/BV1mi411c7mi?spm_id_from=x -> bilibili.com/video/BV1mi411c7mi
imgur.com/gallery/mill-burns-aBcDeFg -> imgur.com/aBcDeFg
i.imgur.com/aBcDeFg.jpg -> imgur.com/aBcDeFg
snapchat.com/@miller/spotlight/W7_abcdefg12345 -> snapchat.com/spotlight/W7_abcdefg12345

drive.google.com/file/d/1MillMillMill/view?usp=sharing -> drive.google.com/file/d/1MillMillMill
drive.google.com/open?id=1MillMillMill -> drive.google.com/file/d/1MillMillMill
drive.google.com/uc?export=download&id=1MillMillMill -> drive.google.com/file/d/1MillMillMill
docs.google.com/document/d/1MillMillMill/edit?tab=t.0 -> drive.google.com/file/d/1MillMillMill
docs.google.com/spreadsheets/u/0/d/1MillMillMill/htmlview -> drive.google.com/file/d/1MillMillMill
docs.google.com/document/d/e/2PACX-mill/pub -> drive.google.com/document/d/e/2PACX-mill
docs.google.com/forms/d/e/1FAIMill/viewform?entry.1=x -> drive.google.com/forms/d/e/1FAIMill
drive.google.com/drive/u/1/folders/1FolderMill?usp=drive_link -> drive.google.com/drive/folders/1FolderMill
drive.google.com/folderview?id=1FolderMill -> drive.google.com/drive/folders/1FolderMill
news.google.com/rss/articles/CBMiMill?oc=5&hl=en-IN -> news.google.com/articles/CBMiMill
news.google.com/read/CBMiMill?hl=en-IN -> news.google.com/articles/CBMiMill
apps.apple.com/in/app/mill-news/id550001112?mt=8 -> apps.apple.com/app/id550001112
play.google.com/store/apps/details?id=org.example.mill&hl=en&referrer=x -> play.google.com/store/apps/details?id=org.example.mill
open.spotify.com/intl-de/episode/5MillMill?si=x -> open.spotify.com/episode/5MillMill
medium.com/@miller/the-mill-burns-0a1b2c3d4e5f?source=friends_link -> medium.com/p/0a1b2c3d4e5f
wikiwand.com/en/articles/Water_mill -> en.wikipedia.org/wiki/Water_mill
timesofindia.indiatimes.com/city/leeds/the-mill-burns/amp_articleshow/55000111.cms -> timesofindia.indiatimes.com/articleshow/55000111.cms
economictimes.indiatimes.com/news/the-mill/articleshow/55000112.cms?from=mdr -> economictimes.indiatimes.com/articleshow/55000112.cms
ebay.com/itm/old-mill/550001112223?hash=x -> ebay.com/itm/550001112223
change.org/p/save-the-mill/dashboard?recruiter=5 -> change.org/p/save-the-mill
amazon.in/Mill-Book/dp/B0MILL0001/ref=sr_1_1?qid=5 -> amazon.com/dp/B0MILL0001
amazon.co.uk/gp/product/B0MILL0001 -> amazon.com/dp/B0MILL0001
edition.cnn.com/2026/03/mill -> cnn.com/2026/03/mill
us.cnn.com/2026/03/mill -> cnn.com/2026/03/mill
dw.com/en/the-mill-burns/a-55000111?maca=en-x -> dw.com/a-55000111
open.substack.com/pub/millers/p/the-mill-burns?r=1&utm_medium=ios -> substack.com/⟨user:millers⟩/p/the-mill-burns
mills.blogspot.in/2026/03/fire.html?m=1 -> blogspot.com/⟨user:mills⟩/2026/03/fire.html
mills.blogspot.com/p/fire.html -> blogspot.com/⟨user:mills⟩/p/fire.html
millers.substack.com/p/the-mill-burns/comments -> substack.com/⟨user:millers⟩/p/the-mill-burns
mills.wordpress.com/2026/03/14/fire -> wordpress.com/⟨user:mills⟩/2026/03/14/fire
mills.livejournal.com/5501.html -> livejournal.com/⟨user:mills⟩/5501.html
mills.tumblr.com/post/770000000000001/fire?ref=x&source=share -> tumblr.com/⟨user⟩/770000000000001
www.tumblr.com/mills/770000000000001 -> tumblr.com/⟨user⟩/770000000000001
mills.github.io/fire/map -> github.io/⟨user:mills⟩/fire/map
mills.blogspot.de/2026/03/fire.html -> blogspot.com/⟨user:mills⟩/2026/03/fire.html
mills.blogspot.fr/2026/03/fire.html -> blogspot.com/⟨user:mills⟩/2026/03/fire.html
mills.blogspot.ru/2026/03/fire.html -> blogspot.com/⟨user:mills⟩/2026/03/fire.html
mills.blogspot.ca/2026/03/fire.html -> blogspot.com/⟨user:mills⟩/2026/03/fire.html
mills.blogspot.mx/2026/03/fire.html -> blogspot.com/⟨user:mills⟩/2026/03/fire.html
bbc.co.uk/news/amp/uk-55000111 -> bbc.com/news/uk-55000111
tinyurl.com/preview/mill77 -> tinyurl.com/mill77
"""

WRAPPED = "https%3A%2F%2Fgazette.example.org%2F2026%2Fmill%3Fid%3D7"
"""The address in each row of `WRAPPERS`, encoded; `…` in a row stands for it."""

WRAPPERS = """
l.facebook.com/l.php?u=…&h=AT1
l.messenger.com/l.php?u=…
facebook.com/sharer/sharer.php?u=…
facebook.com/plugins/video.php?href=…&width=5
m.facebook.com/login.php?next=…
l.instagram.com/?u=…&e=AT1
l.threads.com/?u=…
instagram.com/accounts/login/?next=%2Fp%2FDaB12cDeFgH%2F -> instagram.com/p/DaB12cDeFgH
l.wl.co/l?u=…
out.reddit.com/t3_x?url=…&token=y
click.redditmail.com/CL0/https:%2F%2Fgazette.example.org%2F2026%2Fmill%3Fid=7/1/abc
mill.r.eu-west-1.awstrack.me/L0/x -> mill.r.eu-west-1.awstrack.me/L0/x
awstrack.me/L0/https:%2F%2Fgazette.example.org%2F2026%2Fmill%3Fid=7/1/01
reddit.com/submit?url=…&title=x
twitter.com/intent/tweet?text=Look&url=…
x.com/share?url=…
vk.com/away.php?to=…&cc_key=
vk.com/share.php?url=…
ok.ru/dk?st.cmd=externalLinkRedirect&st.link=…
t.umblr.com/redirect?z=…&t=y
tumblr.com/widgets/share/tool?canonicalUrl=…
linkedin.com/redir/redirect?url=…&urlhash=y
linkedin.com/sharing/share-offsite/?url=…
slack-redir.net/link?url=…
steamcommunity.com/linkfilter/?url=…
t.me/share/url?url=…&text=look
t.me/iv?url=…&rhash=1
pinterest.com/pin/create/button/?url=…
exit.sc/?url=…
disq.us/url?url=…%3AabcdefghijklmnopqrstuvW&cuid=1
link.zhihu.com/?target=…
douban.com/link2/?url=…
social-plugins.line.me/lineit/share?url=…
getpocket.com/redirect?url=…
deviantart.com/users/outgoing?https://gazette.example.org/2026/mill?id=7
google.com/url?q=…&sa=D
google.co.in/url?sa=t&url=…&usg=x
google.com/amp/s/gazette.example.org/2026/mill?id=7
bing.com/amp/s/gazette.example.org/2026/mill?id=7
google.de/imgres?imgurl=x&imgrefurl=…
docs.google.com/viewer?url=…
translate.google.com/translate?sl=hi&u=…
translate.google.co.in/website?u=…
gazette-example-org.translate.goog/2026/mill?id=7&_x_tr_sl=hi
webcache.googleusercontent.com/search?q=cache:AbCdEfGh:https://gazette.example.org/2026/mill%3Fid%3D7+mill
googleweblight.com/i?u=…
consent.youtube.com/m?continue=…&gl=DE
googleadservices.com/pagead/aclk?sa=L&adurl=…
youtube.com/redirect?event=video&q=…
youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3DQw3rTy_uIoP%26feature%3Dshare -> youtube.com/watch?v=Qw3rTy_uIoP
search.app/?link=…&utm_campaign=x
gazette-example-org.cdn.ampproject.org/c/s/gazette.example.org/2026/mill?id=7
cdn.ampproject.org/v/s/gazette.example.org/2026/mill?id=7&amp_js_v=0.1
gazette-example-org.bing-amp.com/c/s/gazette.example.org/2026/mill?id=7
gazette-example-org.turbopages.org/gazette.example.org/s/2026/mill?id=7
yandex.ru/turbo/gazette.example.org/s/2026/mill?id=7
yandex.ru/turbo?text=…
duckduckgo.com/l/?uddg=…&rut=x
bing.com/ck/a?!&&p=1&u=a1aHR0cHM6Ly9nYXpldHRlLmV4YW1wbGUub3JnLzIwMjYvbWlsbD9pZD03&ntb=1
r.search.yahoo.com/_ylt=A0/RV=2/RE=1/RO=10/RU=…/RK=2/RS=x
shopping.yahoo.com/rdlw?gcReferrer=…
web.archive.org/web/20260301120000/https://gazette.example.org/2026/mill?id=7
web.archive.org/web/20260301120000if_/http://www.gazette.example.org/2026/mill?id=7
archive.org/web/*/gazette.example.org/2026/mill?id=7
archive.ph/20260301120000/https://gazette.example.org/2026/mill?id=7
archive.today/newest/https://gazette.example.org/2026/mill?id=7
archive.is/?url=…
12ft.io/https://gazette.example.org/2026/mill?id=7
r.jina.ai/https://gazette.example.org/2026/mill?id=7
12ft.io/proxy?q=…
href.li/?https://gazette.example.org/2026/mill?id=7
deref-mail.com/mail/client/x/dereferrer/?redirectUrl=…
outgoing.prod.mozaws.net/v1/0a1b2c/https%3A//gazette.example.org/2026/mill%3Fid=7
eur01.safelinks.protection.outlook.com/?url=…&data=05%7C01
urldefense.proofpoint.com/v1/url?u=…&k=x
urldefense.proofpoint.com/v2/url?u=https-3A__gazette.example.org_2026_mill-3Fid-3D7&d=DwM
urldefense.com/v3/__https://gazette.example.org/2026/mill?id=7__;!!AbC!xyz$
urldefense.com/v3/__https://gazette.example.org/2026/mill*id=7__;Pw!!AbC!xyz$
linkprotect.cudasvc.com/url?a=…&c=E,1
url.avanan.click/v2/x?url=…
secure-web.cisco.com/1AbCdEf/…
protect.checkpoint.com/v2/___https://gazette.example.org/2026/mill?id=7___.YXAz
go.skimresources.com/?id=1&url=…
awin1.com/cread.php?awinmid=1&ued=…
click.linksynergy.com/deeplink?id=x&murl=…
prf.hn/click/camref:1/destination:…
streaklinks.com/AbC/…
app.adjust.com/abc?redirect=…
mill.app.link/x?$desktop_url=…
"""

FRONT_ENDS = {
    "millgazette/status/1700000000000000001 -> x.com/⟨user⟩/status/1700000000000000001": """
        x.com twitter.com mobile.twitter.com fxtwitter.com d.fxtwitter.com vxtwitter.com fixupx.com fixvx.com twittpr.com
        pxtwitter.com twxtter.com fixtwitter.com xfixup.com xeezz.com nitter.net nitter.poast.org xcancel.com
        lightbrd.com nuku.trabun.org bird.habedieeh.re n.opnxng.com nt.ggtyler.dev twiiit.com twitt.re twstalker.com
        sotwe.com
    """,
    "thread/1700000000000000001 -> x.com/⟨user⟩/status/1700000000000000001": """
        threadreaderapp.com rattibha.com unrollthread.com
    """,
    "embed/Tweet.html?id=1700000000000000001 -> x.com/⟨user⟩/status/1700000000000000001": """
        platform.twitter.com platform.x.com
    """,
    "AbCdEfGhIj -> pic.twitter.com/AbCdEfGhIj": "pic.twitter.com pic.x.com",
    "10007/posts/5550001112223 -> facebook.com/⟨user⟩/posts/5550001112223": """
        facebook.com fb.com m.facebook.com mbasic.facebook.com touch.facebook.com web.facebook.com business.facebook.com
        hi-in.facebook.com lite.facebook.com
    """,
    "reel/DaB12cDeFgH/ -> instagram.com/p/DaB12cDeFgH": """
        instagram.com instagr.am ddinstagram.com g.ddinstagram.com kkinstagram.com eeinstagram.com vxinstagram.com
        zzinstagram.com uuinstagram.com oginstagram.com fxig.seria.moe kittygr.am imginn.com bibliogram.art
        proxigram.lunar.icu kittygram.kareem.one ig.opnxng.com
    """,
    "@millgazette/post/DC1aB2cD3eF -> threads.net/⟨user⟩/post/DC1aB2cD3eF": """
        threads.net threads.com fixthreads.net vxthreads.net fixthreads.seria.moe
    """,
    "447700900123 -> wa.me/⟨phone⟩": "wa.me api.whatsapp.com web.whatsapp.com wa.whatsapp.com",
    "profile/mill.example.org/post/3kabcdefghi2a -> bsky.app/profile/⟨user⟩/post/3kabcdefghi2a": """
        bsky.app fxbsky.app bskyx.app bskx.app vxbsky.app bsyy.app xbsky.app cbsky.app main.bsky.dev staging.bsky.app
    """,
    "r/millers/comments/1zzyxw/the_mill_burns/ -> reddit.com/comments/1zzyxw": """
        reddit.com old.reddit.com new.reddit.com np.reddit.com i.reddit.com de.reddit.com amp.reddit.com rxddit.com
        rxyddit.com vxreddit.com fxreddit.seria.moe redditez.com safereddit.com libreddit.example.org redlib.catsarch.com
        teddit.net troddit.com unddit.com reveddit.com removeddit.com red.artemislena.eu eddrit.com
    """,
    "mill_gazette/5012 -> t.me/⟨user:mill_gazette⟩/5012": """
        t.me telegram.me telegram.dog tx.me telesco.pe
    """,
    "channel/@mill_gazette/5012 -> t.me/⟨user:mill_gazette⟩/5012": "tgstat.com tgstat.ru",
    "The-Mill-03-01 -> telegra.ph/The-Mill-03-01": "telegra.ph te.legra.ph graph.org",
    "wall-5501_77 -> vk.com/wall⟨user:-5501⟩_77": "vk.com m.vk.com vkontakte.ru vk.ru",
    "video/4400000000001 -> ok.ru/video/4400000000001": "ok.ru m.ok.ru odnoklassniki.ru",
    "pin/550001112223334 -> pinterest.com/pin/550001112223334": """
        pinterest.com in.pinterest.com pinterest.de pinterest.co.uk pinterest.com.au pinterest.com.mx pinterest.co.kr
    """,
    "status/4900000000000001 -> weibo.com/⟨user⟩/4900000000000001": "weibo.com weibo.cn m.weibo.cn",
    "invite/aBcDeFg -> discord.gg/aBcDeFg": "discord.com discordapp.com ptb.discord.com discord.gg",
    "attachments/1/2/mill.png?ex=1&hm=2 -> cdn.discordapp.com/attachments/1/2/mill.png": """
        cdn.discordapp.com media.discordapp.net
    """,
    "post/aBcDeF1 -> sharechat.com/post/aBcDeF1": "sharechat.com share.chat",
    "watch?v=Qw3rTy_uIoP -> youtube.com/watch?v=Qw3rTy_uIoP": """
        youtube.com m.youtube.com music.youtube.com gaming.youtube.com kids.youtube.com youtube-nocookie.com
        yout-ube.com youtubekids.com invidious.nerdvpn.de inv.nadeko.net inv.tux.pizza piped.private.coffee yewtu.be
        poketube.fun vid.puffyan.us tube.cadence.moe youtube.owacon.moe redirect.invidious.io
    """,
    "Qw3rTy_uIoP -> youtube.com/watch?v=Qw3rTy_uIoP": "youtu.be y2u.be",
    "@mill/video/7200000000000000001 -> tiktok.com/⟨user⟩/video/7200000000000000001": """
        tiktok.com m.tiktok.com us.tiktok.com vxtiktok.com tnktok.com tiktxk.com tiktokez.com kktiktok.com tfxktok.com
        fxtiktok.com proxitok.lunar.icu tok.habedieeh.re tok.artemislena.eu tt.opnxng.com
    """,
    "share/video/7200000000000000001 -> tiktok.com/⟨user⟩/video/7200000000000000001": "tiktokv.com m.tiktokv.com",
    "video/550001112 -> vimeo.com/550001112": "vimeo.com player.vimeo.com",
    "video/x8mill1 -> dailymotion.com/video/x8mill1": "dailymotion.com geo.dailymotion.com",
    "videos/550001112 -> twitch.tv/videos/550001112": "twitch.tv m.twitch.tv player.twitch.tv go.twitch.tv",
    "video/BV1mi411c7mi -> bilibili.com/video/BV1mi411c7mi": """
        bilibili.com vxbilibili.com fxbilibili.seria.moe bilibiliez.com
    """,
    "aBcDeFg -> imgur.com/aBcDeFg": "imgur.com i.imgur.com rimgo.catsarch.com rmgur.com",
    "spotlight/W7_abcdefg12345 -> snapchat.com/spotlight/W7_abcdefg12345": "snapchat.com story.snapchat.com",
    "file/d/1MillMillMill/view -> drive.google.com/file/d/1MillMillMill": """
        drive.google.com docs.google.com sheets.google.com slides.google.com
    """,
    "download?id=1MillMillMill -> drive.google.com/file/d/1MillMillMill": "drive.usercontent.google.com",
    "app/id550001112 -> apps.apple.com/app/id550001112": "apps.apple.com itunes.apple.com",
    "episode/5MillMill -> open.spotify.com/episode/5MillMill": "open.spotify.com play.spotify.com",
    "the-mill-burns-0a1b2c3d4e5f -> medium.com/p/0a1b2c3d4e5f": """
        medium.com scribe.rip scribe.nixnet.services libmedium.batsense.net freedium-mirror.cfd
    """,
    "aB1cD -> archive.ph/aB1cD": """
        archive.ph archive.today archive.is archive.li archive.vn archive.md archive.fo
    """,
    "x/articleshow/55000111.cms -> timesofindia.indiatimes.com/articleshow/55000111.cms": """
        timesofindia.indiatimes.com timesofindia.com m.timesofindia.com
    """,
    "x/articleshow/55000112.cms -> economictimes.indiatimes.com/articleshow/55000112.cms": """
        economictimes.indiatimes.com economictimes.com
    """,
}
"""Path and address after, and the hosts on which the path leads there."""

PATH_IS_ALL = """
soundcloud.com tumblr.com
bit.ly t.co tinyurl.com vm.tiktok.com vt.tiktok.com maps.app.goo.gl photos.app.goo.gl lnkd.in pin.it is.gd cutt.ly fb.me
fb.watch b.sharechat.com m.me instagram.com threads.net whatsapp.com chat.whatsapp.com wa.me pic.twitter.com redd.it
ok.ru truthsocial.com gab.com sharechat.com kooapp.com weibo.com discord.com discord.gg drive.google.com
news.google.com apps.apple.com open.spotify.com medium.com archive.ph wikiwand.com amazon.com open.substack.com timesofindia.indiatimes.com
economictimes.indiatimes.com ebay.com change.org t.me telegra.ph youtu.be tiktok.com mojapp.in vimeo.com dai.ly
twitch.tv clips.twitch.tv rumble.com bitchute.com bilibili.com imgur.com snapchat.com facebook.com x.com bsky.app
reddit.com linkedin.com vk.com pinterest.com youtube.com dailymotion.com cdn.discordapp.com play.google.com
"""
"""Hosts on which no other parameter than the named ones matters."""

AMP = """
amp.gazette.example.org/2026/mill
gazette.example.org/amp/2026/mill
gazette.example.org/2026/amp/mill
gazette.example.org/2026/mill/amp
gazette.example.org/2026/mill/amp.html
gazette.example.org/2026/mill/amp/1
gazette.example.org/google-amp/2026/mill
gazette.example.org/2026/mill.amp
gazette.example.org/2026/mill?amp
gazette.example.org/2026/mill?amp=1
gazette.example.org/2026/mill?outputType=amp
gazette.example.org/2026/mill?view=amp
gazette.example.org/2026/mill?output=amp
gazette.example.org/amp-html/2026/mill
gazette.example.org/ampnews/2026/mill
gazette.example.org/2026/mill/amp/2
gazette.example.org/2026/mill/index.html
gazette.example.org/2026/mill/index.htm
gazette.example.org/2026/mill/index.php
gazette.example.org/2026/mill/index.asp
gazette.example.org/2026/mill/index.aspx
gazette.example.org/2026/mill/index.jsp
gazette.example.org/2026/mill/default.aspx
www3.gazette.example.org/2026/mill
wap.gazette.example.org/2026/mill
www2.gazette.example.org/2026/mill
mobile.gazette.example.org/2026/mill/
"""
"""Forms of gazette.example.org/2026/mill."""

ACCOUNTS = """
https://paypal.me/miller -> https://paypal.me/⟨user⟩
https://linktr.ee/miller -> https://linktr.ee/⟨user⟩
https://ko-fi.com/miller -> https://ko-fi.com/⟨user⟩
https://cash.app/$miller -> https://cash.app/⟨user⟩
https://venmo.com/u/miller -> https://venmo.com/u/⟨user⟩
https://venmo.com/miller -> https://venmo.com/⟨user⟩
https://onlyfans.com/miller -> https://onlyfans.com/⟨user⟩
https://patreon.com/miller -> https://patreon.com/⟨user⟩
https://patreon.com/c/miller -> https://patreon.com/c/⟨user⟩
https://buymeacoffee.com/miller -> https://buymeacoffee.com/⟨user⟩
https://about.me/miller -> https://about.me/⟨user⟩
https://ask.fm/miller -> https://ask.fm/⟨user⟩
https://ngl.link/miller -> https://ngl.link/⟨user⟩
https://gettr.com/user/miller -> https://gettr.com/user/⟨user⟩
https://m.me/ann.miller -> https://m.me/⟨user⟩
https://line.me/ti/p/~miller -> https://line.me/ti/p/⟨user⟩
https://line.me/R/ti/g2/AbCdEf -> https://line.me/R/ti/g2/⟨id⟩
https://www.truecaller.com/search/gb/07700900123 -> https://www.truecaller.com/search/gb/⟨phone⟩
https://signal.me/#p/+447700900123 -> https://signal.me/#p/⟨phone⟩
https://signal.me/p/+447700900123 -> https://signal.me/p/⟨phone⟩
viber://chat?number=447700900123 -> viber://chat?number=⟨phone⟩
https://viber.click/447700900123 -> https://viber.click/⟨phone⟩
upi://pay?pa=miller@okaxis&pn=Ann%20Miller&am=9 -> upi://pay?pa=⟨user⟩&pn=⟨user⟩&am=9
whatsapp://send?phone=447700900123 -> whatsapp://send?phone=⟨phone⟩
tg://resolve?domain=miller -> tg://resolve?domain=⟨user⟩
https://steamcommunity.com/id/miller -> https://steamcommunity.com/id/⟨user⟩
https://fixupx.com/miller/status/17 -> https://fixupx.com/⟨user⟩/status/17
https://nitter.net/miller -> https://nitter.net/⟨user⟩
https://gab.com/miller/posts/1 -> https://gab.com/⟨user⟩/posts/1
https://kooapp.com/profile/miller -> https://kooapp.com/profile/⟨user⟩
https://www.snapchat.com/add/miller -> https://www.snapchat.com/add/⟨user⟩
https://www.snapchat.com/@miller -> https://www.snapchat.com/⟨user⟩
https://vk.com/id550001 -> https://vk.com/⟨user⟩
https://vk.com/wall-5501_77 -> https://vk.com/wall⟨id⟩_77
https://vk.com/wall5501 -> https://vk.com/wall⟨id⟩
https://vk.com/@miller-mills -> https://vk.com/⟨user⟩
https://www.facebook.com/people/Ann-Miller/100055500011 -> https://www.facebook.com/people/⟨user⟩/⟨id⟩
https://www.facebook.com/people/Ann-Miller -> https://www.facebook.com/people/⟨user⟩
https://www.facebook.com/pages/category/Mill/Ann-Miller/100055500011 -> https://www.facebook.com/pages/category/Mill/⟨user⟩/⟨id⟩
https://www.facebook.com/pages/Ann-Miller/100055500011 -> https://www.facebook.com/pages/⟨user⟩/⟨id⟩
https://www.facebook.com/pg/annmiller/posts -> https://www.facebook.com/pg/⟨user⟩/posts
https://www.facebook.com/p/Ann-Miller-1000555/ -> https://www.facebook.com/p/⟨user⟩/
https://www.facebook.com/stories/100055500011/UzpfSVND -> https://www.facebook.com/stories/⟨id⟩/UzpfSVND
https://www.facebook.com/profile.php?id=100055500011 -> https://www.facebook.com/profile.php?id=⟨user⟩
https://wa.me/c/447700900123 -> https://wa.me/c/⟨phone⟩
https://wa.me/p/5500011/447700900123 -> https://wa.me/p/5500011/⟨phone⟩
https://www.linkedin.com/posts/ann-miller_mills-activity-71 -> https://www.linkedin.com/posts/⟨user⟩_mills-activity-71
https://uk.linkedin.com/in/ann-miller -> https://uk.linkedin.com/in/⟨user⟩
https://uk.linkedin.com/pub/ann-miller/1/2 -> https://uk.linkedin.com/pub/⟨user⟩/1/2
https://www.instagram.com/stories/miller/318 -> https://www.instagram.com/stories/⟨user⟩/318
https://steamcommunity.com/profiles/7650001 -> https://steamcommunity.com/profiles/⟨user⟩
https://www.youtube.com/channel/UCmill -> https://www.youtube.com/channel/⟨user⟩
https://www.youtube.com/c/miller -> https://www.youtube.com/c/⟨user⟩
https://www.snapchat.com/s/miller -> https://www.snapchat.com/s/⟨user⟩
viber://447700900123 -> viber://⟨phone⟩
https://ok.ru/profile/550001 -> https://ok.ru/profile/⟨user⟩
https://rumble.com/c/miller -> https://rumble.com/c/⟨user⟩
https://www.bitchute.com/channel/miller -> https://www.bitchute.com/channel/⟨user⟩
https://open.spotify.com/user/miller -> https://open.spotify.com/user/⟨user⟩
https://miller.t.me/12 -> https://⟨user⟩.t.me/12
https://t.me/boost/miller -> https://t.me/boost/⟨user⟩
https://t.me/share/url?url=https://t.me/miller -> https://t.me/share/url?url=https://t.me/⟨user⟩
https://web.archive.org/web/2026/https://x.com/miller/status/17 -> https://web.archive.org/web/2026/https://x.com/⟨user⟩/status/17
https://www.google.com/amp/s/x.com/miller -> https://www.google.com/amp/s/x.com/⟨user⟩
https://translate.google.com/translate?u=https%3A%2F%2Fx.com%2Fmiller -> https://translate.google.com/translate?u=https://x.com/⟨user⟩
hxxps://t[.]me/miller/12 -> hxxps://t[.]me/⟨user⟩/12
https://t.me/mil\u200bler -> https://t.me/⟨user⟩
https://gazette.example.org/call/07700900123 -> https://gazette.example.org/call/⟨phone⟩
https://gazette.example.org/find?q=07700+900123 -> https://gazette.example.org/find?q=⟨phone⟩
https://gazette.example.org/x?token=s3cr3t&phone=07700900123&number=12 -> https://gazette.example.org/x?token=⟨id⟩&phone=⟨phone⟩&number=12
https://gazette.example.org/x?first_name=Ann&e-mail=ann@example.org -> https://gazette.example.org/x?first_name=⟨user⟩&e-mail=⟨email⟩
https://web.telegram.org/k/#@miller -> https://web.telegram.org/k/#⟨user⟩
https://line.me/ti/p/miller5501 -> https://line.me/ti/p/⟨user⟩
https://www.truecaller.com/search/us/2125550123 -> https://www.truecaller.com/search/us/⟨phone⟩
https://signal.me/p/2125550123 -> https://signal.me/p/⟨phone⟩
viber://2125550123 -> viber://⟨phone⟩
https://gazette.example.org/x?door_password=s3cr3t/https://x.com/miller -> https://gazette.example.org/x?door_password=⟨id⟩/https://x.com/⟨user⟩
https://github.com/miller/mill-map -> https://github.com/⟨user⟩/mill-map
https://github.com/orgs/millers/people -> https://github.com/orgs/⟨user⟩/people
https://github.com/sponsors/miller -> https://github.com/sponsors/⟨user⟩
https://www.messenger.com/t/ann.miller -> https://www.messenger.com/t/⟨user⟩
https://ig.me/m/miller -> https://ig.me/m/⟨user⟩
https://fb.me/ann.miller -> https://fb.me/⟨user⟩
https://zalo.me/0912345678 -> https://zalo.me/⟨phone⟩
https://vk.me/miller -> https://vk.me/⟨user⟩
https://www.paypal.com/paypalme/miller/5 -> https://www.paypal.com/paypalme/⟨user⟩/5
https://soundcloud.com/miller/mill-song -> https://soundcloud.com/⟨user⟩/mill-song
https://www.flickr.com/photos/miller/5501 -> https://www.flickr.com/photos/⟨user⟩/5501
https://www.flickr.com/people/miller -> https://www.flickr.com/people/⟨user⟩
https://www.zhihu.com/people/miller -> https://www.zhihu.com/people/⟨user⟩
https://kick.com/miller -> https://kick.com/⟨user⟩
https://calendly.com/miller/30min -> https://calendly.com/⟨user⟩/30min
https://zoom.us/my/miller -> https://zoom.us/my/⟨user⟩
https://beacons.ai/miller -> https://beacons.ai/⟨user⟩
https://lnk.bio/miller -> https://lnk.bio/⟨user⟩
https://tellonym.me/miller -> https://tellonym.me/⟨user⟩
https://www.behance.net/miller -> https://www.behance.net/⟨user⟩
https://www.minds.com/miller -> https://www.minds.com/⟨user⟩
https://ok.ru/ann.miller -> https://ok.ru/⟨user⟩
https://weibo.com/annmiller -> https://weibo.com/⟨user⟩
https://www.youtube.com/annmiller -> https://www.youtube.com/⟨user⟩
https://annmiller.carrd.co -> https://⟨user⟩.carrd.co
https://annmiller.substack.com/p/mills -> https://⟨user⟩.substack.com/p/mills
https://annmiller.medium.com/mills-0a1b2c -> https://⟨user⟩.medium.com/mills-0a1b2c
fb://profile/100055500011 -> fb://profile/⟨user⟩
https://mills.blogspot.com/search -> https://⟨user⟩.blogspot.com/search
snapchat://add/miller -> snapchat://add/⟨user⟩
tg://user?id=550001 -> tg://user?id=⟨user⟩
https://twitter.com/#!/miller -> https://twitter.com/#!/⟨user⟩
https://gazette.example.org/#/user/miller -> https://gazette.example.org/#/user/⟨user⟩
https://gazette.example.org/~miller/mill -> https://gazette.example.org/⟨user⟩/mill
https://gazette.example.org/a%2F@miller -> https://gazette.example.org/a%2F⟨user⟩
https://gazette.example.org/%2540miller -> https://gazette.example.org/⟨user⟩
https://gazette.example.org/a%2Fdid:plc:mill2345 -> https://gazette.example.org/a%2F⟨id⟩
https://t.me/%E2%80%8Bu/miller -> https://t.me/⟨user⟩/miller
https://proxy.example.org/https%3A%2F%2Fx.com%2Fmiller -> https://proxy.example.org/https:%2F%2Fx.com%2F⟨user⟩
https://proxy.example.org/https%253A%252F%252Fx.com%252Fmiller -> https://proxy.example.org/https:%2F%2Fx.com%2F⟨user⟩
https://proxy.example.org/x.com/miller -> https://proxy.example.org/x.com/⟨user⟩
https://gazette.example.org/r?url=https%253A%252F%252Fx.com%252Fmiller -> https://gazette.example.org/r?url=https://x.com/⟨user⟩
https://gazette.example.org/r?url=aHR0cHM6Ly94LmNvbS9taWxsZXI= -> https://gazette.example.org/r?url=https://x.com/⟨user⟩
https://x-com.translate.goog/miller/status/17 -> https://x-com.translate.goog/⟨user⟩/status/17
https://urldefense.proofpoint.com/v2/url?u=https-3A__x.com_miller&d=x -> https://urldefense.proofpoint.com/v2/url?u=https://x.com/⟨user⟩&d=x
https://9876512340.example.org/mill -> https://⟨phone⟩.example.org/mill
https://call-9876512340.example/mill -> https://call-⟨phone⟩.example/mill
https://gazette.example.org/contact-07700900123 -> https://gazette.example.org/contact-⟨phone⟩
https://gazette.example.org/+447700900123/mill -> https://gazette.example.org/⟨phone⟩/mill
https://gazette.example.org/tel:07700900123 -> https://gazette.example.org/tel:⟨phone⟩
https://gazette.example.org/pay/9876512340@ybl -> https://gazette.example.org/pay/⟨email⟩
https://gazette.example.org/find?x=919876512340 -> https://gazette.example.org/find?x=⟨phone⟩
https://gazette.example.org/find?friend=9876512340 -> https://gazette.example.org/find?friend=⟨phone⟩
https://gazette.example.org/find?article_id=9876512340 -> https://gazette.example.org/find?article_id=9876512340
https://gazette.example.org/find?q=ask+@miller -> https://gazette.example.org/find?q=ask%20⟨user⟩
https://gazette.example.org/x#access_token=s3cr3t&state=1 -> https://gazette.example.org/x#access_token=⟨id⟩&state=1
https://gazette.example.org/x#:~:text=Ring%2007700900123 -> https://gazette.example.org/x#:~:text=Ring%20⟨phone⟩
https://gazette.example.org/x?resetToken=s3cr3t -> https://gazette.example.org/x?resetToken=⟨id⟩
https://gazette.example.org/x?X-Amz-Signature=0a1b -> https://gazette.example.org/x?X-Amz-Signature=⟨id⟩
https://gazette.example.org/x?door_password=s3cr3t -> https://gazette.example.org/x?door_password=⟨id⟩
https://gazette.example.org/x?d=eyJhbGciOiJub25lIn0.eyJzdWIiOiI1NTAxIn0. -> https://gazette.example.org/x?d=⟨id⟩
https://docs.google.com/forms/d/e/1FAmill/viewform?entry.5501=Ann+Miller -> https://docs.google.com/forms/d/e/1FAmill/viewform?entry.5501=⟨user⟩
https://gazette.example.org/2026/mill-fire-9876512340 -> https://gazette.example.org/2026/mill-fire-9876512340
"""
"""Addresses as people wrote them, and as people see them."""

TRACKERS = """
ircid=1 yadclid=2 yadordid=3 h_sid=a h_slt=b _clde=1 _cldee=2 oprtrack=x admitad_uid=1 gps_adid=2 ebisAdID=3
_zucks_suid=1 asgtbndr=1 openExternalBrowser=1 m=0 m=1 nb=1 ref=homepage from=home_page source=frontpage src=related
ref=recommended from=mostread from=most_read source=trending ref=topnews from=ticker
$deep_link=1 __eep__=IwAR0ab __hsfp=42 __hssc=mill-news __hstc=x_7 __io_lv=abc.DEF __s=email
__twitter_impression=2026-03 _amp=1 _bhlid=IwAR0ab _branch_match_id=42 _branch_referrer=mill-news _ga=x_7 _gid=abc.DEF
_gl=email _hsenc=2026-03 _hsmi=1 _io_session_id=IwAR0ab _ke=42 _kx=mill-news _nc_x=x_7 _openstat=abc.DEF _rdc=email
_rdr=2026-03 accesstoken_share=1 action_object_map=IwAR0ab action_ref_map=42 action_type_map=mill-news adfrom=x_7
adj_campaign=abc.DEF adj_t=email af_sub1=2026-03 amp=1 amp_gsa=IwAR0ab amp_js_v=42 amp_kit=mill-news amp_lite=x_7
amp_r=abc.DEF amp_tf=email ampcf=2026-03 ampshare=1 aoh=IwAR0ab app_platform=42 awc=mill-news bxid=x_7 ceid=abc.DEF
cjevent=email ck_subscriber_id=2026-03 click_id=1 clickid=IwAR0ab cmp=42 cmpid=mill-news cmpn=x_7 cndid=abc.DEF
cx_click=email cx_recsorder=2026-03 cx_recswidget=1 dclid=IwAR0ab deep_link_value=42 dicbo=mill-news dm_i=x_7
eav=abc.DEF eblastid=email echobox=2026-03 ef_id=1 elq=IwAR0ab elqaid=42 elqat=mill-news elqcampaignid=x_7
elqtrack=abc.DEF elqtrackid=email email_referrer=2026-03 email_source=1 email_subject=IwAR0ab emci=42 emdi=mill-news
epik=x_7 erid=abc.DEF esrc=email et_cid=2026-03 et_lid=1 et_rid=IwAR0ab ex_cid=42 external_click_id=mill-news
famad_xuid=x_7 fb_action_ids=abc.DEF fb_action_types=email fb_comment_id=2026-03 fb_ref=1 fb_source=IwAR0ab fbclid=42
feature=mill-news from_share=x_7 fromshare=abc.DEF ftag=email gad_campaignid=2026-03 gad_source=1 gbraid=IwAR0ab
gclid=42 gclsrc=mill-news gdffi=x_7 gdfms=abc.DEF gdftrk=email giftid=2026-03 gs_l=1 gs_lcrp=IwAR0ab guccounter=42
guce_referrer=mill-news guce_referrer_sig=x_7 hmb_campaign=abc.DEF hmb_medium=email hmb_source=2026-03 hsctatracking=1
icid=IwAR0ab idorvanity=42 ig_rid=mill-news igsh=x_7 igshid=abc.DEF in_source=email int_cmp=2026-03 intcid=1
ir_clickid=IwAR0ab irclickid=42 irgwc=mill-news is_copy_url=x_7 is_from_webapp=abc.DEF isappinstalled=email
itid=2026-03 ito=1 leadsource=IwAR0ab li_fat_id=42 link_id_share=mill-news linkid=x_7 mbid=abc.DEF mc_cid=email
mc_eid=2026-03 mc_tc=1 mibextid=IwAR0ab mindbox-click-id=42 mindbox-message-key=mill-news mkt_tok=x_7 ml_sub=abc.DEF
ml_sub_hash=email ml_subscriber=2026-03 ml_subscriber_hash=1 msclkid=IwAR0ab ncid=42 ns_campaign=mill-news ns_fee=x_7
ns_linkname=abc.DEF ns_mchannel=email ns_source=2026-03 nsl=1 nx_source=IwAR0ab obclid=42 oborigurl=mill-news ocid=x_7
openwith_share=abc.DEF os_ehash=email otracker=2026-03 paipv=1 partageapp=IwAR0ab qclid=42 rb_clickid=mill-news
rcm=x_7 rdr=abc.DEF rdt_cid=email recruited_by_id=2026-03 recruiter=1 ref_src=IwAR0ab ref_url=42
referringsource=mill-news reflink=x_7 rtkcid=abc.DEF s_campaign=email s_cid=2026-03 s_kwcid=1 sc_cid=IwAR0ab
sc_customer=42 sc_eh=mill-news sc_lid=x_7 sc_llid=abc.DEF sc_src=email sc_uid=2026-03 scclid=1 scm=IwAR0ab
sender_device=42 sfnsn=mill-news sgrp=x_7 share_app_id=abc.DEF share_channel=email share_from=2026-03 share_id=1
share_link_id=IwAR0ab share_medium=42 share_plat=mill-news share_session_id=x_7 share_source=abc.DEF share_tag=email
share_token=2026-03 share_type=1 shared_by=IwAR0ab sharedby=42 shareid=mill-news sharer=x_7 sharetype=abc.DEF
shortlink=email si=2026-03 smid=1 sms_click=IwAR0ab sms_source=42 sms_uph=mill-news smtyp=x_7 soc_src=abc.DEF
soc_trk=email social_share=2026-03 source_ve_path=1 spjobid=IwAR0ab spm=42 spmailingid=mill-news spreportid=x_7
spuserid=abc.DEF src_trk=email srnd=2026-03 srsltid=1 ss_campaign_id=IwAR0ab ss_campaign_name=42
ss_campaign_sent_date=mill-news ss_source=x_7 sscid=abc.DEF sznclid=email taid=2026-03 tblci=1 tduid=IwAR0ab tpcc=42
tracking_source=mill-news trackingid=x_7 traffic_source=abc.DEF trk=email trkcampaign=2026-03 tt_from=1 ttclid=IwAR0ab
twclid=42 ugrp=mill-news unicorn_click_id=x_7 unlocked_article_code=abc.DEF user_email_address=email usqp=2026-03
vero_conv=1 vero_id=IwAR0ab wbraid=42 web_id=mill-news wechat_redirect=x_7 wickedid=abc.DEF wpisrc=email wpmm=2026-03
wt.mc_id=1 wt_mc=IwAR0ab wt_zmc=42 wtrid=mill-news wtsid=x_7 wx_share=abc.DEF wxshare=email xmt=2026-03 xtor=1
xtref=IwAR0ab xts=42 yclid=mill-news ymclid=x_7 ysclid=abc.DEF utm_source=email utm_campaign=2026-03 utm-source=1
utm-campaign=IwAR0ab hsa_x=42 pk_x=mill-news piwik_x=x_7 mtm_source=abc.DEF mtm_campaign=email matomo_x=2026-03
oly_x=1 at_x=IwAR0ab itm_x=42 otm_x=mill-news ga_x=x_7 cm_mmcx=abc.DEF cm_mex=email cm_crx=2026-03 cm_spx=1
cm_rex=IwAR0ab __cft__x=42 __tn__x=mill-news __xts__x=x_7 _x_tr_x=abc.DEF sfmc_x=email bsft_x=2026-03 adjust_x=1
dpg_x=IwAR0ab _sgm_x=42 nb_x=mill-news ir_x=x_7 trk_x=abc.DEF algo_x=email deep_link_x=2026-03 guce_x=1
pf_rd_x=IwAR0ab pd_rd_x=42 brave-x=mill-news _openstatx=x_7 app=android campaign=app channel=app-share
client=app_share entry=apple_news from=appshare from_source=bluesky launch=bsky medium=clipboard network=copy
origin=copy-link outlet=copy_link partner=copylink platform=dailyhunt provider=desktop ref=discord referer=e-mail
referrer=email s=embed share=facebook share_to=facebook-share shared=fb shareto=fb-share sharevia=fbshare sharing=feed
social=flipboard source=gnews sr=google src=google_news utm=googlenews via=groupmessage view_source=ig app=inshorts
campaign=insta channel=instagram client=ios entry=ipad from=iphone from_source=kakao launch=kakaostory
medium=kakaotalk network=koo origin=line outlet=link partner=linkedin platform=mail provider=mastodon ref=message
referer=messenger referrer=mobile s=mobileapp share=moments share_to=newsletter shared=notification
shareto=odnoklassniki sharevia=ok sharing=pinterest social=pocket source=push sr=qq src=qr utm=qrcode via=qzone
view_source=reddit app=rss campaign=share channel=share-button client=share_button entry=share_link from=sharebutton
from_source=sharechat launch=shared medium=sharelink network=sharing origin=signal outlet=singlemessage partner=skype
platform=slack provider=smartnews ref=sms referer=snapchat referrer=social s=social_media share=socialflow
share_to=socialmedia shared=socialshare shareto=teams sharevia=telegram sharing=tg social=threads source=tiktok
sr=timeline src=tme utm=tw via=twitter view_source=twshare app=viber campaign=vk channel=vkontakte client=wa
entry=wapp from=web from_source=webshare launch=wechat medium=weibo network=weixin origin=whatsapp
outlet=whatsapp-share partner=whatsapp_share platform=whatsappshare provider=widget ref=x referer=youtube referrer=yt
s=zalo outputType=amp outputType=comment output=amp view=amp view=lite view=mobile type=amp mode=amp mode=lite
format=amp page_type=amp template=amp device=mobile device=phone mobile=1 mobile=true mobile=yes print=1 print=true
UTM_Source=x FBCLID=1 from=SingleMessage
"""
"""Parameters that change nothing."""

SIGNIFICANT = """
id=1001 share=12 from=leeds from=1990 ref=12 source=gazette src=mill-2 via=york s=mill channel=5 platform=9
feature_id=3 page=2 p=550 article=7 type=video output=pdf view=map mode=2 format=pdf v=1 t=30 story=mill
"""
"""Parameters that may identify the content."""
