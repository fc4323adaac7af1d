raise "bad"
