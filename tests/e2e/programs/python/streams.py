n = int(open("/dev/stdin").read())
with open("/dev/stdout", "w") as out:
    print(n * 2, "more", sep="\n", file=out)
open("/dev/stderr", "w").write("seen\n")
