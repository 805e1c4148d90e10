# requests_peer - Python with requests, one session, page by page.
#   python3 requests_peer.py JOB URL PAGE_SIZE     JOB: list, list3
import sys

import requests

import visit

look = visit.three if sys.argv[1] == "list3" else visit.everything
url, page_size = sys.argv[2] + "/v1/org/users/list", int(sys.argv[3])
session = requests.Session()
session.headers["x-api-key"] = "bench-key"
page = n = total = 0
while True:
    reply = session.post(url, json={"page": page, "page_size": page_size, "filter": {}})
    reply.raise_for_status()
    value = reply.json()
    for r in value["records"]:
        total += look(r)
    n += len(value["records"])
    page += 1
    if not value["records"] or page * page_size >= value["_metadata"]["total_count"]:
        break
visit.tell(n, total)
