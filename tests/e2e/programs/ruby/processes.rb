begin
  1000.times { fork { sleep } }
  puts 'never refused'
rescue Errno::EAGAIN
  puts 'refused'
end
exit!(0) if STDOUT.flush
