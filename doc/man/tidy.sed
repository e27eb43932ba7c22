# scdoc(1) ends every paragraph with .P, also in front of and behind a heading, where man(7) has none.
:all
N
$!b all
s/\n\.P\n\.RE\n/\n.RE\n.P\n/g
s/(\n\.P)+/\n.P/g
s/\n\.P(\n\.S[HS] [^\n]*)/\1/g
s/(\n\.S[HS] [^\n]*)\n\.P/\1/g
s/\n\.P$//
