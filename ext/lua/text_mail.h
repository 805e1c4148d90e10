/* text_mail - the part of sei.text that is about e-mail addresses. */
#ifndef SEI_LUA_TEXT_MAIL_H
#define SEI_LUA_TEXT_MAIL_H

#include <lua.h>

#include "options.h"

/* Of normalize_email. */
extern const struct sei_option sei_text_mail_options[];

/* Adds local_part, normalize_email and is_generic to the table on top of the
 * stack, below the userdata that holds a struct sei_text; pops the latter. */
void sei_text_add_mail(lua_State *L);

#endif
