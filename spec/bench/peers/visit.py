# visit - what every contestant in Python adds up of the records that it
# visits; the same as visit.lua.


def everything(r):
    total = (int(r["id"]) + len(r["org_uuid"]) + (r["full_name"] != "") + len(r["email"])
             + len(r["additional_fields"]["region"]) + r["created_at"] % 1000
             + r["updated_at"] % 1000)
    for login in r["integration_user_ids"]:
        total += int(login["integration_id"]) + len(login["user_id"])
    return total


def three(r):
    return int(r["id"]) + len(r["email"]) + (r["full_name"] != "")


def tell(records, total):
    print("records %d sum %d" % (records, total))
