#!/usr/bin/python3
"""Holds the sources to the house style, as far as a program can see it.

Every rule is a function from the sources to violations. `the_tree` runs them all over this
repository; the other tests plant each violation in a folder of its own and look whether it is found.
The C++ is read with regular expressions and a count of brackets, not parsed: what a rule cannot see
that way it lets pass.
"""

import bisect
import fnmatch
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

LONGEST_FILE = 600
LONGEST_FUNCTION = 70

# What each floor may include; protocol and config stand side by side.
FLOORS = {
    "base": {"base"},
    "protocol": {"base", "protocol"},
    "config": {"base", "config"},
    "storage": {"base", "protocol", "config", "storage"},
    "cluster": {"base", "protocol", "config", "storage", "cluster"},
    "server": {"base", "protocol", "config", "storage", "cluster", "server"},
}
MACRO_FILES = {"base/check.h", "base/mutex.h", "tests/unit_main.cc"}

LITERALS_AND_COMMENTS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"([^()\\ ]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'"""
    r"""|\b\d(?:'?[\w.])*""",
    re.S,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)
LAMBDA = re.compile(r"\[([^\[\]]*)\]\s*(?=[({<]|mutable\b|->)")
CLASS_HEAD = re.compile(r"(?:class|struct|union|enum)\b")
FUNCTION_TAIL = re.compile(r"(?:\)|\bconst|\bnoexcept|\boverride)$")


class Source:
    """One C++ file: its text, and `code`, of the same length, with comments, the insides of
    literals and preprocessor lines blanked."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.floor = self.path.split("/")[0]
        self.text = path.read_text(encoding="utf-8", errors="replace")
        self.comments = []  # (offset, text)
        code = LITERALS_AND_COMMENTS.sub(self._blank, self.text)
        blank_line = lambda m: re.sub(r"[^\n]", " ", m[0])
        self.code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank_line, code, flags=re.M)
        self.includes = [(m.start(), m[1], m[2]) for m in INCLUDE.finditer(self.text)]
        self.newlines = [m.start() for m in re.finditer("\n", self.text)]
        self.functions = list(functions_in(self.code))  # (start, end)
        self.lambdas = list(lambdas_in(self.code))

    def _blank(self, match):
        token = match[0]
        if token[0].isdigit():
            return token
        if token.startswith(("//", "/*")):
            self.comments.append((match.start(), token))
            return re.sub(r"[^\n]", " ", token)
        return '"' + re.sub(r"[^\n]", " ", token[1:-1]) + '"'

    def line(self, offset):
        return bisect.bisect_left(self.newlines, offset) + 1

    def violation(self, offset, reason):
        return f"{self.path}:{self.line(offset)}: {reason}"


def closing(code, opening):
    """The offset of the bracket that closes the one at `opening`."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    depth = 0
    for match in re.compile(r"[(){}\[\]]").finditer(code, opening):
        depth += 1 if match[0] in pairs else -1
        if depth == 0:
            return match.start()
    return len(code)


def kind_of_block(head):
    """What a '{' behind `head` opens, where only namespaces and classes are around it."""
    head = re.sub(r"\[\[.*?\]\]", "", head, flags=re.S).strip()
    while head.startswith("template"):
        opening, depth = head.find("<"), 0
        for end in range(opening, len(head)):
            depth += {"<": 1, ">": -1}.get(head[end], 0)
            if depth == 0:
                break
        head = head[end + 1 :].strip()
    if re.match(r"(?:inline\s+)?namespace\b|extern\s*\"", head):
        return "scope"
    if CLASS_HEAD.match(head) and not FUNCTION_TAIL.search(head):
        return "scope"
    # An empty head or one that begins with a comma goes on behind a_{1} in a list of initialisers.
    if head == "" or head.startswith(","):
        return "function"
    return "function" if "(" in head and not re.search(r"(?<!operator)=$", head) else "other"


def functions_in(code):
    """Yields (start, end) of every function that is not inside another one."""
    blocks = []  # (kind, start, depth of parentheses around it)
    head_start = parentheses = 0
    last_start = 0
    for match in re.finditer(r"[(){};]|\b(?:public|private|protected)\s*:", code):
        at, token = match.start(), match[0]
        if token == "(":
            parentheses += 1
        elif token == ")":
            parentheses -= 1
        elif token == "{":
            inside = any(kind != "scope" for kind, _, _ in blocks)
            head = code[head_start:at]
            kind = "other" if inside or parentheses else kind_of_block(head)
            start = head_start + len(head) - len(head.lstrip())
            if head.strip()[:1] in ("", ","):
                start = last_start
            blocks.append((kind, start, parentheses))
            parentheses = 0
            head_start = match.end()
        elif token == "}":
            if blocks:
                kind, start, parentheses = blocks.pop()
                if kind == "function":
                    last_start = start
                    yield start, at
            head_start = match.end()
        elif not parentheses:
            head_start = match.end()


class Lambda:
    def __init__(self, start, captures, body, signature):
        self.start, self.captures, self.body, self.signature = start, captures, body, signature


def lambdas_in(code):
    for match in LAMBDA.finditer(code):
        before = code[: match.start()].rstrip()[-20:]
        word = re.search(r"\w+$", before)
        if word and word[0] not in ("return", "co_return", "co_await", "co_yield", "case"):
            continue  # a subscript
        if before.endswith((")", "]", '"')):
            continue
        body = match.end()
        while body < len(code) and code[body] not in "{;":
            body = closing(code, body) + 1 if code[body] in "([" else body + 1
        if body < len(code) and code[body] == "{":
            signature = code[match.end() : body]
            yield Lambda(match.start(), match[1].strip(), (body, closing(code, body)), signature)


def file_lengths(sources, root):
    scripts = [p for p in files_below(root, (".py", ".sh", ".js", ".mjs"))]
    for path in [root / s.path for s in sources] + scripts:
        lines = path.read_bytes().count(b"\n")
        if lines > LONGEST_FILE:
            name = path.relative_to(root).as_posix()
            yield f"{name}:{LONGEST_FILE}: {lines} lines; a file has at most {LONGEST_FILE}"


def function_lengths(sources, _):
    for source in sources:
        for start, end in source.functions:
            lines = source.line(end) - source.line(start) + 1
            if lines > LONGEST_FUNCTION:
                reason = f"function of {lines} lines; it may have {LONGEST_FUNCTION}"
                yield source.violation(start, reason)


def floors(sources, _):
    for source in sources:
        for offset, bracket, name in source.includes:
            floor = name.split("/")[0]
            if source.floor in FLOORS and bracket == '"' and floor in FLOORS:
                if floor not in FLOORS[source.floor]:
                    yield source.violation(offset, f"{source.floor}/ may not include {floor}/")
            if name == "base/check.h" and source.path.endswith(".h"):
                yield source.violation(offset, "base/check.h is for .cc files (Catch2 has a CHECK)")


def header_rules(sources, root):
    for source in sources:
        if source.path.endswith(".h"):
            if not re.search(r"^#pragma once$", source.text, re.M):
                yield source.violation(0, "no #pragma once")
            continue
        own = source.path[:-3] + ".h"
        if (root / own).exists() and (not source.includes or source.includes[0][2] != own):
            yield source.violation(0, f'the first include is not "{own}"')


def dead_files(sources, root):
    included = set()
    for source in sources:
        for _, bracket, name in source.includes:
            if bracket == '"':
                included.add(name)
                included.add(os.path.normpath(os.path.join(os.path.dirname(source.path), name)))
    for source in sources:
        if source.path.endswith(".h") and source.path not in included:
            yield source.violation(0, "no file includes this header")
        if source.path.endswith(".cc") and not named_in_cmake(root, source.path):
            yield source.violation(0, "no CMakeLists.txt names this file")


def named_in_cmake(root, path):
    for folder in list((root / path).parents):
        cmake = folder / "CMakeLists.txt"
        if folder != root and cmake.exists():
            name = (root / path).relative_to(folder).as_posix()
            words = re.sub(r"#[^\n]*", "", cmake.read_text()).replace("(", " ").replace(")", " ")
            if any(fnmatch.fnmatchcase(name, word) for word in words.split()):
                return True
        if folder == root:
            return False
    return False


def scope_rules(sources, _):
    for source in sources:
        for match in re.finditer(r"\busing\s+namespace\b", source.code):
            if not any(start < match.start() < end for start, end in source.functions):
                yield source.violation(match.start(), "using namespace at file scope")
        for match in re.finditer(r"\bfriend\b[^;{]*Test|\bFRIEND_TEST\b", source.code):
            yield source.violation(match.start(), "friend for a test")
        if source.path not in MACRO_FILES:
            for match in re.finditer(r"^[ \t]*#[ \t]*define\b", source.text, re.M):
                yield source.violation(match.start(), "macros are CHECK and thread annotations only")


def comment_rules(sources, _):
    code_line = re.compile(r"//\s*(?:[\w:<>*&.\[\]]|->)+(?:\(.*\)|\s*[-+|]?=\s*.+);\s*$")
    for source in sources:
        for offset, text in source.comments:
            if re.search(r"\b(?:TODO|FIXME)\b(?!: \S+ \S+ \S+)", text):
                yield source.violation(offset, "TODO without a reason (TODO: why it waits)")
            if code_line.match(text):
                yield source.violation(offset, "commented-out code")


def coroutine_rules(sources, _):
    for source in sources:
        code = source.code
        for match in re.finditer(r"\bco_(?:await|return|yield)\b", code):
            if match[0] == "co_await":
                end = end_of_expression(code, match.end())
                for inner in source.lambdas:
                    if match.start() < inner.start < end and inner.captures:
                        reason = "capturing lambda inside co_await; name it on the line above"
                        yield source.violation(inner.start, reason)
            around = [l for l in source.lambdas if l.body[0] < match.start() < l.body[1]]
            if around and max(around, key=lambda l: l.body[0]).captures:
                yield source.violation(match.start(), "coroutine in a capturing lambda")
        for inner in source.lambdas:
            if inner.captures and "awaitable" in inner.signature.rpartition("->")[2]:
                yield source.violation(inner.start, "coroutine in a capturing lambda")


def end_of_expression(code, at):
    depth = 0
    for match in re.compile(r"[(){}\[\];]").finditer(code, at):
        if match[0] == ";" and depth == 0:
            return match.start()
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(match[0], 0)
        if depth < 0:
            return match.start()
    return len(code)


RULES = [
    file_lengths,
    function_lengths,
    floors,
    header_rules,
    dead_files,
    scope_rules,
    comment_rules,
    coroutine_rules,
]


def files_below(root, endings):
    for top in [*FLOORS, "tests", "scripts"]:
        for path in sorted((root / top).rglob("*")):
            if path.suffix in endings and "node_modules" not in path.parts and path.is_file():
                yield path


def violations(root):
    root = Path(root)
    sources = [Source(root, path) for path in files_below(root, (".h", ".cc"))]
    found = [violation for rule in RULES for violation in rule(sources, root)]
    return list(dict.fromkeys(found))


class Tidy(unittest.TestCase):
    def test_the_tree(self):
        found = violations(Path(__file__).resolve().parent.parent)
        if found:
            self.fail("\n" + "\n".join(found))


class SelfTest(unittest.TestCase):
    """Each test plants files and says which violations they are, as (file:line, part of reason)."""

    def found(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return violations(folder)

    def one(self, text, name="server/a.cc"):
        """The violations in one file that is built."""
        cmake = {f"{name.split('/')[0]}/CMakeLists.txt": "add_library(x *.cc)"}
        return self.found({**cmake, name: text})

    def expect(self, found, *expected):
        self.assertEqual(len(found), len(expected), found)
        for violation, (place, reason) in zip(found, expected):
            self.assertTrue(violation.startswith(place + ": "), violation)
            self.assertIn(reason, violation)

    def test_long_files(self):
        self.expect(self.one("\n" * 600))
        self.expect(self.one("\n" * 601), ("server/a.cc:600", "601 lines"))

    def test_long_functions(self):
        def function(head, lines):
            return "namespace a {\n" + head + " {\n" + "  f();\n" * (lines - 2) + "}\n}\n"

        for head in (
            "void F(int a)",
            "template <class T> T F() const",
            "A::A() : b_{1}, c_(2)",
            "A::A() : b_{1}",
            "bool operator==(A a)",
            'TEST_CASE("{ is a bracket")',
            "struct stat F()",
        ):
            with self.subTest(head):
                self.expect(self.one(function(head, 70)))
                self.expect(self.one(function(head, 71)), ("server/a.cc:2", "71 lines"))
        for head in ("class A : public B", 'class CAPABILITY("m") A', "constexpr int kA[] =", "enum class E"):
            with self.subTest(head):
                self.expect(self.one(function(head, 100)))
        inline = function("class A {\n public:\n  int B()", 71) + "}\n"
        self.expect(self.one(inline), ("server/a.cc:4", "71 lines"))

    def test_brackets_in_literals_do_not_count(self):
        body = "char a = '{'; int b = 1'000; auto c = \"{\"; auto d = R\"x({\")x\"; // {\n"
        text = "void F() {\n" + body + "}\n" + "\n" * 80 + "void G() {}\n"
        self.expect(self.one(text))

    def test_floors(self):
        def including(name, header):
            return self.found({
                f"{name.split('/')[0]}/CMakeLists.txt": "x *.cc",
                name: f'#include "{header}"\n',
            })

        self.expect(including("server/a.cc", "storage/b.h"))
        self.expect(including("storage/a.cc", "protocol/b.h"))
        self.expect(including("tests/base/a.cc", "server/b.h"))
        self.expect(including("base/a.cc", "server/b.h"), ("base/a.cc:1", "may not include server/"))
        self.expect(including("config/a.cc", "protocol/b.h"), ("config/a.cc:1", "protocol/"))
        self.expect(including("protocol/a.cc", "config/b.h"), ("protocol/a.cc:1", "config/"))
        self.expect(including("storage/a.cc", "cluster/b.h"), ("storage/a.cc:1", "cluster/"))

    def test_headers(self):
        found = self.found({
            "base/CMakeLists.txt": "add_library(strata_base a.cc)",
            "base/a.h": '#include "base/check.h"\n',
            "base/a.cc": '#include <vector>\n#include "base/a.h"\n',
        })
        self.expect(
            found,
            ("base/a.h:1", "check.h is for .cc"),
            ("base/a.cc:1", "first include"),
            ("base/a.h:1", "#pragma once"),
        )

    def test_dead_files(self):
        found = self.found({
            "base/CMakeLists.txt": "add_library(strata_base a.cc) # b.cc",
            "base/a.cc": "",
            "base/b.cc": "",
            "base/c.h": "#pragma once\n",
            "server/CMakeLists.txt": "add_library(strata_server commands/d.cc)",
            "server/commands/d.cc": "",
        })
        self.expect(found, ("base/b.cc:1", "no CMakeLists"), ("base/c.h:1", "no file includes"))

    def test_scopes(self):
        self.expect(self.one("using namespace std;\n"), ("server/a.cc:1", "file scope"))
        inside = "namespace a {\nusing namespace std;\n}\n"
        self.expect(self.one(inside), ("server/a.cc:2", "file scope"))
        self.expect(self.one("void F() {\n  using namespace std;\n}\n// using namespace std\n"))
        self.expect(self.one("class A {\n  friend class ATest;\n};\n"), ("server/a.cc:2", "friend"))
        self.expect(self.one("class A {\n  friend class B;\n};\n"))
        self.expect(self.one("#define MAX 3\n"), ("server/a.cc:1", "macros"))

    def test_comments(self):
        self.expect(self.one("// TODO\n"), ("server/a.cc:1", "TODO"))
        self.expect(self.one("int a;  // TODO: later\n"), ("server/a.cc:1", "TODO"))
        self.expect(self.one("// TODO: waits for issue 7\n"))
        for code in ("Foo(a, b);", "a.b = 3;", "x->y(1);", "n += 2;"):
            self.expect(self.one(f"// {code}\n"), ("server/a.cc:1", "commented-out"))
        self.expect(self.one("// A queue (bounded); drops what is late.\n// See f(x);  and more\n"))

    def test_coroutines(self):
        await_lambda = "awaitable<void> F() {\n  co_await Run([this] { Stop(); });\n}\n"
        self.expect(self.one(await_lambda), ("server/a.cc:2", "inside co_await"))
        self.expect(self.one(await_lambda.replace("[this]", "[]")))
        self.expect(self.one("T F() {\n  auto f = [x] { g(); };\n  co_await Run(f, a[i](2));\n}\n"))
        self.expect(
            self.one("void F() {\n  auto f = [&](int a) -> T {\n    co_return;\n  };\n}\n"),
            ("server/a.cc:3", "capturing lambda"),
        )
        self.expect(self.one("void F() {\n  auto f = [](A a) -> T { co_return; };\n}\n"))
        self.expect(
            self.one("void F() {\n  auto f = [a]() -> asio::awaitable<void> { return G(a); };\n}\n"),
            ("server/a.cc:2", "capturing lambda"),
        )
        nested = "void F() {\n  auto f = [a] {\n    auto g = []() -> T { co_return; };\n  };\n}\n"
        self.expect(self.one(nested))


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
