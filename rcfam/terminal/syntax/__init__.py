"""The editor's colours. `lexer` colours a line by the `tables` that are made of the `languages`.

A new language is a `Language` of `rules` in `c`, `scripts` or `texts`, whichever it is most like, and a line in
`languages`.
"""
