puts 'out'
warn 'err'
