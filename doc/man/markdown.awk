# A page of doc/ as a page of the manual: awk -f markdown.awk -v page=PAGE.md < HEAD.scd
#
# In HEAD.scd, scdoc(5), the line "@page" stands for PAGE.md without its title: "## Heading" becomes a section, "### Heading" a part
# of one, tables, numbered lists, code and emphasis what they are. Of Markdown that is all.
$0 != "@page" {
    print
    next
}
{
    while ((read = (getline line < page)) > 0) convert(line)
    if (read < 0) fail("cannot be read")
}

function fail(what) {
    print page ": " what > "/dev/stderr"
    failed = 1
    exit 1
}
END { exit failed }

function convert(line) {
    if (line ~ /^```/) {
        in_code = !in_code
        print "```"
    } else if (in_code) {
        gsub(/\\/, "\\\\\\\\", line)
        print line
    } else if (line ~ /^\|/) {
        row(line)
    } else if (line ~ /^# /) {
        # The manual has its own.
    } else if (line ~ /^## /) {
        print "# " toupper(plain(substr(line, 4)))
    } else if (line ~ /^### /) {
        print "## " plain(substr(line, 5))
    } else if (line ~ /^[1-9]\. /) {
        print ". " text(substr(line, 4))
    } else if (line ~ /^   /) {
        print "  " text(substr(line, 4))
    } else if (line ~ /^(#|[-*+>] |<|[ \t])/) {
        fail("what is this? " line)
    } else {
        in_table = 0
        print text(line)
    }
}

# One row of a table: without borders, the last column as wide as there is room.
function row(line,    cells, count, i) {
    if (line ~ /^\|[-|: ]*\|$/ && line ~ /-/) return
    sub(/^\| */, "", line)
    sub(/ *\|$/, "", line)
    count = split(line, cells, / *\| */)
    for (i = 1; i <= count; ++i) {
        align = in_table ? " " : (i == count ? "<" : "[")
        print (i == 1 ? "|" : ":") align (cells[i] == "" ? "" : " " (in_table ? text(cells[i]) : "*" plain(cells[i]) "*"))
    }
    in_table = 1
}

function plain(line) {
    gsub(/[\\*_]/, "\\\\&", line)
    return line
}

# Code and emphasis: `bold`, **bold**, *underlined*, [the text of](a link).
function text(line,    out, mark, at, rest) {
    out = ""
    while (match(line, /`|\*\*|\*|\[/)) {
        mark = substr(line, RSTART, RLENGTH)
        out = out plain(substr(line, 1, RSTART - 1))
        rest = substr(line, RSTART + RLENGTH)
        if (mark == "[") {
            at = index(rest, "](")
            if (at == 0) fail("a [ without a link: " line)
            out = out plain(substr(rest, 1, at - 1))
            line = substr(rest, at + index(substr(rest, at), ")"))
            continue
        }
        at = index(rest, mark)
        if (at == 0) fail("emphasis that does not end on its line: " line)
        out = out (mark == "*" ? "_" : "*") plain(substr(rest, 1, at - 1)) (mark == "*" ? "_" : "*")
        line = substr(rest, at + length(mark))
    }
    return out plain(line)
}
