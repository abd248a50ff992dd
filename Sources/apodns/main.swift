print("apodns")
