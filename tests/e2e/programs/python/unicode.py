print("Grüße 日本 🎉", input())
