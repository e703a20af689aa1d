"""One small table for each shipped profile, of our own invention, and what its rows mean."""

from typing import Any, NamedTuple

AT = 1_700_000_000  # 2023-11-14 22:13:20 UTC
TEXT = "The ferry pier at Dunmore is shut and the last boat has gone"


class Sample(NamedTuple):
    table: str
    events: list[dict[str, Any]]


def rows(*lines: str) -> str:
    return "\n".join(lines) + "\n"


SAMPLES: dict[str, Sample] = {
    "coortweet": Sample(
        rows(
            "object_id,account_id,content_id,timestamp_share",
            f"1720000000000000123,77,1720000000000000456,{AT}",
        ),
        [
            {
                "kind": "forward",
                "message_id": "1720000000000000456",
                "root_ref": "1720000000000000123",
                "parent_evidence": "origin_only",
                "actor": "77",
                "platform": "x",
            }
        ],
    ),
    "coordination-network-toolkit": Sample(
        rows(
            "message_id,user_id,username,repost_id,reply_id,message,timestamp,urls",
            f"91,7,una,,,{TEXT},{AT}.25,http://pier.example/a https://pier.example/b",
            f"92,8,ben,91,,{TEXT},{AT},\"['http://pier.example/a']\"",
            f"93,9,cy,,91,Is that so?,{AT},[]",
        ),
        [
            {
                "kind": "post",
                "created_at": AT * 1000 + 250,
                "urls": ("http://pier.example/a", "https://pier.example/b"),
            },
            {"kind": "forward", "root_ref": "91", "parent_evidence": "origin_only", "urls": ("http://pier.example/a",)},
            {"kind": "reply", "parent_ref": "91", "parent_evidence": "api_parent", "urls": ()},
        ],
    ),
    "crowdtangle-facebook": Sample(
        "\ufeff"
        + rows(
            '"Page Name","User Name","Facebook Id","Page Category","Followers at Posting","Post Created","Type","Shares",'
            '"Post Views","URL","Message","Link","Final Link","Image Text","Link Text","Description"',
            f'"Dunmore Pier Watch","pierwatch","100099","LOCAL","2,310","2022-07-19 08:21:07 EDT","Link","1,204","0",'
            f'"https://www.facebook.com/100099/posts/5550001","{TEXT}","https://bit.ly/pier","https://pier.example/a","","","",',
            '"Dunmore Pier Watch","pierwatch","100099","LOCAL","2310","2022-07-19 08:22:00 EDT","Photo","3","N/A",'
            '"https://www.facebook.com/photo.php?fbid=5550002&set=a.1","","https://www.facebook.com/photo","","","",""',
        ),
        [
            {
                "kind": "post",
                "message_id": "5550001",
                "created_at": 1_658_233_267_000,
                "actor": "100099",
                "chat": "Dunmore Pier Watch",
                "followers": 2310,
                "text": TEXT,
                "urls": ("https://bit.ly/pier", "https://pier.example/a"),
            },
            {"kind": "counter", "message_id": "5550001", "event_id": "5550001", "created_at": None, "forwards": 1204},
            {"kind": "post", "message_id": "5550002"},
            {"kind": "counter", "forwards": 3},
        ],
    ),
    "crowdtangle-instagram": Sample(
        rows(
            "Account,User Name,Followers at Posting,Post Created,Type,Likes,Comments,Views,URL,Link,Photo,Title,Description",
            f"Dunmore,dunmore.pier,900,2022-07-19 08:21:07 CEST,Photo,3,1,77,https://www.instagram.com/p/CgABC_d-1/,,,,{TEXT}",
        ),
        [
            {"kind": "post", "message_id": "CgABC_d-1", "created_at": 1_658_211_667_000, "actor": "dunmore.pier"},
            {"kind": "counter", "views": 77, "created_at": None},
        ],
    ),
    "meta-content-library-facebook": Sample(
        rows(
            "id,creation_time,modified_time,text,lang,post_owner.id,post_owner.name,surface.id,surface.name,"
            "statistics.share_count,statistics.views,statistics.views_date_last_refreshed,shared_post_id,mcl_url",
            f"701,2025-03-04T10:16:30+00:00,2025-03-04T11:00:00+00:00,{TEXT},en,31,Una,41,Pier group,12,900,"
            "2025-03-06T00:00:00+00:00,,https://library.example/701",
            "702,2025-03-04T10:20:00+00:00,2025-03-04T10:20:00+00:00,,en,32,Ben,42,Ben,,,,701,",
        ),
        [
            {
                "kind": "post",
                "event_id": "701@1741086000",
                "message_id": "701",
                "created_at": 1_741_083_390_000,
                "actor": "31",
                "chat": "41",
                "lang": "en",
                "cursor": "https://library.example/701",
            },
            {
                "kind": "counter",
                "event_id": "701#c1741219200000",
                "created_at": 1_741_219_200_000,
                "forwards": 12,
                "views": 900,
            },
            {"kind": "forward", "event_id": "702", "root_ref": "701", "parent_evidence": "origin_only"},
        ],
    ),
    "meta-content-library-instagram": Sample(
        rows(
            "content_type,creation_time,id,lang,mcl_url,modified_time,post_owner.id,post_owner.username,"
            "statistics.like_count,statistics.views,text",
            f"IMAGE,2025-03-04 10:16:30,801,und,,,51,dunmore,4,55,{TEXT}",
        ),
        [
            {"kind": "post", "message_id": "801", "lang": None, "created_at": 1_741_083_390_000, "actor": "51"},
            {"kind": "counter", "views": 55, "forwards": None, "created_at": None},
        ],
    ),
    "facebook-graph": Sample(
        rows(
            "path;id;parent_id;level;object_id;created_time;message;link;shares.count;from.name",
            f"/;100_200;;0;100;2024-05-01T10:00:00+0000;{TEXT};https://pier.example/a;7;Dunmore",
        ),
        [
            {
                "kind": "post",
                "message_id": "100_200",
                "created_at": 1_714_557_600_000,
                "urls": ("https://pier.example/a",),
            },
            {"kind": "counter", "forwards": 7},
        ],
    ),
    "youtube-data-tools-videos": Sample(
        rows(
            "position,channelId,channelTitle,videoId,publishedAt,videoTitle,videoDescription,viewCount,commentCount",
            f'1,UCpier,Pier TV,vid_0000001,2023-11-14T22:13:20Z,Pier shut,"{TEXT} \\"today\\"",1500,3',
        ),
        [
            {
                "kind": "post",
                "message_id": "vid_0000001",
                "text": f'Pier shut\n{TEXT} "today"',
                "created_at": AT * 1000,
            },
            {"kind": "counter", "views": 1500, "forwards": None},
        ],
    ),
    "youtube-data-tools-comments": Sample(
        rows(
            "id,replyCount,likeCount,publishedAt,authorName,text,authorChannelId,isReply,isReplyTo,isReplyToName",
            "UgA1,1,0,2023-11-14 22:13:20,@una,The pier is shut!,UCuna,0,,",
            "UgA1.9b,0,0,2023-11-14 22:14:20,@ben,It is not.,UCben,1,UgA1,@una",
        ),
        [
            {"kind": "reply", "message_id": "UgA1", "parent_ref": None, "actor": "UCuna", "created_at": AT * 1000},
            {"kind": "reply", "message_id": "UgA1.9b", "parent_ref": "UgA1", "parent_evidence": "api_parent"},
        ],
    ),
    "tiktok-research-table": Sample(
        rows(
            "id,video_description,create_time,region_code,share_count,view_count,username,voice_to_text",
            f"7211111111111111123,{TEXT},{AT},IE,11,900,una,the machine heard this",
        ),
        [
            {"kind": "post", "message_id": "7211111111111111123", "text": TEXT, "actor": "una"},
            {"kind": "counter", "forwards": 11, "views": 900},
        ],
    ),
    "4cat-telegram": Sample(
        rows(
            "id,thread_id,chat,author,author_username,body,is_reply,reply_to,views,timestamp,unix_timestamp,"
            "unix_timestamp_edited,author_forwarded_from_name,author_forwarded_from_username,author_forwarded_from_id,"
            "unix_timestamp_forwarded_from,link_attached",
            f"dunmore_pier-41,dunmore_pier,dunmore_pier,,,{TEXT},False,,300,2023-11-14 23:13:20,{AT},,,,,,https://pier.example/a",
            f"dunmore_pier-42,dunmore_pier,dunmore_pier,55,una,Really?,True,41,,2023-11-14 23:14:20,{AT + 60},{AT + 90},,,,,",
            f"dunmore_pier-43,dunmore_pier,dunmore_pier,56,ben,{TEXT},False,,,x,{AT + 70},,Old Pier,oldpier,999,{AT - 900},",
        ),
        [
            {
                "kind": "post",
                "message_id": "dunmore_pier/41",
                "actor": "dunmore_pier",
                "chat": "dunmore_pier",
                "created_at": AT * 1000,
                "urls": ("https://pier.example/a",),
            },
            {"kind": "counter", "message_id": "dunmore_pier/41", "views": 300},
            {
                "kind": "reply",
                "event_id": f"dunmore_pier/42@{AT + 90}",
                "parent_ref": "dunmore_pier/41",
                "parent_evidence": "api_parent",
                "actor": "55",
            },
            {"kind": "forward", "root_ref": None, "parent_ref": None, "parent_evidence": "none", "hops_min": 1},
        ],
    ),
    "4cat-x": Sample(
        rows(
            "id,thread_id,timestamp,unix_timestamp,body,author,author_id,author_followers,language_guess,retweet_count,"
            "quote_count,impression_count,is_retweet,retweeted_user,is_quote_tweet,quote_tweet_id,is_reply,urls",
            f'501,501,x,{AT},{TEXT},una,71,"1,020",en,5,2,800,no,,no,,no,"https://pier.example/a,https://pier.example/b?x=1,2"',
            f"502,502,x,{AT},RT @una: {TEXT},ben,72,3,en,5,2,0,yes,una,no,,no,",
            f"503,501,x,{AT},No it is not,cy,73,4,en,0,0,0,no,,no,,yes,",
            f"504,504,x,{AT},Look at this,di,74,4,en,0,0,0,no,,yes,501,no,",
            f"505,505,x,{AT},RT @una: The ferry pier at…,eve,75,4,en,5,2,0,yes,una,no,,no,",
        ),
        [
            {
                "kind": "post",
                "followers": 1020,
                "actor": "71",
                "urls": ("https://pier.example/a", "https://pier.example/b?x=1,2"),
            },
            {"kind": "counter", "message_id": "501", "forwards": 7, "views": 800},
            {"kind": "forward", "text": TEXT, "parent_evidence": "none"},
            {"kind": "reply", "root_ref": "501", "parent_ref": None},
            {"kind": "counter", "forwards": 0, "views": None},
            {"kind": "quote", "parent_ref": "501", "parent_evidence": "api_parent"},
            {"kind": "counter"},
        ],
    ),
    "4cat-facebook": Sample(
        rows(
            "id,url,body,timestamp,author,author_name,image_url,video_url,is_in_group,group_name,unix_timestamp",
            f"601,https://www.facebook.com/x/601,{TEXT},x,una.pier,Una,,,yes,Dunmore group,{AT}",
        ),
        [{"kind": "post", "message_id": "601", "chat": "Dunmore group", "actor": "una.pier"}],
    ),
    "4cat-instagram": Sample(
        rows(
            "id,timestamp,thread_id,parent_id,url,body,author_id,author,num_likes,num_comments,play_count,unix_timestamp",
            f"CgXyZ,x,CgXyZ,CgXyZ,https://www.instagram.com/p/CgXyZ,{TEXT},88,una,3,1,,{AT}",
        ),
        [{"kind": "post", "message_id": "CgXyZ", "actor": "88"}],
    ),
    "4cat-tiktok": Sample(
        rows(
            "id,thread_id,author,author_followers,body,timestamp,unix_timestamp,is_duet,music_id,likes,comments,shares,plays",
            f"7211111111111111123,7211111111111111123,una,900,{TEXT},x,{AT},yes,7,3,2,40,5000",
        ),
        [{"kind": "post", "followers": 900}, {"kind": "counter", "forwards": 40, "views": 5000}],
    ),
    "4cat-tiktok-comments": Sample(
        rows(
            "id,thread_id,author,body,timestamp,unix_timestamp,likes,replies,post_id,is_comment_on_comment,language_guess",
            f"801,700,una,The pier is shut?,x,{AT},0,1,700,no,en",
            f"802,801,ben,It is.,x,{AT},0,0,700,yes,en",
        ),
        [
            {"kind": "reply", "parent_ref": "700", "root_ref": "700"},
            {"kind": "reply", "parent_ref": "801", "root_ref": "700"},
        ],
    ),
    "4cat-custom": Sample(
        rows("id,thread_id,author,body,timestamp,unix_timestamp", f"p-1,board,una,{TEXT},x,{AT}"),
        [{"kind": "post", "platform": "other", "message_id": "p-1", "chat": "board"}],
    ),
    "twarc-csv": Sample(
        rows(
            "id,conversation_id,referenced_tweets.replied_to.id,referenced_tweets.retweeted.id,referenced_tweets.quoted.id,"
            "author_id,created_at,text,lang,public_metrics.impression_count,public_metrics.retweet_count,"
            "public_metrics.quote_count,entities.urls,author.public_metrics.followers_count,__twarc.retrieved_at",
            f'501,501,,,,71,2023-11-14T22:13:20.000Z,{TEXT},en,10,5,2,"[{{""url"": ""https://t.co/a"", ""expanded_url"": '
            '""https://pier.example/a""}, {""expanded_url"": ""https://twitter.com/una/status/9/photo/1""}]",40,'
            "2023-11-15T00:00:00+00:00",
            "502,502,,501,,72,2023-11-14T22:14:20.000Z,RT @una: The ferry…,en,0,5,2,,41,2023-11-15T00:00:00+00:00",
            "503,501,501,,,73,2023-11-14T22:15:20.000Z,No,qme,0,0,0,,42,",
            "504,504,,,501,74,2023-11-14T22:15:20.000Z,See,en,,,,,42,",
        ),
        [
            {
                "kind": "post",
                "created_at": AT * 1000,
                "urls": ("https://pier.example/a",),
                "followers": 40,
                "lang": "en",
            },
            {
                "kind": "counter",
                "event_id": "501#c1700006400000",
                "created_at": 1_700_006_400_000,
                "forwards": 7,
                "views": 10,
            },
            {"kind": "forward", "root_ref": "501", "parent_evidence": "origin_only", "text": ""},
            {"kind": "counter", "message_id": "501", "forwards": 7},
            {"kind": "reply", "parent_ref": "501", "root_ref": "501", "parent_evidence": "api_parent", "lang": None},
            {"kind": "counter", "created_at": None},
            {"kind": "quote", "parent_ref": "501", "parent_evidence": "api_parent"},
        ],
    ),
    "junkipedia": Sample(
        rows(
            "id,published_at,url,search_data_fields.platform_name,search_data_fields.channel_data.channel_name,"
            "search_data_fields.sanitized_text,engagement_data.share_count",
            f"31,2024-05-01T10:00:00.000Z,https://x.example/31,Twitter,una,{TEXT},4",
            f"32,2024-05-01T10:01:00.000Z,https://x.example/32,TikTok,ben,{TEXT},",
        ),
        [
            {"kind": "post", "platform": "x", "message_id": "31", "actor": "una", "created_at": 1_714_557_600_000},
            {"kind": "counter", "platform": "x", "forwards": 4},
            {"kind": "post", "platform": "tiktok"},
        ],
    ),
    "plain-table": Sample(
        rows(
            "Post_ID|Created|Author|Text|Platform|URL",
            f"1|{AT}|una|{TEXT}|Truth Social|https://pier.example/a",
            f"2|{AT}123|ben|{TEXT}|WhatsApp|",
            f"3|2023-11-14T22:13:20Z|cy|{TEXT}|x|",
        ),
        [
            {"kind": "post", "platform": "truth-social", "created_at": AT * 1000, "urls": ("https://pier.example/a",)},
            {"kind": "post", "platform": "whatsapp", "created_at": AT * 1000 + 123},
            {"kind": "post", "platform": "x", "created_at": AT * 1000},
        ],
    ),
}
