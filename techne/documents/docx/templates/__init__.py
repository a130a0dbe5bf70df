"""Templates: whether a company's file may be one, what it has and lacks, and where a document goes in it.

`template.py` is the way in. `package.py`, `part_scan.py` and `rules.py` judge a file that came from outside;
`styles.py` and what it stands on add the styles that one lacks, in its own look; `places.py` and
`placeholders.py` find and fill its placeholders; `default_template.py` makes ours.
"""
