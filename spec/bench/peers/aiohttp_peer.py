# aiohttp_peer - Python with aiohttp, several pages at once.
#   python3 aiohttp_peer.py JOB URL PAGE_SIZE WINDOW   JOB: list, list3
import asyncio
import sys

import aiohttp

import visit

look = visit.three if sys.argv[1] == "list3" else visit.everything
url = sys.argv[2] + "/v1/org/users/list"
page_size, window = int(sys.argv[3]), int(sys.argv[4])
state = {"next": 1, "pages": 1, "n": 0, "total": 0}


async def take(session, page):
    body = {"page": page, "page_size": page_size, "filter": {}}
    async with session.post(url, json=body) as reply:
        reply.raise_for_status()
        value = await reply.json()
    for r in value["records"]:
        state["total"] += look(r)
    state["n"] += len(value["records"])
    state["pages"] = -(-value["_metadata"]["total_count"] // page_size)


async def work(session):
    while state["next"] < state["pages"]:
        page = state["next"]
        state["next"] += 1
        await take(session, page)


async def main():
    connector = aiohttp.TCPConnector(limit=window)
    headers = {"x-api-key": "bench-key"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        await take(session, 0)
        await asyncio.gather(*(work(session) for _ in range(window)))
    visit.tell(state["n"], state["total"])


asyncio.run(main())
