print(f"hi {}")
