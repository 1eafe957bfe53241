"""Tasks whose answer is a state: the Forward-Referencing Jumps Task and mazes (the paper's section 8.1).

frjt.py, maze.py    examples, generated from a seed, and the interpreters that label them
examples.py         what both give to training: groups of equally long examples; their Parquet files
models.py           sequence models behind one signature; recurrent.py, attention.py, linear.py hold their layers
training.py         one cell of the grid: a model trained on one data set, taken up again after a kill
tables.py           cells -> the paper's tables, accuracy by depth, critical ratio, matched budgets, figure
published.py        what the paper prints
"""
