"""The words that `data` makes the content of the bookshop from."""


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COUNTRIES = (
    ("AT", "Austria", "EUR", 9_179_693),
    ("BR", "Brazil", "BRL", 203_080_756),
    ("CA", "Canada", "CAD", 41_465_298),
    ("CH", "Switzerland", "CHF", 8_962_300),
    ("CI", "Côte d'Ivoire", "XOF", 29_389_150),
    ("DE", "Germany", "EUR", 83_456_045),
    ("ES", "Spain", "EUR", 48_946_035),
    ("FR", "France", "EUR", 68_605_616),
    ("GB", "United Kingdom", "GBP", 68_265_209),
    ("IE", "Ireland", "EUR", 5_380_300),
    ("IN", "India", "INR", 1_428_627_663),
    ("JP", "Japan", "JPY", 123_802_000),
    ("MX", "México", "MXN", 129_739_759),
    ("NG", "Nigeria", "NGN", None),
    ("PL", "Poland", "PLN", 37_563_071),
    ("SE", "Sweden", "SEK", 10_588_230),
    ("TR", "Türkiye", "TRY", 85_664_944),
    ("UA", "Україна", "UAH", None),
    ("US", "United States", "USD", 340_110_988),
    ("ZA", "South Africa", "ZAR", 63_015_904),
)
"""Code, name, currency and inhabitants (or None) of each country."""

FORMATS = (
    ("hardback", "Hardback", False),
    ("paperback", "Paperback", False),
    ("large-print", "Large print", False),
    ("e-book", "E-book", True),
    ("audio", "Audiobook", True),
    ("ж x/y", "Samizdat, carbon copy", False),
    ("100% linen", "Bound in linen", False),
    ("collector's box", "Collector's box", False),
)
"""Slug, name and whether it is digital.  Books are mostly of the first five."""

CATEGORIES = {
    "Fiction": ("Crime", "Fantasy", "Historical novels", "Short stories", "Science fiction"),
    "Non-fiction": ("Biography", "Cooking", "History", "Nature", "Travel"),
    "Children's books": ("Picture books", "Ages 8 to 12", "Young adult"),
    "Science": ("Mathematics", "Physics & astronomy", "Programming"),
    "Poetry": (),
}
"""Categories at the root of the tree, and those below each."""

TAGS = (
    "award winner",
    "bestseller",
    "book club",
    "classic",
    "coming of age",
    "debut",
    "don't miss",
    "dystopia",
    "family",
    "feminism",
    "food & drink",
    "friendship",
    "funny",
    "gift idea",
    "islands",
    "journeys",
    "letters",
    "local author",
    "long read",
    "love",
    "memoir",
    "migration",
    "mountains",
    "music",
    "mystery",
    "new",
    "sea",
    "signed copy",
    "staff pick",
    "summer",
    "translated",
    "true story",
    "under 200 pages",
    "war & peace",
    "winter",
    "10% off",
    "fin de siècle",
    "日本",
)

HOUSES = (
    "Alder & Finch",
    "Anvil Lane",
    "Bluebell",
    "Brückner",
    "Casa del Faro",
    "Copperfield's",
    "Éditions du Canal",
    "Greyfriars",
    "Harbour Light",
    "Iron Gate",
    "Juniper Hill",
    "Kestrel",
    "Lindqvist",
    "Maple Leaf & Sons",
    "Nordwind",
    "O'Rourke",
    "Paper Lantern",
    "Quill",
    "Round Table",
    "Sakura Shobō",
    "Tamarind",
    "Übersee",
    "Видавництво Дніпро",
    "Willow Row",
)
"""Names of publishers; more are made by adding one of `HOUSE_ENDINGS`."""

HOUSE_ENDINGS = ("Press", "Books", "Publishing", "House", "& Daughters", "Editions")

GIVEN_NAMES = _split(
    """Ada Agnieszka Aisha Alejandro Amara André Anna Arjun Astrid Béatrice Benjamin Björn Carmen Chidi Chloé Dagmar
    Daniel David Deirdre Elif Emeka Emma Fatima Félix François Frida George Gunnar Hannah Haruki Henrik Inês Ingrid
    Isabel Jakub James Jürgen Kateryna Keiko Leila Liam Lucía Magda Mateo Mehmet Mykola Nadia Nguyễn Noor Olena
    Oluwaseun Oscar Paul Priya Rosa Ruth Sakura Samuel Sean Siobhán Sofía Søren Sunita Tariq Thandiwe Tomás
    Ursula Victor Wanda Xavier Yuki Yusuf Zanele Zoë Оксана Тарас 春子"""
)

FAMILY_NAMES = _split(
    """Abara Adeyemi Andersson Baker Banerjee Bianchi Bondarenko Brontë Castillo Çelik Clarke D'Angelo Dąbrowski Díaz
    Dubois Dupré Eriksen Evans Fernández Fischer Flynn García Goldberg Grant Haddad Hansen Hoffmann Hughes Ibrahim Ito
    Jansen Johnson Kaplan Kelly Khumalo Kowalska Kovač Kumar Lefèvre Lindström Lopes Łukasik MacLeod Martin Mbeki
    Moreau Müller Nakamura Nguyen Novák O'Brien O'Connor Okafor Öztürk Papadopoulos Patel Petrenko Pérez Quinn Rao
    Rossi Ryan Sánchez Schäfer Schmidt Shevchenko Silva Singh Smith Suzuki Tanaka Taylor Turner Vargas Virtanen Walker
    Weiß Williams Yılmaz Young Ziegler Коваль 佐藤"""
)

ADJECTIVES = _split(
    """Ancient Bitter Borrowed Bright Broken Burning Clockwork Crooked Distant Drowned Empty Endless Forgotten Frozen
    Gentle Golden Hidden Hollow Invisible Last Little Lonely Long Lost Midnight Missing Northern Paper Patient Quiet
    Restless Scarlet Secret Silent Silver Slow Stolen Tall Unfinished Wandering White Wild"""
)

NOUNS = _split(
    """Apprentice Archive Atlas Bakery Bridge Cartographer Cathedral Clock Coast Compass Daughter Diary Engine Ferry
    Fire Forest Garden Ghost Glassmaker Harbour House Hunter Island Key Lamp Letter Library Lighthouse Map Market
    Memory Mirror Moon Mountain Music Night Ocean Orchard Painter Promise River Road Season Shadow Ship Snow Spy
    Station Storm Summer Tailor Train Translator Voyage Watchmaker Winter"""
)

TOPICS = (
    "bread",
    "the alphabet",
    "bridges",
    "clouds",
    "coffee",
    "counting",
    "glass",
    "maps",
    "paper",
    "rain",
    "salt",
    "silence",
    "time",
    "the violin",
    "walking",
    "whales",
)

PLACES = (
    "Aberdeen",
    "Buenos Aires",
    "Dakar",
    "Galway",
    "Kraków",
    "Kyoto",
    "Lagos",
    "Lisbon",
    "Montréal",
    "Odesa",
    "Oaxaca",
    "Reykjavík",
    "Tromsø",
    "Zürich",
)

TITLES = {
    "en": (
        "The {adjective} {noun}",
        "The {noun}'s {other}",
        "{noun} and {other}",
        "A Short History of {topic}",
        "{adjective} {noun}s of {place}",
        "Notes from {place}",
        "The {noun} in {place}",
        "What {topic} taught me",
    ),
    "fr": ("La nuit de {place}", "L'été à {place}", "Le silence des {number} îles", "Où es-tu, {name} ?"),
    "de": ("Der Winter in {place}", "Die Bücher der Familie {family}", "{number} Briefe aus {place}", "Übermorgen"),
    "es": ("Los niños de {place}", "Cien noches en {place}", "El corazón de {name}", "¿Quién teme a {family}?"),
    "ja": ("{place}の雨", "静かな図書館 {number}", "春の手紙"),
    "uk": ("Листи з міста {place}", "Зимовий сад", "Дорога до {place}", "Сто днів тиші"),
}
"""Patterns of titles by language."""

SUBTITLES = (
    "A Novel",
    "A Memoir",
    "Essays",
    "Stories",
    "How {topic} changed everything",
    "Travels beyond {place}",
    "The {family} Papers",
    "Volume {number}",
)

DESCRIPTIONS = (
    "When {name} {family} comes home to {place}, nothing is where it used to be.",
    "Everybody in {place} knows the {family} family; nobody knows what happened to {name}.",
    "A book about {topic}, and about the people who could not leave it alone.",
    "For {number} years a letter lay in a drawer in {place}. Then {name} opened it.",
    "Part travel book, part family history: from {place} to the sea on foot.",
    "With maps, notes, and an afterword by {name} {family}.",
)

LIVES = (
    "{name} was born in {place} and studied there until the money ran out.",
    "Before writing full time, {name} repaired clocks, taught swimming and translated manuals about {topic}.",
    "The first book was refused by {number} publishers.",
    "Lives in {place} with a dog that does not read.",
)

OPENINGS = (
    "I read this in one sitting.",
    "It took me three attempts to finish this one.",
    "A present from my sister, and what a present!",
    "Our book club couldn't agree on it.",
    "I'd heard so much about it.",
    "Bought for the train, read until four in the morning.",
    "Très beau livre.",
    "Ein stilles, kluges Buch.",
    "Чудова книга.",
)

MIDDLES = {
    1: ("The plot makes no sense.", "Half of the pages are about {topic}.", "100% not for me."),
    2: (
        "The idea is good, the rest is not.",
        "Too long by at least {number} pages.",
        "I could not tell the people apart.",
    ),
    3: ("The middle part drags.", "Some chapters shine, some don't.", "Fine for a rainy day in {place}."),
    4: ("The people are drawn with care.", "I learned a lot about {topic}.", "You can smell the harbour of {place}."),
    5: (
        "Every sentence is in its place.",
        "I laughed, then I cried, then I called my mother.",
        "The best book on {topic}.",
    ),
}
"""What a review says, by its rating."""

ENDINGS = (
    "Would buy it again.",
    "The cover is lovely, too.",
    "I'm lending it to everyone.",
    "Not sure for whom it is.",
    "Now I want to see {place}.",
    "Ask the staff, they know it by heart.",
)

HEADLINES = {
    1: ("No.", "Waste of paper"),
    2: ("Disappointing", "Could be shorter"),
    3: ("It's OK", "Mixed feelings", "50/50"),
    4: ("Really good", "A pleasant surprise"),
    5: ("Wonderful", "Read it!", "★★★★★", "Can't stop thinking about it"),
}

STREETS = (
    "Abbey Lane",
    "Avenue des Érables",
    "Baker's Row",
    "Calle Mayor",
    "Canal Street",
    "Drottninggatan",
    "Gartenstraße",
    "Harbour Road",
    "King's Parade",
    "Rua da Alegria",
    "Station Road",
    "ul. Długa",
    "Via Roma",
    "вул. Садова",
)

CITIES = {
    "AT": (("Graz", 47.07, 15.44), ("Wien", 48.21, 16.37)),
    "CH": (("Zürich", 47.37, 8.54),),
    "DE": (("Köln", 50.94, 6.96), ("Leipzig", 51.34, 12.37)),
    "ES": (("Málaga", 36.72, -4.42),),
    "FR": (("Lyon", 45.76, 4.84), ("Besançon", 47.24, 6.02)),
    "GB": (("Hay-on-Wye", 52.07, -3.13), ("York", 53.96, -1.08), ("Edinburgh", 55.95, -3.19)),
    "IE": (("Galway", 53.27, -9.06),),
    "JP": (("京都", 35.01, 135.77),),
    "PL": (("Łódź", 51.76, 19.46),),
    "SE": (("Malmö", 55.60, 13.00),),
    "UA": (("Львів", 49.84, 24.03),),
    "US": (("Coeur d'Alene", 47.68, -116.78), ("Portland", 45.52, -122.68)),
}
"""Cities by country, each with latitude and longitude in degrees."""

ORDER_NOTES = (
    "Please ring twice, the bell is shy.",
    "Leave it with the neighbours at No. 7.",
    "Gift: no invoice in the parcel, please.",
    "Reserved by phone.",
)

GIFT_NOTES = ("Happy birthday, {name}!", "For {name} – с любовью", "Get well soon", "To the best aunt in {place}")

EVENTS = (
    "{name} {family} reads from “{title}”",
    "Poetry night",
    "Story hour for children",
    "Book club: {title}",
    "How to bind a book",
    "An evening about {topic}",
)
