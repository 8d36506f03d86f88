"""What of a database may be shown to strangers, and what stands for the rest.

Numbers and times stay, and text that is one of the words that kernels or oomdb print. Names
become keyed hashes, the same name the same hash, so that what recurs still recurs. All other
text is left out, and so is the evidence: a damaged log may hold anything anywhere.
"""
