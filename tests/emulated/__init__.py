"""Reports printed as kernels print them, from 2.6.24 on, together with the rows they hold.

What is printed is drawn at random and noted beside the line, so that reading it back can be
compared value by value. The formats are those of mm/oom_kill.c, mm/page_alloc.c,
mm/show_mem.c, mm/memcontrol.c and lib/dump_stack.c; here, unlike in the parser, the kernel's
version chooses among them.
"""
