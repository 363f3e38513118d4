"""The command line: it knows arguments, exit codes and how to tell a person; every verb hands over to the composition root."""
