"""The tables of direct mode."""

from figures import conditions, number, table, verdicts

SIZES = (1_000, 10_000, 100_000)
FULL = SIZES[-1]
PLACES = ("one CPU", "any CPU")
FLAT_KIB = 256


def module(service):
    return f"libnss_{service}"


def hot(figures):
    names = {"name": "getpwnam", "uid": "getpwuid", "miss": "getpwnam, no such name", "groups": "getgrouplist"}
    lines = [("name", size, place) for place in PLACES for size in SIZES]
    lines[len(SIZES):len(SIZES)] = [(mode, FULL, PLACES[0]) for mode in ("uid", "miss", "groups")]
    rows = []
    for mode, size, place in lines:
        what = f"{mode} {size} {place}"
        ratio = f"{figures.ratio(what, 'sqlmap', 'floor'):.2f}" if mode == "name" else "-"
        rows.append([f"{names[mode]}, {size:,} users, {place}", figures.cell(what, "floor", 1e3),
                     *(figures.cell(what, service, 1e3) for service in figures.services), ratio])
    return "### Direct mode, hot look-up: microseconds a call\n\n" + table(
        ["", "bare prepared statement", *map(module, figures.services), "sqlmap / bare"], rows)


def cold(figures):
    rows = []
    for place in PLACES:
        what = f"cold {place}"
        none = figures.median(what, "none")
        rows.append([f"the whole process, {place}", figures.cell(what, "none", 1e3),
                     *(figures.cell(what, service, 1e3) for service in figures.services)])
        rows.append([f"added by the look-up, {place}", "-",
                     *(figures.cell(what, service, 1e3, none) for service in figures.services)])
    return "### Direct mode, cold process: milliseconds from posix_spawn to its end, one getpwnam\n\n" + table(
        ["", "no look-up", *map(module, figures.services)], rows)


def enumeration(figures):
    rows = []
    for size in SIZES[1:]:
        for place in PLACES:
            what = f"enumerate {size} {place}"
            rows.append([f"{size:,} users, {place}, ms", figures.cell(what, "floor"),
                         *(figures.cell(what, service) for service in figures.services)])
    for size in SIZES[1:]:
        rows.append([f"{size:,} users, peak memory grows by KiB", "-",
                     *(figures.cell(f"enumerate memory {size}", service) for service in figures.services)])
    return "### Direct mode, enumeration: getpwent from first to last\n\n" + table(
        ["", "bare streamed SELECT", *map(module, figures.services)], rows)


def crowds(figures):
    rows = [[f"{count} thread{'s' if count > 1 else ''}, look-ups a second", "-",
             *(figures.cell(f"threads {count}", service) for service in figures.services)] for count in (1, 8)]
    for what, name in (("crowd ms", "200 processes at once, ms until the last ends"),
                       ("crowd failures", "... of which did not find their user"),
                       ("crowd connections", "... connections at the peak")):
        none = figures.cell(what, "none") if what == "crowd ms" else "-"
        rows.append([name, none, *(figures.cell(what, service) for service in figures.services)])
    return "### Direct mode, many at once: 100,000 users, any CPU\n\n" + table(["", "no look-up", *map(module, figures.services)], rows)


def pam_modules(figures):
    return sorted(figures.figures.get(f"pam later {PLACES[0]}", {}), reverse=True)


def authentication(figures):
    modules = pam_modules(figures)
    rows = []
    for place in PLACES:
        bare = figures.median(f"pam hash {place}", "crypt_r")
        rows.append([f"whole authentication, {place}", figures.cell(f"pam hash {place}", "crypt_r"),
                     *(figures.cell(f"pam later {place}", name) for name in modules)])
        rows.append([f"beyond the hash, {place}", "-",
                     *(figures.cell(f"pam later {place}", name, 1, bare) for name in modules)])
        rows.append([f"beyond the hash, first one of a process, {place}", "-",
                     *(figures.cell(f"pam first {place}", name, 1, bare) for name in modules)])
    return "### Direct mode, authentication: milliseconds, a new PAM handle for each, sha512crypt\n\n" + table(
        ["", "crypt_r alone", *modules], rows)


def aims(figures):
    rows = []
    for size in SIZES:
        what = f"name {size} {PLACES[0]}"
        ratio = figures.ratio(what, "sqlmap", "floor")
        rows.append((f"hot look-up, {size:,} users", "1.3 times the floor", f"{ratio:.2f} times",
                     f"{number(figures.median(what, 'floor') / 1e3)} us", ratio <= 1.3))
    small, large = (figures.median(f"enumerate memory {size}", "sqlmap") for size in SIZES[1:])
    rows.append(("enumeration memory, 100,000 users against 10,000", f"flat: within {FLAT_KIB} KiB",
                 f"{large:,.0f} KiB against {small:,.0f} KiB", "-", large - small <= FLAT_KIB))
    bare = figures.median(f"pam hash {PLACES[0]}", "crypt_r")
    for what, name in (("later", "authentication beyond the hash"), ("first", "the same, first one of a process")):
        ms = figures.median(f"pam {what} {PLACES[0]}", "pam_sqlmap") - bare
        rows.append((name, "under 3 ms", f"{number(ms)} ms", f"the hash: {number(bare)} ms", ms < 3))
    return verdicts("Direct mode against its targets (issue 2), one CPU", rows)


def parts(figures):
    return [aims(figures), conditions(figures, "direct mode"),
            *(part(figures) for part in (hot, cold, enumeration, crowds, authentication))]
