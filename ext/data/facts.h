/* facts - what the libraries of this folder are, for whoever runs it. */
#ifndef SEI_DATA_FACTS_H
#define SEI_DATA_FACTS_H

/* The libraries' own texts, static: the versions that run, not those of the
 * headers. */
const char *sei_utf8proc_version(void);
const char *sei_libcrypto_version(void);

#endif
