# csv_peer - Python's csv module over a file.
#   python3 csv_peer.py JOB FILE       JOB: csv_arrays, csv_named
import csv
import sys

n = total = 0
with open(sys.argv[2], newline="") as file:
    if sys.argv[1] == "csv_named":
        for row in csv.DictReader(file):
            n += 1
            total += len(row["email"]) + len(row["integrationId"]) + len(row["identity"])
    else:
        reader = csv.reader(file)
        next(reader)
        for row in reader:
            n += 1
            total += len(row[0]) + len(row[1]) + len(row[2])
print("records %d sum %d" % (n, total))
