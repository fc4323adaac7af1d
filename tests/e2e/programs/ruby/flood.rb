loop { puts 'all work and no play makes jack a dull boy' }
