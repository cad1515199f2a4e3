"""The models of the bookshop, all of them; the docstring says what is where, for those who write tests.

Relationships

======================================  ==========================================================================
kind                                    where
======================================  ==========================================================================
many-to-one, one-to-many                `Book.publisher` - `Publisher.books`, `Review.book`, `Book.format`, ...
one-to-many with `order_by`             `Publisher.books` (title), `Category.children` (position), `Order.lines`
many-to-many, plain secondary           `Book.authors` - `Author.books`, `Book.tags` - `Tag.books`
association object                      `Order.lines` - `OrderLine` (quantity, unit_price) - `OrderLine.book`
association proxy of values             `Book.tag_names`
association proxy of rows               `Order.books`, through `OrderLine`
self-reference                          `Category.parent` - `Category.children`
two relationships to one model          `Order.billing_address`, `Order.shipping_address`
one-to-one, key shared                  `Book.cover` - `Cover.book`
one-to-one, unique foreign key          `Customer.loyalty_card` - `LoyaltyCard.customer`
composite foreign key                   `Book.shelf` - `Shelf.books`
view only                               `Book.approved_reviews`
write only                              `Customer.orders` (many-to-one back: `Order.customer`)
dynamic                                 `Employee.moderated_reviews`
without a way back                      `Author.country`, `Address.country`, `Order.billing_address`, ...
deleted with its owner (orphans too)    `Book.cover`, `Book.reviews`, `Order.lines`, `Customer.addresses`, ...
may not be empty                        `Order.customer`, `Review.book`, `Address.country`, `OrderLine.book`, ...
======================================  ==========================================================================

Keys and inheritance

======================================  ==========================================================================
kind                                    where
======================================  ==========================================================================
integer key `id`                        `Book`, `Author`, `Publisher`, `Tag`, `Order`, ...
key not called `id`                     `Country.code`, `Format.slug`, `LoyaltyCard.number`, `Cover.book_id`
string key that a URL must quote        `Format.slug` (one of the rows has the key ``ж x/y``)
UUID key                                `Review.id`, `LoyaltyCard.number`
composite key                           `Shelf` (aisle, level), `OrderLine` (order_id, book_id)
joined inheritance                      `Person` - `Customer`, `Employee` - `Manager`; discriminator `kind`
single-table inheritance                `Payment` - `CardPayment`, `TransferPayment`; discriminator `type`
concrete inheritance                    `Event` - `OnlineEvent`
======================================  ==========================================================================

Column types and attributes

======================================  ==========================================================================
kind                                    where
======================================  ==========================================================================
Integer, SmallInteger, BigInteger       `Book.stock`, `Book.pages`, `LoyaltyCard.points`, `Country.population`
Numeric(10, 2), Float                   `Book.price`, `Book.weight`
Boolean, also null                      `Book.in_print`, `Review.approved`, `Customer.newsletter`
String, Unicode, Text                   `Country.currency`, `Book.title`, `Review.body`
Date, Time, Interval                    `Book.published_on`, `Employee.shift_starts`, `Event.duration`
DateTime without and with time zone     `Event.starts_at`, `Order.placed_at`
Enum stored by value, by name           `Book.language`, `Order.status`
JSON, LargeBinary, Uuid                 `Book.details`, `Cover.image`, `Review.id`
TypeDecorator                           `Book.isbn` (hyphens are taken out)
server default, `onupdate`              `created_at` and `updated_at` of `Book` and `Review`
deferred                                `Book.description`, `Author.biography`
column_property                         `Person.full_name`, `Order.total` (a subquery)
hybrid with SQL                         `Book.available` (an expression of its own), `OrderLine.amount`
hybrid without SQL                      `Author.initials`
synonym                                 `Author.full_name`
property, method                        `Book.headline`, `Book.citation()`
`@validates` (ValueError)               `Book.pages`, `Person.email`
version_id_col                          `Order.version`
CheckConstraint                         `Book.price`, `Book.stock`, `OrderLine.quantity`, `Review.rating`
unique                                  `Book.isbn`, `Tag.name`, `Publisher.name`, `Person.email`;
                                        `Review` (book_id, reviewer_id)
fit to be hidden                        `Employee.salary`, `Customer.credit`
======================================  ==========================================================================
"""

from .base import ISBN, Base, Language, OrderStatus
from .catalogue import (
    Author,
    Book,
    Category,
    Country,
    Cover,
    Format,
    Publisher,
    Shelf,
    Tag,
    book_authors,
    book_tags,
)
from .trade import (
    Address,
    CardPayment,
    Customer,
    Employee,
    Event,
    LoyaltyCard,
    Manager,
    OnlineEvent,
    Order,
    OrderLine,
    Payment,
    Person,
    Review,
    TransferPayment,
)

MODELS: tuple[type[Base], ...] = (
    Country,
    Publisher,
    Format,
    Shelf,
    Category,
    Author,
    Tag,
    Book,
    Cover,
    Person,
    Customer,
    Employee,
    Manager,
    Address,
    LoyaltyCard,
    Order,
    OrderLine,
    Payment,
    CardPayment,
    TransferPayment,
    Review,
    Event,
    OnlineEvent,
)
"""Every model, referred tables before the tables that refer to them."""

__all__ = [
    "ISBN",
    "MODELS",
    "Address",
    "Author",
    "Base",
    "Book",
    "CardPayment",
    "Category",
    "Country",
    "Cover",
    "Customer",
    "Employee",
    "Event",
    "Format",
    "Language",
    "LoyaltyCard",
    "Manager",
    "OnlineEvent",
    "Order",
    "OrderLine",
    "OrderStatus",
    "Payment",
    "Person",
    "Publisher",
    "Review",
    "Shelf",
    "Tag",
    "TransferPayment",
    "book_authors",
    "book_tags",
]
