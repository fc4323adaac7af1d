score = int(input())
message = "Your score is " + score
print(message)
