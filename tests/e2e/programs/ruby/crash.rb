puts 'before'
$stdout.flush
nil.undefined_method
