"""Draws the charts of doc/benchmarks.md."""

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402

SIZES = (1_000, 10_000, 100_000)
GREY, BLUE, PALE_BLUE = "#9aa0a6", "#1a73b8", "#8ab8dc"
PEER_COLOURS = ("#d98c2b", "#7a5195", "#4f8f5b")

pyplot.rcParams.update({
    "svg.hashsalt": "sqlmap", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10, "axes.titlelocation": "left",
})


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)


def draw_hot(figures, who, path, title, unit, scale):
    """A group of bars for each number of users. who: (name in the figures, label, colour)"""
    figure, axes = pyplot.subplots(figsize=(7, 3))
    width = 0.8 / len(who)
    for index, (name, label, colour) in enumerate(who):
        heights = [figures.median(f"name {size} one CPU", name) / scale for size in SIZES]
        places = [size + (index - (len(who) - 1) / 2) * width for size in range(len(SIZES))]
        bars = axes.bar(places, heights, width * 0.92, color=colour, label=label)
        axes.bar_label(bars, fmt="%.0f", padding=1, fontsize=8)
    axes.set_xticks(range(len(SIZES)), [f"{size:,} users" for size in SIZES])
    axes.set_ylabel(unit)
    axes.set_title(title)
    axes.legend(frameon=False, ncol=len(who), loc="upper center", bbox_to_anchor=(0.5, -0.12))
    save(figure, path)


def draw_cold(daemon, direct, path):
    figure, (process, login) = pyplot.subplots(1, 2, figsize=(8, 2.4))
    place = "one CPU"
    peers = list(zip(direct.services[1:], PEER_COLOURS))
    lines = [("no look-up", daemon.median(f"cold {place}", "none"), GREY),
             ("sqlmap", daemon.median(f"cold {place}", "sqlmap"), BLUE),
             ("sqlmap, direct mode", direct.median(f"cold {place}", "sqlmap"), PALE_BLUE),
             *((f"libnss_{name}", direct.median(f"cold {place}", name), colour) for name, colour in peers)][::-1]
    labels, values, colours = zip(*lines)
    bars = process.barh(labels, [value / 1e3 for value in values], color=colours)
    process.bar_label(bars, fmt="%.2f", padding=2, fontsize=8)
    process.set_title("Process with one getpwnam, ms")

    lines = [("sqlmap", daemon, "pam_sqlmap", BLUE), ("sqlmap, direct mode", direct, "pam_sqlmap", PALE_BLUE),
             ("pam_mysql", daemon, "pam_mysql", PEER_COLOURS[0])]
    for label, figures, name, colour in [line for line in lines if line[1].values(f"pam later {place}", line[2])][::-1]:
        bare = figures.median(f"pam hash {place}", "crypt_r")
        rest = figures.median(f"pam later {place}", name) - bare
        login.barh([label], [bare], color=GREY)
        bars = login.barh([label], [rest], left=bare, color=colour)
        login.bar_label(bars, labels=[f"{bare:.2f} + {rest:.2f}"], padding=2, fontsize=8)
    login.set_title("Authentication, ms: hash + the rest")
    for axes in (process, login):
        axes.margins(x=0.3)
    save(figure, path)


def draw(daemon, direct, directory):
    snapshot = [("minimal", "minimal module, same table", GREY), ("sqlmap", "libnss_sqlmap", BLUE)]
    if daemon.values(f"name {SIZES[0]} one CPU", "-"):
        snapshot.append(("-", "nscd", PEER_COLOURS[1]))
    draw_hot(daemon, snapshot, directory / "benchmarks-hot.svg", "getpwnam_r in the snapshot", "nanoseconds", 1)
    queries = [("floor", "bare prepared statement", GREY), ("sqlmap", "libnss_sqlmap", PALE_BLUE),
               *((name, f"libnss_{name}", colour) for name, colour in zip(direct.services[1:], PEER_COLOURS))]
    draw_hot(direct, queries, directory / "benchmarks-direct.svg", "getpwnam_r in direct mode, client and server on one CPU",
             "microseconds", 1e3)
    draw_cold(daemon, direct, directory / "benchmarks-cold.svg")
