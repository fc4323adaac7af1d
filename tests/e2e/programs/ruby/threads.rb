total = 0
lock = Mutex.new
8.times.map { |number| Thread.new { 1000.times { lock.synchronize { total += number } } } }.each(&:join)
puts total
