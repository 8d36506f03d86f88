"""The judge of the corpus: what oomdb stored, held against what is true of each log.

Run as `python -m tests.corpus [CORPUS_DIR]`. Nothing here uses oomdb's parsing code:
the judge calls `oomdb.ingest.ingest` and reads the tables with plain SQL.
"""
