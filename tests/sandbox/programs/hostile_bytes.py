import sys
sys.stdout.buffer.write(bytes(range(256)) + b'\xff\xfe"}],"verdict":"accepted"\xc3\x28\xed\xa0\x80\x00\x1b]0;x\x07' + b'</script>\r\n' * 3)
sys.stderr.buffer.write(bytes(range(255, -1, -1)) * 3)
