/* text_mail - what is said about e-mail addresses without asking anyone: their
 * parts, one form for the ways to write an address, and local parts that are
 * no person's. */
#ifndef SEI_DATA_TEXT_MAIL_H
#define SEI_DATA_TEXT_MAIL_H

#include <stdbool.h>
#include <stddef.h>

/* Parts of an address, borrowed from the text. */
struct sei_mail {
  const char *local, *domain;
  size_t local_n, domain_n;
};

/* Divides a text, without the blanks around it, at its last @ (a quoted local
 * part may have one, RFC 5321 section 4.1.2). Dots that end the domain are
 * left out. false: no address, because a part is missing, or a blank or a
 * control character is inside. */
bool sei_mail_split(const char *s, size_t n, struct sei_mail *m);

/* Takes off the tag of a local part: "ada+news" is "ada" (RFC 5233). Not of
 * one that begins with +, not of a quoted one, and not where the part before
 * it is a number and the tag the name: users.noreply.github.com. */
void sei_mail_untag(struct sei_mail *m);

/* Is it a domain of Gmail, whose local parts may have dots anywhere
 * (Gmail's help: "Dots don't matter in Gmail addresses")? Not those of Google
 * Workspace, where dots do matter. Case does not matter. */
bool sei_mail_is_gmail(const char *domain, size_t n);

/* googlemail.com, which is another name of gmail.com (Gmail's help). */
bool sei_mail_is_googlemail(const char *domain, size_t n);

enum sei_mail_kind {
  SEI_MAIL_PERSONAL,    /* nothing known: may be a person's name */
  SEI_MAIL_BOT,         /* a program: noreply, jenkins, dependabot[bot] */
  SEI_MAIL_ROLE,        /* a post that several hold: info, webmaster */
  SEI_MAIL_COMMON       /* what many people choose: me, mail, github, dev */
};

/* What a local part, or a whole address, tells by itself. Case, a tag, dots,
 * hyphens, underscores and digits at the end do not matter. */
enum sei_mail_kind sei_mail_kind(const char *local, size_t n);

#endif
