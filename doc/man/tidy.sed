# scdoc(1) ends every paragraph with .P, also in front of and behind a heading, where man(7) has none; and a list or a table with one
# blank line too many.
:all
N
$!b all
# From 1.11.3 on it calls them .PP.
:named
s/\n\.PP\n/\n.P\n/
t named
s/\n\.PP$/\n.P/
s/\n\.P\n\.RE\n/\n.RE\n.P\n/g
s/(\n\.P)+/\n.P/g
s/\n\.P(\n\.S[HS] [^\n]*)/\1/g
s/(\n\.S[HS] [^\n]*)\n\.P/\1/g
s/\n\.P$//
s/\n\n\.RE\n/\n.RE\n/g
s/\n\.sp 1(\n\.S[HS] )/\1/g
# So that man(1) has tbl(1) set the tables.
/\n\.TS\n/ s/^/'\\" t\n/
