"""The shell of every page for a browser: one file that asks nobody for anything.

What a page is made of, and where:

- `shell.render(template, **context)` fills a template of `templates/`. Such a template
  extends `base.html`, which has the head, the strict Content-Security-Policy, the skip link
  and the landmarks, and imports the macros of `parts.html`: `table`, `figure`, `source`, `raw`.
- `tables.Table` is a table that a reader can sort, with the view that it shows and the SQL
  that gives its rows.
- `figures.blank()` gives matplotlib axes in this page's style and `figures.finished()` turns
  them into a `Figure` whose colours follow the reader's scheme; colours go by the names in
  `palette`.

Whatever a template prints is escaped, and control and bidirectional characters in it are
made visible, unless it is `Markup`. Templates have no inline style and no inline script: the
policy forbids both. Equal input gives equal bytes.

jinja2 and matplotlib come with `pip install 'oomdb[report]'`; only the functions that need
them import them, and raise OomdbError where they are missing.
"""
