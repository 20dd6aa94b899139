"""report.py - what peers.py measured as a page and a plot: benchmarks.md and benchmarks.svg. Numbers come from the rows
only; none is written here."""
import math
import statistics
from html import escape

BARS = [  # what, numerator, denominator, at most
    ("SIMD modules, metered, guarded, stack-checked, over native", "simd", "native", 1.0),
    ("the same, scalar modules", "scalar", "native", 1.15),
    ("SIMD modules compiled for this CPU, over native for any", "simd-host", "native", 1.0),
    ("the same, scalar modules", "scalar-host", "native", 1.15),
    ("SIMD modules, both sides compiled for this CPU", "simd-host", "native-host", 1.2),
    ("fuel, over the same with `--no-fuel`, which can be stopped too, SIMD modules", "simd", "simd-polls", 1.02),
    ("the same, scalar modules", "scalar", "scalar-polls", 1.02),
    ("fuel and all that stops a program, over code that nothing can stop, SIMD modules", "simd", "simd-free", 1.02),
    ("the same, scalar modules", "scalar", "scalar-free", 1.02),
    ("explicit bounds instead of guard pages, SIMD modules", "simd-bounds", "simd", 1.05),
    ("the same, scalar modules", "scalar-bounds", "scalar", 1.05),
]
OURS = [("", "heliosc", True), ("host", "heliosc --target=native", True)]


def column(key, variant):
    if key == "host":
        return f"{variant}-host"
    return f"{key}-{variant}" if key else variant


def ratios(rows, above, below="native"):
    return [r[above] / r[below] for r in rows if above in r and below in r]


def means(rows, columns):
    return {c: statistics.geometric_mean(ratios(rows, c)) for c in columns if ratios(rows, c)}


def table(heading, lines):
    yield "| " + " | ".join(heading) + " |"
    yield "| --- " + "| ---: " * (len(heading) - 1) + "|"
    yield from ("| " + " | ".join(line) + " |" for line in lines)
    yield ""


def number(values, pick):
    return f"{pick(values):.2f}" if values else "–"


def engine_line(rows, engine):
    key, label, metered = engine
    simd, scalar = (ratios(rows, column(key, v)) for v in ("simd", "scalar"))
    mean = statistics.geometric_mean
    return [label, "yes" if metered else "no", number(simd, mean), number(simd, max), number(scalar, mean),
            number(scalar, max)]


def bar_line(rows, bar):
    what, above, below, limit = bar
    values = ratios(rows, above, below)
    return [what, f"{statistics.geometric_mean(values):.3f}", f"{limit:.2f}", f"{max(values):.2f}"]


def kernel_line(row, engines):
    cells = (column(e[0], v) for v in ("simd", "scalar") for e in engines)
    return [row["name"], f"{row['native']:.2f}", *(f"{row[c] / row['native']:.2f}" if c in row else "–" for c in cells)]


def page(rows, engines, machine):
    yield "# Benchmarks"
    yield ""
    yield "Written by `python3 tests/bench/peers.py BUILD/bin --docs docs`, with the engines that are installed beside it."
    yield "Time over the same C compiled natively by clang -O3 at the baseline instruction set: 1 is native, more is slower."
    yield f"Medians of {machine['turns']} processes of {machine['rounds']} rounds each, of {len(rows)} kernels (`tests/bench/kernels`); processor time."
    yield f"{machine['cpu']}; {machine['clang']}. heliosc runs with fuel, guard pages and stack check, for any x86_64 or for this"
    yield "CPU, as engines that compile at run time do."
    yield ""
    yield "![Time over native of each engine and kernel](benchmarks.svg)"
    yield ""
    yield from table(["engine", "fuel", "SIMD modules", "worst kernel", "scalar modules", "worst kernel"],
                     (engine_line(rows, e) for e in engines))
    yield "WasmEdge is not here: its packages on PyPI are empty, and neither npm nor Debian 12 has it."
    yield ""
    yield "## Against the bars"
    yield ""
    yield from table(["geometric mean over the kernels", "measured", "at most", "worst kernel"],
                     (bar_line(rows, b) for b in BARS if ratios(rows, b[1], b[2])))
    yield "## Kernels"
    yield ""
    heading = [f"{e[0] or 'heliosc'}, {v}" for v in ("SIMD", "scalar") for e in engines]
    yield from table(["kernel", "native, ms", *heading], (kernel_line(r, engines) for r in rows))


# The plot: a line for each engine and variant, a dot for each kernel, a bar at the geometric mean.

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #333; }
.small { font-size: 11px; fill: #666; }
.grid { stroke: #ccc; }
.native { stroke: #333; stroke-dasharray: 4 3; }
.ours { fill: #0969da; } .metered { fill: #bc4c00; } .free { fill: #6e7781; }
circle { fill-opacity: 0.45; }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd; } .small { fill: #aaa; } .grid { stroke: #444; } .native { stroke: #ddd; }
  .ours { fill: #58a6ff; } .metered { fill: #f0883e; } .free { fill: #9ea7b3; }
}
"""
LEFT, RIGHT, WIDTH, TOP, STEP = 290, 60, 900, 44, 26
TICKS = [0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8]


def place(value, least, greatest):
    value = min(max(value, least), greatest)
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / least) / math.log(greatest / least)


def plot_lines(rows, engines):
    lines = []
    for variant, name in (("simd", "SIMD"), ("scalar", "scalar")):
        for key, label, metered in engines:
            values = ratios(rows, column(key, variant))
            if values:
                kind = "ours" if key in ("", "host") else "metered" if metered else "free"
                lines.append((statistics.geometric_mean(values), f"{label}, {name}", kind, values))
    return sorted(lines)


def plot(rows, engines):
    lines = plot_lines(rows, engines)
    every = [v for line in lines for v in line[3]]
    least = max((t for t in TICKS if t <= min(every)), default=TICKS[0])
    greatest = min((t for t in TICKS if t >= max(every)), default=TICKS[-1])
    bottom = TOP + STEP * len(lines)
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 44}" role="img" '
           'aria-label="Time over native of each engine and kernel">')
    yield f"<style>{STYLE}</style>"
    yield f'<text x="{LEFT}" y="18">Time over native code (log scale): dots are kernels, bars geometric means</text>'
    for tick in TICKS:
        if least <= tick <= greatest:
            x = place(tick, least, greatest)
            kind = "native" if tick == 1 else "grid"
            yield f'<line class="{kind}" x1="{x:.1f}" y1="{TOP - 14}" x2="{x:.1f}" y2="{bottom}"/>'
            yield f'<text class="small" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'
    for i, (mean, label, kind, values) in enumerate(lines):
        y = TOP + STEP * i
        yield f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(label)}</text>'
        yield from (f'<circle class="{kind}" cx="{place(v, least, greatest):.1f}" cy="{y}" r="3.5"/>' for v in values)
        yield f'<rect class="{kind}" x="{place(mean, least, greatest) - 2:.1f}" y="{y - 9}" width="4" height="18"/>'
        yield f'<text x="{WIDTH - RIGHT + 12}" y="{y + 4}">{mean:.2f}</text>'
    legend = (("ours", "heliosc, metered"), ("metered", "others, metered"), ("free", "others, not metered"))
    for i, (kind, text) in enumerate(legend):
        x = LEFT + 170 * i
        yield f'<circle class="{kind}" cx="{x + 4}" cy="{bottom + 32}" r="4"/>'
        yield f'<text class="small" x="{x + 14}" y="{bottom + 36}">{text}</text>'
    yield "</svg>"


def write(folder, rows, engines, machine):
    engines = [*OURS, *engines]
    (folder / "benchmarks.md").write_text("\n".join(page(rows, engines, machine)))
    (folder / "benchmarks.svg").write_text("\n".join(plot(rows, engines)) + "\n")
