puts "Grüße 日本 🎉 #{STDIN.gets}"
