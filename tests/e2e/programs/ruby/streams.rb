n = File.read("/dev/stdin").to_i
File.write("/dev/stdout", "#{n * 2}\nmore\n")
File.write("/dev/stderr", "seen\n")
