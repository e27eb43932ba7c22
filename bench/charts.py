"""Draws the charts of doc/benchmarks.md."""

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402

SIZES = (1_000, 10_000, 100_000)
COLOURS = {"floor": "#9aa0a6", "sqlmap": "#1a73b8"}
PEER_COLOURS = ("#d98c2b", "#7a5195", "#4f8f5b")

pyplot.rcParams.update({
    "svg.hashsalt": "sqlmap", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10, "axes.titlelocation": "left",
})


def colour(figures, who):
    if who in COLOURS:
        return COLOURS[who]
    return PEER_COLOURS[(figures.services.index(who) - 1) % len(PEER_COLOURS)]


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def draw_hot(figures, directory):
    who = ["floor", *figures.services]
    labels = {"floor": "bare prepared statement"}
    figure, axes = pyplot.subplots(figsize=(7, 3))
    width = 0.8 / len(who)
    for index, name in enumerate(who):
        heights = [figures.median(f"hot {size} one CPU", name) / 1e3 for size in SIZES]
        places = [size + (index - (len(who) - 1) / 2) * width for size in range(len(SIZES))]
        bars = axes.bar(places, heights, width * 0.92, color=colour(figures, name), label=labels.get(name, f"libnss_{name}"))
        axes.bar_label(bars, fmt="%.0f", padding=1, fontsize=8)
    axes.set_xticks(range(len(SIZES)), [f"{size:,} users" for size in SIZES])
    axes.set_ylabel("microseconds")
    axes.set_title("Hot getpwnam, client and server on one CPU")
    axes.legend(frameon=False, ncol=len(who), loc="upper center", bbox_to_anchor=(0.5, -0.12))
    save(figure, directory / "benchmarks-hot.svg")


def draw_cold(figures, directory):
    figure, (process, login) = pyplot.subplots(1, 2, figsize=(7, 2.2))
    names = ["none", *figures.services][::-1]
    labels = {"none": "no look-up"}
    values = [figures.median("cold one CPU", name) / 1e3 for name in names]
    bars = process.barh([labels.get(name, f"libnss_{name}") for name in names], values,
                        color=[COLOURS["floor"] if name == "none" else colour(figures, name) for name in names])
    process.bar_label(bars, fmt="%.1f", padding=2, fontsize=8)
    process.set_title("Process with one getpwnam, ms")

    modules = sorted(figures.figures["pam later one CPU"])
    bare = figures.median("pam hash one CPU", "crypt_r")
    totals = [figures.median("pam later one CPU", name) for name in modules]
    colours = [COLOURS["sqlmap"] if name == "pam_sqlmap" else PEER_COLOURS[0] for name in modules]
    login.barh(modules, [bare] * len(modules), color=COLOURS["floor"])
    bars = login.barh(modules, [total - bare for total in totals], left=bare, color=colours)
    login.bar_label(bars, labels=[f"{bare:.1f} + {total - bare:.1f}" for total in totals], padding=2, fontsize=8)
    login.set_title("Authentication: hash + the rest, ms")
    for axes in (process, login):
        axes.margins(x=0.2)
    save(figure, directory / "benchmarks-cold.svg")


def draw(figures, directory):
    draw_hot(figures, directory)
    draw_cold(figures, directory)
