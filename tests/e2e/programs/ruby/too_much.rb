puts ("a" * (1 << 46)).size
