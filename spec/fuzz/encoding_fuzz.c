/* encoding_fuzz - text in other encodings: the same UTF-8 however the bytes
 * come, always valid, and the fault at the same place. */
#include "../../ext/data/encoding.h"
#include "../../ext/data/json.h" /* sei_utf8_valid */
#include "fuzz.h"

enum { LONGEST = 4096 };

static const char *const NAMES[] = {
  "UTF-16LE", "UTF-16BE", "UTF-32LE", "ISO-8859-1", "CP1252", "UTF-8"
};

struct read {
  struct sei_buf out;
  enum sei_encoding_result result;
  uint64_t offset;
  bool cut;
};

static void decode(struct read *r, const char *name, const void *bytes,
                   size_t n, bool pieces, struct fuzz_dice *d)
{
  struct fuzz_window w = { bytes, n, 0, 0, NULL, pieces, { fuzz_roll(d) } };
  struct sei_encoding e;
  sei_buf_init(&r->out, (size_t)1 << 30);
  MUST(sei_encoding_open(&e, name) == SEI_ENCODING_OK);
  r->result = SEI_ENCODING_OK;
  while(r->result == SEI_ENCODING_OK && fuzz_show(&w, w.to - w.from))
    r->result = sei_encoding_feed(&e, (const char *)w.shown, w.to - w.from,
                                  false, &r->out);
  if(r->result == SEI_ENCODING_OK)
    r->result = sei_encoding_feed(&e, "", 0, true, &r->out);
  r->offset = e.offset;
  r->cut = r->result == SEI_ENCODING_BAD && e.cut;
  if(r->result == SEI_ENCODING_BAD)
    MUST(e.byte == ((const unsigned char *)bytes)[e.offset]);
  MUST(e.offset <= n);
  free(w.shown);
  sei_encoding_close(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_dice d;
  struct read whole, parts;
  const char *name;
  if(!fuzz_seed(&d, &data, &size) || size > LONGEST)
    return 0;
  name = NAMES[fuzz_below(&d, sizeof NAMES / sizeof *NAMES)];
  decode(&whole, name, data, size, false, &d);
  decode(&parts, name, data, size, true, &d);
  MUST(whole.result == parts.result && whole.offset == parts.offset);
  MUST(whole.cut == parts.cut && whole.out.len == parts.out.len);
  MUST(!whole.out.len ||
       !memcmp(whole.out.data, parts.out.data, whole.out.len));
  MUST(sei_utf8_valid(whole.out.data, whole.out.len) == whole.out.len);
  MUST(whole.result != SEI_ENCODING_OK || whole.offset == size);
  sei_buf_free(&whole.out);
  sei_buf_free(&parts.out);
  return 0;
}
