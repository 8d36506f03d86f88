"""A fleet that never was: its machines, their kernels and what those print.

Everything is drawn from a seed, and the same seed gives the same bytes. `shapes` are the
lines that kernels print, `machines` what is installed where, `memory` and `tasks` the state
of a machine when it runs out, `reports` the text of one report beside what is true of it,
`carriers` the ways in which programs write it to disk, `noise` all the other lines, `logs`
whole files and `fleet` the story of many hosts. `copies` makes a database of millions of
events out of a few thousand that were read from such logs.
"""
