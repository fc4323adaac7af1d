read n
square=$((n * n))
ehco "$square"
