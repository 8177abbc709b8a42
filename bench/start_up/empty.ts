// Nothing: what a process costs without us.
