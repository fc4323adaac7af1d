# C by Fiddle, and children by every way there is; they are to die with the program.
require "fiddle"
libc = Fiddle.dlopen(nil)
syscall = Fiddle::Function.new(libc["syscall"], [Fiddle::TYPE_LONG] * 5, Fiddle::TYPE_LONG)
{ "unshare" => [272, 0x10000000, 0, 0, 0], "chroot" => [161, 0, 0, 0, 0], "bpf" => [321, 0, 0, 0, 0], "keyctl" => [250, 0, -3, 1, 0], "io_uring" => [425, 8, 0, 0, 0],
  "a vsock" => [41, 40, 1, 0, 0], "ptrace" => [101, 0, 0, 0, 0], "userfaultfd" => [323, 1, 0, 0, 0], "setpriority of process 1" => [141, 0, 1, 19, 0] }.each do |what, call|
  puts "ESCAPED #{what}" if syscall.call(*call) >= 0
end
fork { Process.daemon(true, true); loop { sleep 10 } }
spawn("sleep 1000", pgroup: true)
trap("EXIT") { fork { loop {} } }
puts "done"
