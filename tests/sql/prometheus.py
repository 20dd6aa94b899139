"""prometheus.py - a strict reader of Prometheus' text exposition format 0.0.4: raises ValueError at the first thing that
the format, or a careful scraper, would not take. For tests."""
import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)")
VALUE = re.compile(r"[+-]?(Inf|[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)|NaN")
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}


def unescape(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), text)


def number(text):
    if not VALUE.fullmatch(text):
        raise ValueError(f"no number: {text}")
    return float(text)


class Family:
    def __init__(self, name):
        self.name, self.help, self.type, self.samples = name, None, None, {}

    def owns(self, name):
        suffixes = ("_bucket", "_sum", "_count") if self.type == "histogram" else ("",)
        return any(name == self.name + s for s in suffixes)

    def check(self):
        if self.type is None or self.help is None:
            raise ValueError(f"{self.name}: no HELP or no TYPE")
        if self.type == "counter":
            if not self.name.endswith("_total"):
                raise ValueError(f"{self.name}: a counter's name ends with _total")
            if any(v < 0 or math.isnan(v) for v in self.samples.values()):
                raise ValueError(f"{self.name}: a counter below zero")
        if self.type == "histogram":
            self.check_histogram()

    def check_histogram(self):
        groups = {}
        for (name, labels), value in self.samples.items():
            rest = tuple(x for x in labels if x[0] != "le")
            group = groups.setdefault(rest, {"buckets": []})
            if name.endswith("_bucket"):
                group["buckets"].append((number(dict(labels)["le"]), value))
            else:
                group[name[len(self.name):]] = value
        for labels, group in groups.items():
            bounds, values = zip(*group["buckets"])
            if list(bounds) != sorted(set(bounds)) or list(values) != sorted(values) or bounds[-1] != math.inf:
                raise ValueError(f"{self.name}{labels}: bad buckets")
            if values[-1] != group["_count"] or "_sum" not in group:
                raise ValueError(f"{self.name}{labels}: _count is not the last bucket, or no _sum")


def parse(text):
    """{family: Family}."""
    families, current = {}, None
    if not text.endswith("\n"):
        raise ValueError("no end of line at the end")
    for line in text[:-1].split("\n"):
        m = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.+)", line)
        if m:
            kind, name, rest = m.groups()
            if current is None or current.name != name:
                if name in families:
                    raise ValueError(f"{name} stands twice")
                current = families[name] = Family(name)
            attribute = kind.lower()
            if getattr(current, attribute) is not None or current.samples:
                raise ValueError(f"{name}: a second {kind}, or one behind a sample")
            if kind == "TYPE" and rest not in TYPES or kind == "HELP" and re.search(r"\\(?![\\n])", rest):
                raise ValueError(f"{name}: bad {kind}")
            setattr(current, attribute, rest)
            continue
        m = SAMPLE.fullmatch(line)
        if not m or current is None or not current.owns(m.group(1)):
            raise ValueError(f"not a sample of {current and current.name}: {line!r}")
        labels = tuple((k, unescape(v)) for k, v in re.findall(LABEL, m.group(2) or ""))
        if len(dict(labels)) != len(labels) or (m.group(1), labels) in current.samples:
            raise ValueError(f"a label or a series twice: {line}")
        current.samples[m.group(1), labels] = number(m.group(m.re.groups))
    for family in families.values():
        family.check()
    return families
