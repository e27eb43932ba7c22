# Behind tidy.sed, which leaves what is read as it is to be; this is about the file alone, as mandoc(1) wants it: the title in capitals, and lines
# of at most 80 bytes where they are filled anyway. Wants the locale C, which counts bytes.
/^\.TH / {
    match($0, /"[^"]*"/)
    print substr($0, 1, RSTART - 1) toupper(substr($0, RSTART, RLENGTH)) substr($0, RSTART + RLENGTH)
    next
}
/^\.(nf|TS)/ { as_it_is = 1 }
/^\.(fi|TE)/ { as_it_is = 0 }
as_it_is || /^[.']/ {
    print
    next
}
{ fold($0) }

# fold(text): at single spaces; not behind the end of a sentence, where a new line is a wider space, nor in front of what would be a request.
function fold(text,    at, last) {
    while (width(text) > 80) {
        last = 0
        for (at = 2; at < length(text) && (last == 0 || width(substr(text, 1, at - 1)) <= 80); ++at) {
            if (substr(text, at - 1, 3) ~ /^[^ ] [^ .']$/ && substr(text, 1, at - 1) !~ /[.?!:][])"'*]*$/) last = at
        }
        if (last == 0) break
        print substr(text, 1, last - 1)
        text = substr(text, last + 1)
    }
    print text
}

# width(text): in bytes, as mandoc(1) reads it: what is not ASCII becomes \[u1234] first.
function width(text,    others) {
    others = gsub(/[\200-\377]/, "&", text)
    return length(text) + 2 * others
}
