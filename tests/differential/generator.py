"""Random commands from the grammar that COMMAND DOCS tells.

Most are right, so that keys fill with values; some have one thing wrong with them. Few keys, and
values at which implementations differ: bounds, signs, spaces, bytes that are no text.
"""

KEYS = [b"k1", b"k2", b"k3", b"k4", b"k5", b"{t}a", b"{t}b", b"", b"\x00\xff\r\n", b"K1",
        b"k" * 300]
KEY_WEIGHTS = [20, 20, 20, 10, 10, 5, 5, 1, 1, 1, 1]

BOUNDS = [b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808",
          b"-9223372036854775809", b"18446744073709551615", b"18446744073709551616",
          b"4294967295", b"4294967296", b"2147483647", b"-2147483648", b"2147483648"]
NO_INTEGERS = [b"", b"abc", b"1.5", b" 1", b"1 ", b"+1", b"-0", b"01", b"0x10", b"1e3", b"--1",
               b"-", b"1\x00", b"\xd9\xa1"]
SMALL_INTEGERS = [b"0", b"1", b"-1", b"2", b"3", b"-2", b"5", b"10", b"-10", b"15", b"16", b"100"]
FLOATS = [b"0", b"1", b"-1", b"3.14", b"-0.5", b"1e3", b"1e400", b"-1e400", b"1e-320", b"inf",
          b"-inf", b"nan", b"0.1", b"1.0", b"-0.0", b"5.0e3", b"1e17",
          b"123456789012345678", b".5", b"5.", b"0x1p3"]
TEXTS = [b"a", b"hello", b"hello world", b"ohmytext", b"mynewtext", b"\x00\x01\xff", b"\r\n",
         b"'\"\\", b"x" * 44, b"x" * 45, b"y" * 100, "héllo".encode(), b"*1\r\n$4\r\nPING\r\n"]
LONG_TEXTS = [b"L" * 16383, b"M" * 16384, b"N" * 20000, bytes(range(256)) * 300]
PATTERNS = [b"*", b"k*", b"k?", b"k[1-3]", b"[^k]*", b"\\k1", b"", b"k[", b"*1", b"{t}?", b"**",
            b"k\\"]
FIELD_TYPES = [b"u1", b"u2", b"i5", b"u8", b"i8", b"i16", b"u63", b"i64"]
NO_FIELD_TYPES = [b"u64", b"i65", b"u0", b"i08", b"8", b"u", b""]
# Mostly such that an append may follow the one before.
STREAM_IDS = [b"%d-*" % ms for ms in range(1, 9)] + [b"9-1", b"10-1", b"11"]
STREAM_PLACES = [b"%d-%d" % (ms, n) for ms in range(1, 9) for n in range(3)] + [
    b"0", b"5", b"(3-1", b"-", b"+", b"$", b">", b">", b"0-0", b"1-2-3", b"5-",
    b"18446744073709551615-18446744073709551615"]
STREAM_PLACE_NAMES = {"id", "start", "end", "threshold", "last-id", "max-deleted-id", "lastid"}
# Nothing between 1 and a minute, nor a minute from now: no key may expire while both are asked.
TIMES = {
    "seconds": [b"100", b"1000", b"100000", b"99999999", b"0", b"-1", b"-100", b"9223372036854775",
                b"9223372036854776"],
    "milliseconds": [b"100000", b"1000000", b"100000000", b"0", b"-1", b"-100000"],
    "unix-time-seconds": [b"4102444800", b"99999999999", b"1000000000", b"0", b"-1"],
    "unix-time-milliseconds": [b"4102444800000", b"1000000000000", b"0", b"-1"],
}
TIMES_ALIASES = {"ttl": "milliseconds", "expiry": "seconds", "unix-time": "unix-time-seconds"}


def as_map(flat):
    return dict(zip(flat[::2], flat[1::2]))


def key_spec(flat):
    spec = as_map(flat)
    return [sorted(spec[b"flags"]), spec[b"begin_search"], spec[b"find_keys"]]


class Argument:
    """One node of COMMAND DOCS's arguments."""

    def __init__(self, flat):
        node = as_map(flat)
        flags = node.get(b"flags", [])
        self.name = node[b"name"].decode()
        self.type = node[b"type"].decode()
        self.token = node.get(b"token")
        self.optional = b"optional" in flags
        self.multiple = b"multiple" in flags
        self.multiple_token = b"multiple_token" in flags
        self.children = [Argument(child) for child in node.get(b"arguments", [])]

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()


class CommandInfo:
    """A command or subcommand, from COMMAND INFO and COMMAND DOCS."""

    def __init__(self, info, docs):
        self.name = info[0].decode()  # "client|list"
        self.flags = {flag.decode() for flag in info[2]}
        self.arguments = [Argument(flat) for flat in docs.get(b"arguments", [])]
        # Arity, flags, key range, categories, tips and key specs in a form to compare: notes and
        # subcommands left out.
        self.entry = [int(info[1]), sorted(self.flags), [int(number) for number in info[3:6]],
                      sorted(info[6]), sorted(info[7]), [key_spec(flat) for flat in info[8]]]
        nodes = [node for argument in self.arguments for node in argument.walk()]
        self.takes_time = any(time_kind(node) for node in nodes)


def time_kind(argument):
    """Which of TIMES an argument takes; None if it is no time."""
    name = TIMES_ALIASES.get(argument.name, argument.name)
    if name in TIMES:
        return name
    if argument.type == "unix-time":
        milliseconds = "ms" in name or "milli" in name
        return "unix-time-milliseconds" if milliseconds else "unix-time-seconds"
    return None


class Generator:
    def __init__(self, random, commands, weights, long_values):
        self.random = random
        self.commands = commands
        self.weights = weights
        self.long_values = long_values
        self.command = None

    def next(self):
        """The name of a command and its words."""
        self.command = self.random.choices(self.commands, self.weights)[0]
        words = self.name_words()
        words += self.sequence(self.command.arguments)
        if self.random.random() < 0.2:
            words = self.spoil(words)
        return self.command.name, words

    def name_words(self):
        return [self.letters(word.encode()) for word in self.command.name.split("|")]

    def letters(self, word):
        """A word in some case of letters."""
        choice = self.random.random()
        if choice < 0.6:
            return word.upper()
        if choice < 0.9:
            return word.lower()
        swapped = word.swapcase()
        return bytes(self.random.choice(pair) for pair in zip(word, swapped))

    def sequence(self, arguments):
        parts = [self.argument(argument) for argument in arguments]
        first_option = next((i for i, argument in enumerate(arguments) if argument.optional), 0)
        if first_option and all(argument.optional for argument in arguments[first_option:]):
            if self.random.random() < 0.3:  # options may stand in any order
                options = parts[first_option:]
                self.random.shuffle(options)
                parts[first_option:] = options
        return [word for part in parts for word in part]

    def argument(self, argument):
        if argument.optional and self.random.random() < 0.6:
            return []
        words = []
        times = self.random.choice([1, 1, 2, 3]) if argument.multiple else 1
        for i in range(times):
            if i == 0 or argument.multiple_token:
                words += self.token(argument)
            words += self.once(argument)
        return words

    def token(self, argument):
        if argument.token is None or argument.type == "pure-token":
            return []
        return [self.letters(argument.token)]

    def once(self, argument):
        if argument.type == "pure-token":
            return [self.letters(argument.token)]
        if argument.type == "block":
            return self.sequence(argument.children)
        if argument.type == "oneof":
            count = 2 if self.random.random() < 0.05 else 1  # both: they exclude each other
            chosen = self.random.sample(argument.children, min(count, len(argument.children)))
            return [word for child in chosen for word in self.argument(child)]
        return [self.value(argument)]

    def value(self, argument):
        kind = time_kind(argument)
        if kind and self.random.random() < 0.9:
            return self.random.choice(TIMES[kind])
        if argument.type == "key":
            return self.key()
        if argument.type == "pattern":
            return self.random.choice(PATTERNS)
        if argument.name == "cursor" and self.random.random() < 0.9:
            return b"0"
        if argument.name == "encoding":
            return self.random.choice(
                FIELD_TYPES if self.random.random() < 0.95 else NO_FIELD_TYPES)
        if argument.name == "offset" and self.random.random() < 0.5:
            field = b"#" if self.random.random() < 0.1 else b""  # BITFIELD knows that form
            return field + b"%d" % self.random.randint(0, 300)
        is_bit = argument.name == "bit" or (self.command.name, argument.name) == ("setbit", "value")
        if is_bit and self.random.random() < 0.9:
            return self.random.choice([b"0", b"1"])
        if self.command.name[0] == "x" and self.random.random() < 0.95:
            word = self.stream_word(argument.name)
            if word is not None:
                return word
        if argument.type in ("integer", "unix-time"):
            return self.integer()
        if argument.type == "double":
            return self.random.choice(FLOATS)
        return self.text()

    def stream_word(self, name):
        """A word of a command on streams; None if it may be any."""
        if name in STREAM_PLACE_NAMES:
            adds = self.command.name == "xadd" and name == "id"
            return self.random.choice(STREAM_IDS if adds else STREAM_PLACES)
        if name == "group":
            return self.random.choice([b"g", b"g", b"h"])
        if name == "consumer":
            return self.random.choice([b"c", b"d"])
        if name == "min-idle-time":  # no time that may pass between the two servers
            return self.random.choice([b"0", b"0", b"1000000", b"-1"])
        return None

    def key(self):
        return self.random.choices(KEYS, KEY_WEIGHTS)[0]

    def integer(self):
        choice = self.random.random()
        if choice < 0.75 and not self.command.takes_time:
            return self.random.choice(SMALL_INTEGERS)
        return self.random.choice(BOUNDS if choice < 0.88 else NO_INTEGERS)

    def text(self):
        choice = self.random.random()
        if self.command.takes_time:  # a number might get into the place of a time
            return self.random.choice(TEXTS)
        if choice < 0.35:
            return self.random.choice(TEXTS)
        if choice < 0.6:
            return self.integer()
        if choice < 0.75:
            return self.random.choice(FLOATS)
        if choice < 0.85 and self.long_values:
            return self.random.choice(LONG_TEXTS)
        return b"%d" % self.random.randint(-1000, 1000)

    def spoil(self, words):
        """One thing made wrong: too few words, too many, in the wrong place."""
        at = self.random.randrange(1, len(words) + 1)
        choice = self.random.randrange(6)
        if choice == 0:
            return words[:at]
        if choice == 1:
            return words[:at] + [self.text()] + words[at:]
        if choice == 2:
            return words[: at - 1] + words[at:] if at > 1 else words
        if choice == 3 and at < len(words):
            return words[:at] + [words[at]] + words[at:]
        if choice == 4 and at < len(words):
            return words[:at] + [self.text()] + words[at + 1 :]
        tail = words[1:]
        self.random.shuffle(tail)
        return words[:1] + tail
