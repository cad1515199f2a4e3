"""Rows of the catalogue: countries to covers."""

from __future__ import annotations

import struct
import zlib
from datetime import date
from decimal import Decimal

from . import words
from .base import Language
from .rows import TODAY, Content, Row, Rows

LANGUAGES = tuple(Language)
FREQUENCIES = [2 if one is Language.JAPANESE else 60 if one is Language.ENGLISH else 8 for one in LANGUAGES]


def add(content: Content) -> None:
    """Make the rows of the catalogue, referred tables first."""
    tables = content.tables
    tables["countries"] = [
        {"code": code, "name": name, "currency": currency, "population": population}
        for code, name, currency, population in words.COUNTRIES
    ]
    tables["formats"] = [{"slug": slug, "name": name, "digital": digital} for slug, name, digital in words.FORMATS]
    tables["shelves"] = _shelves(content)
    tables["categories"] = _categories()
    tables["tags"] = [{"id": number, "name": name} for number, name in enumerate(words.TAGS, 1)]
    tables["publishers"] = [_publisher(content, number) for number in range(1, content.count(36) + 1)]
    tables["authors"] = [_author(content, number) for number in range(1, content.count(160) + 1)]
    tables["books"] = [_book(content, number) for number in range(1, content.count(420) + 1)]
    tables["book_authors"] = _pairs(content, "author_id", "authors", (0, 1, 1, 1, 1, 1, 1, 2, 2, 3))
    tables["book_tags"] = _pairs(content, "tag_id", "tags", (0, 1, 1, 2, 2, 3, 4))
    tables["covers"] = [_cover(content, book["id"]) for book in tables["books"] if content.maybe(0.6, True)]


def _shelves(content: Content) -> Rows:
    return [
        {"aisle": aisle, "level": level, "caption": content.maybe(0.7, content.say("{topic} and {topic}").capitalize())}
        for aisle in ("A", "B", "C", "D", "Ж")
        for level in range(1, 5)
    ]


def _categories() -> Rows:
    rows: Rows = []
    for position, (name, below) in enumerate(words.CATEGORIES.items(), 1):
        root = len(rows) + 1
        rows.append({"id": root, "name": name, "position": position, "parent_id": None})
        for place, child in enumerate(below, 1):
            rows.append({"id": len(rows) + 1, "name": child, "position": place, "parent_id": root})
    return rows


def _publisher(content: Content, number: int) -> Row:
    """Make a publisher; each name and ending is used together once at most."""
    turn, place = divmod(number - 1, len(words.HOUSES))
    ending = words.HOUSE_ENDINGS[(place + turn) % len(words.HOUSE_ENDINGS)]
    series = turn // len(words.HOUSE_ENDINGS)
    name = f"{words.HOUSES[place]} {ending}" + (f" {series + 1}" if series else "")
    return {
        "id": number,
        "name": name,
        "founded": content.maybe(0.85, content.random.randint(1780, 2020)),
        "website": content.maybe(0.6, f"https://publisher{number}.example.com/"),
        "country_code": content.maybe(0.9, content.pick("countries", "code")),
    }


def _author(content: Content, number: int) -> Row:
    given, family = content.random.choice(words.GIVEN_NAMES), content.random.choice(words.FAMILY_NAMES)
    middle = content.maybe(0.15, f" {content.random.choice('ABCEHJKLMR')}.") or ""
    return {
        "id": number,
        "name": f"{given}{middle} {family}",
        "born": content.maybe(0.75, content.day(date(1899, 1, 1), date(1999, 12, 31))),
        "biography": content.maybe(0.7, content.sentences(words.LIVES, 3, name=given)),
        "country_code": content.maybe(0.85, content.pick("countries", "code")),
    }


def _book(content: Content, number: int) -> Row:
    random = content.random
    language = random.choices(LANGUAGES, FREQUENCIES)[0]
    pages = min(1200, max(24, int(random.lognormvariate(5.6, 0.5))))
    shelf = content.maybe(0.8, random.choice(content.tables["shelves"]))
    in_print = random.random() < 0.9
    day = content.maybe(0.93, content.day(date(1950, 1, 1)) if random.random() < 0.3 else content.day(date(2012, 1, 1)))
    added = content.moment(date(2022, 1, 3))
    return {
        "id": number,
        "isbn": content.maybe(0.92, _isbn(random.randrange(10**9))),
        "title": content.say(random.choice(words.TITLES[language.value])),
        "subtitle": content.maybe(0.3, content.say(random.choice(words.SUBTITLES))),
        "language": language,
        "price": _price(content, pages),
        "pages": content.maybe(0.95, pages),
        "weight": content.maybe(0.8, round(0.11 + pages * random.uniform(0.0009, 0.0016), 3)),
        "published_on": day,
        "in_print": in_print,
        "stock": min(80, int(random.expovariate(0.12))) if in_print else random.choice((0, 0, 0, 1)),
        "details": _details(content),
        "description": content.maybe(0.85, content.sentences(words.DESCRIPTIONS, random.randint(2, 4))),
        "publisher_id": content.maybe(0.95, content.pick("publishers", "id")),
        "category_id": content.maybe(0.92, content.pick("categories", "id")),
        "format_slug": _format(content),
        "shelf_aisle": shelf and shelf["aisle"],
        "shelf_level": shelf and shelf["level"],
        "created_at": added,
        "updated_at": content.maybe(0.4, content.moment(added.date(), TODAY)),
    }


def _isbn(digits: int) -> str:
    """Give the ISBN-13 with these nine digits after the prefix 978, with its check digit."""
    body = f"978{digits:09}"
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighed % 10}"


def _price(content: Content, pages: int) -> Decimal:
    """Give a price in the way shops make them: longer books cost more, and most prices end in .99, .95 or .50."""
    whole = int(4 + pages / 40 + content.random.expovariate(0.2))
    return whole + Decimal(content.random.choice(("0.99", "0.99", "0.95", "0.50", "0.00")))


def _format(content: Content) -> str | None:
    slugs = [slug for slug, _, _ in words.FORMATS]
    return content.maybe(0.97, content.random.choices(slugs, (30, 45, 5, 12, 8, 1, 1, 1))[0])


def _details(content: Content) -> dict[str, object] | None:
    random = content.random
    details: dict[str, object] = {
        "binding": random.choice(("sewn", "glued", "spiral")),
        "size": {"width": random.randint(105, 240), "height": random.randint(170, 320)},
        "prizes": random.sample(("Prix du Canal", "Golden Quill", "Silver Owl"), random.choice((0, 0, 0, 1, 2))),
    }
    return content.maybe(0.75, details)


def _pairs(content: Content, column: str, table: str, counts: tuple[int, ...]) -> Rows:
    """Link each book to some different rows of `table`; `counts` tells how many, and how often."""
    keys = [row["id"] for row in content.tables[table]]
    return [
        {"book_id": book["id"], column: key}
        for book in content.tables["books"]
        for key in content.random.sample(keys, min(content.random.choice(counts), len(keys)))
    ]


def _cover(content: Content, book_id: int) -> Row:
    colour = content.random.getrandbits(24).to_bytes(3, "big")
    return {"book_id": book_id, "media_type": "image/png", "image": _png(colour)}


def _png(colour: bytes) -> bytes:
    """Give a PNG of one pixel; `colour` is its red, green and blue."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + colour)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(body)) + tag + body + _crc(tag + body) for tag, body in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _crc(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))
