"""Studies: declarative files -> runs -> one table -> what was found.

Theory of operation. A study file says what varies; `plan` makes from it and a parameter file a list of runs, each with
a whole parameter file of its own: nothing of a study is known to training. `collect` joins the tables of finished
runs, with a column for every varied factor; `findings` turns that table into claims with intervals.
"""

from rcfam.studies.files import Claim, Size, Study, StudyError, load, names
from rcfam.studies.planning import Planned, plan

__all__ = ["Claim", "Planned", "Size", "Study", "StudyError", "load", "names", "plan"]
