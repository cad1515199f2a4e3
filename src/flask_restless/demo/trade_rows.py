"""Rows of the trade: people to events."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from . import words
from .base import OrderStatus
from .rows import TODAY, Content, Row, Rows, mailbox

OPENING = date(2022, 1, 3)
"""The first day of the shop."""

MANAGERS = 2
"""The first so many employees are managers."""

MORE_THAN_32_BITS = 5_000_000_000
"""Points of the first loyalty card."""

STATUSES = tuple(OrderStatus)


def add(content: Content) -> None:
    """Make the rows of the trade, referred tables first."""
    tables = content.tables
    for name in ("people", "customers", "employees", "managers"):
        tables[name] = []
    _people(content)
    tables["addresses"] = _addresses(content)
    tables["loyalty_cards"] = [_card(content, row["id"]) for row in tables["customers"] if row["id"] % 2]
    tables["loyalty_cards"][0]["points"] = MORE_THAN_32_BITS
    tables["orders"] = [_order(content, number) for number in range(1, content.count(320) + 1)]
    tables["order_lines"] = [line for order in tables["orders"] for line in _lines(content, order["id"])]
    tables["payments"] = _payments(content)
    tables["reviews"] = _reviews(content)
    tables["events"] = [_event(content, number) for number in range(1, content.count(30) + 1)]
    tables["online_events"] = [
        _event(content, number) | {"url": f"https://live.example.com/{number}"}
        for number in range(1, content.count(8) + 1)
    ]


def _people(content: Content) -> None:
    """Make a person who is nothing more, then employees (managers first), then customers."""
    employees, customers = content.count(14), content.count(150)
    for number in range(1, 1 + employees + customers + 1):
        if number == 1:
            kind = "person"
        elif number > 1 + employees:
            kind = "customer"
        else:
            kind = "manager" if number <= 1 + MANAGERS else "employee"
        content.tables["people"].append(_person(content, number, kind))
        if kind == "customer":
            content.tables["customers"].append(_customer(content, number))
        elif kind != "person":
            content.tables["employees"].append(_employee(content, number))
        if kind == "manager":
            budget = content.maybe(0.5, Decimal(content.random.randint(20, 90) * 1000))
            content.tables["managers"].append({"id": number, "budget": budget})


def _person(content: Content, number: int, kind: str) -> Row:
    given, family = content.random.choice(words.GIVEN_NAMES), content.random.choice(words.FAMILY_NAMES)
    return {
        "id": number,
        "kind": kind,
        "first_name": given,
        "last_name": family,
        "email": mailbox(given, family, number),
        "born": content.maybe(0.6, content.day(date(1940, 1, 1), date(2006, 12, 31))),
    }


def _customer(content: Content, number: int) -> Row:
    credit = Decimal(content.random.choice((0, 0, 0, 500, 1000, 2550))) / 100
    return {"id": number, "newsletter": content.random.choice((True, False, None)), "credit": credit}


def _employee(content: Content, number: int) -> Row:
    return {
        "id": number,
        "hired_on": content.day(OPENING),
        "salary": Decimal(content.random.randint(2400, 5200)) * 10,
        "shift_starts": content.maybe(0.8, content.random.choice((time(8, 30), time(9), time(13, 15)))),
    }


def _addresses(content: Content) -> Rows:
    customers = [row["id"] for row in content.tables["customers"]]
    owners = [key for key in customers for _ in range(content.random.choice((0, 1, 1, 1, 2, 2)))]
    return [_address(content, number, owner) for number, owner in enumerate(owners or customers[:1], 1)]


def _address(content: Content, number: int, customer_id: int) -> Row:
    country = content.random.choice(tuple(words.CITIES))
    city, latitude, longitude = content.random.choice(words.CITIES[country])
    located = content.random.random() < 0.7
    return {
        "id": number,
        "street": f"{content.random.choice(words.STREETS)} {content.random.randint(1, 180)}",
        "city": city,
        "postcode": content.maybe(0.9, f"{content.random.randrange(10**5):05}"),
        "latitude": round(latitude + content.random.uniform(-0.05, 0.05), 5) if located else None,
        "longitude": round(longitude + content.random.uniform(-0.05, 0.05), 5) if located else None,
        "country_code": country,
        "customer_id": customer_id,
    }


def _card(content: Content, customer_id: int) -> Row:
    return {
        "number": content.key(),
        "points": int(content.random.expovariate(0.002)),
        "valid_until": content.maybe(0.8, content.day(TODAY, date(2028, 12, 31))),
        "customer_id": customer_id,
    }


def _order(content: Content, number: int) -> Row:
    customer = content.pick("customers", "id")
    own = [row["id"] for row in content.tables["addresses"] if row["customer_id"] == customer]
    return {
        "id": number,
        "status": content.random.choices(STATUSES, (15, 20, 58, 7))[0],
        "placed_at": content.moment(OPENING).replace(tzinfo=UTC),
        "note": content.maybe(0.15, content.random.choice(words.ORDER_NOTES)),
        "version": 1,
        "customer_id": customer,
        "billing_address_id": content.random.choice(own) if own else None,
        "shipping_address_id": content.maybe(0.9, content.random.choice(own)) if own else None,
    }


def _lines(content: Content, order_id: int) -> Rows:
    count = content.random.choice((1, 1, 1, 2, 2, 3, 4)) if order_id > 1 else 3
    books = content.random.sample(content.tables["books"], min(count, len(content.tables["books"])))
    return [
        {
            "order_id": order_id,
            "book_id": book["id"],
            "quantity": content.random.choice((1, 1, 1, 1, 1, 2, 2, 3, 10)),
            "unit_price": book["price"],
            "gift_note": content.maybe(0.08, content.say(content.random.choice(words.GIFT_NOTES))),
        }
        for book in sorted(books, key=lambda book: int(book["id"]))
    ]


def _payments(content: Content) -> Rows:
    """Make the payments of the orders that are paid: one, or two parts."""
    totals: dict[int, Decimal] = {}
    for line in content.tables["order_lines"]:
        totals[line["order_id"]] = totals.get(line["order_id"], Decimal(0)) + line["quantity"] * line["unit_price"]
    rows: Rows = []
    for order in content.tables["orders"]:
        if order["status"] in (OrderStatus.PAID, OrderStatus.SHIPPED):
            total = totals[order["id"]]
            part = content.maybe(0.1, (total / 2).quantize(Decimal("0.01"))) or Decimal(0)
            for amount in filter(None, (part, total - part)):
                rows.append(_payment(content, len(rows) + 1, order, amount))
    return rows


def _payment(content: Content, number: int, order: Row, amount: Decimal) -> Row:
    kind = content.random.choices(("card", "transfer", "payment"), (65, 25, 10))[0]
    placed: datetime = order["placed_at"]
    return {
        "id": number,
        "type": kind,
        "amount": amount,
        "paid_on": placed.date() + timedelta(days=content.random.choice((0, 0, 0, 1, 3, 14))),
        "order_id": order["id"],
        "last_digits": f"{content.random.randrange(10**4):04}" if kind == "card" else None,
        "iban": f"DE{content.random.randrange(10**20):020}" if kind == "transfer" else None,
    }


def _reviews(content: Content) -> Rows:
    """Make reviews; nobody reviews a book twice, some reviewers are unknown, some reviews wait for a moderator."""
    pairs: set[tuple[Any, Any]] = set()
    for _ in range(content.count(720)):
        pairs.add((content.pick("books", "id"), content.pick("customers", "id")))
    return [_review(content, book, reviewer) for book, reviewer in sorted(pairs)]


def _review(content: Content, book_id: int, reviewer_id: int) -> Row:
    random = content.random
    rating = random.choices((1, 2, 3, 4, 5), (6, 9, 20, 35, 30))[0]
    body = (random.choice(words.OPENINGS), random.choice(words.MIDDLES[rating]), random.choice(words.ENDINGS))
    written = content.moment(OPENING)
    approved = random.choice((True, True, True, True, False, None))
    return {
        "id": content.key(),
        "rating": rating,
        "title": content.maybe(0.7, random.choice(words.HEADLINES[rating])),
        "body": content.say(" ".join(body[: random.choice((2, 3, 3))])),
        "approved": approved,
        "book_id": book_id,
        "reviewer_id": content.maybe(0.93, reviewer_id),
        "moderator_id": None if approved is None else content.pick("employees", "id"),
        "created_at": written,
        "updated_at": content.maybe(0.2, content.moment(written.date())),
    }


def _event(content: Content, number: int) -> Row:
    day = content.day(date(2024, 9, 1), date(2025, 12, 31))
    return {
        "id": number,
        "title": content.say(content.random.choice(words.EVENTS), title=content.pick("books", "title")),
        "starts_at": datetime.combine(day, content.random.choice((time(10, 30), time(18), time(19, 30)))),
        "duration": content.maybe(0.85, timedelta(minutes=content.random.choice((45, 60, 90, 150)))),
        "seats": content.maybe(0.7, content.random.choice((12, 20, 35, 60))),
        "host_id": content.maybe(0.8, content.pick("employees", "id")),
    }
