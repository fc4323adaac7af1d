IO.copy_stream(STDIN, STDOUT)
