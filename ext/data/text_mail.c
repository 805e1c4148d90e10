/* text_mail - parts and forms of e-mail addresses, and local parts that are no
 * person's. See text_mail.h. */
#include "text_mail.h"

#include <string.h>

enum { LONGEST = 64 };  /* a local part, RFC 5321 section 4.5.3.1.1 */

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool letter(char c)
{
  return (lower(c) >= 'a' && lower(c) <= 'z') || (unsigned char)c >= 0x80;
}

static bool digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool control(char c)
{
  return (unsigned char)c <= ' ' || c == 0x7F;
}

static bool same(const char *s, size_t n, const char *word)
{
  size_t i;
  for(i = 0; i < n && lower(s[i]) == word[i] && word[i]; i++)
    ;
  return i == n && !word[i];
}

/* ---- addresses ---- */

static const char *last_at(const char *s, size_t n)
{
  while(n--)
    if(s[n] == '@')
      return s + n;
  return NULL;
}

bool sei_mail_split(const char *s, size_t n, struct sei_mail *m)
{
  const char *at;
  size_t i;
  while(n && control(s[n - 1]))
    n--;
  while(n && control(*s)) {
    s++;
    n--;
  }
  for(i = 0; i < n; i++)
    if(control(s[i]))
      return false;
  at = last_at(s, n);
  if(!at)
    return false;
  m->local = s;
  m->local_n = (size_t)(at - s);
  m->domain = at + 1;
  m->domain_n = n - m->local_n - 1;
  while(m->domain_n && m->domain[m->domain_n - 1] == '.')
    m->domain_n--;
  return m->local_n && m->domain_n;
}

void sei_mail_untag(struct sei_mail *m)
{
  static const char NOREPLY[] = "users.noreply.";
  const char *plus;
  size_t n = sizeof NOREPLY - 1;
  if(*m->local == '"' || *m->local == '+' ||
     (m->domain_n > n && same(m->domain, n, NOREPLY)))
    return;
  plus = memchr(m->local, '+', m->local_n);
  if(plus)
    m->local_n = (size_t)(plus - m->local);
}

bool sei_mail_is_gmail(const char *domain, size_t n)
{
  return same(domain, n, "gmail.com") || sei_mail_is_googlemail(domain, n);
}

bool sei_mail_is_googlemail(const char *domain, size_t n)
{
  return same(domain, n, "googlemail.com");
}

/* ---- local parts ---- */

/* Written without dots and hyphens. Sources: RFC 2142 (mailboxes of a domain),
 * RFC 5321 section 4.5.1 (postmaster), names of service accounts that forges
 * and build servers use, and local parts that were seen in histories with
 * many people behind each. */
static const char BOTS[] =
  "bot bots robot buildbot dependabot renovate renovatebot greenkeeper "
  "githubactions githubbot gitlabbot bitbucketpipelines jenkins "
  "travisci circleci teamcity bamboo codecov snyk snykbot sonarqube "
  "mergify allcontributors semanticreleasebot prettierci weblate transifex "
  "crowdin imgbot pullbot stalebot bors homu phabricator noreply "
  "donotreply nobody daemon mailerdaemon bounce bounces automation "
  "automated autobuild build builds builder ci cibot cicd deploy deployer "
  "deployment cron root system svc service serviceaccount svcaccount nagios "
  "zabbix monitoring alerts alert notification notifications notifier "
  "autotest gitbot releasebot";

static const char ROLES[] =
  "info marketing sales support abuse noc security postmaster hostmaster "
  "usenet news webmaster www uucp ftp admin administrator admins sysadmin "
  "hr jobs careers recruiting recruitment billing accounts accounting "
  "finance invoice invoices legal privacy compliance gdpr press media pr "
  "office reception helpdesk servicedesk itsupport it help desk customer "
  "customerservice customercare care team teams staff management "
  "operations ops devops sre infra infrastructure engineering qa testing "
  "release releases maintainer maintainers owner owners list lists "
  "subscribe unsubscribe newsletter feedback enquiries inquiries orders "
  "order shop booking reservations events community moderator moderators "
  "board committee welcome onboarding training partners vendor "
  "vendors purchasing procurement logistics";

static const char COMMONS[] =
  "me mail email emails mails myself i you hello hi hey hallo hola bonjour "
  "ciao contact contacts contactme kontakt contato contacto git github "
  "gitlab bitbucket svn hg jira code coding coder dev devel develop "
  "developer developers development devnull programmer software oss "
  "opensource foss linux ubuntu debian user users username guest test tests "
  "tester demo example sample default anonymous anon unknown none null "
  "undefined invalid local localhost public private personal home work "
  "junk spam inbox web website blog domains domain mailbox post internet "
  "account name firstname lastname yourname youremail";

static bool listed(const char *list, const char *s, size_t n)
{
  const char *p = list;
  while(p) {
    if(*p == *s && !strncmp(p, s, n) && (!p[n] || p[n] == ' '))
      return true;
    p = strchr(p, ' ');
    if(p)
      p++;
  }
  return false;
}

/* Is one of the words between dots, hyphens and the like "bot" or "svc", or
 * the last one of camel case "Bot"? */
static bool has_bot_word(const char *s, size_t n)
{
  size_t i = 0, start;
  if(n > 3 && !memcmp(s + n - 3, "Bot", 3) && s[n - 4] >= 'a' &&
     s[n - 4] <= 'z')
    return true;
  while(i < n) {
    while(i < n && !letter(s[i]))
      i++;
    for(start = i; i < n && letter(s[i]);)
      i++;
    if(i > start && (same(s + start, i - start, "bot") ||
                     same(s + start, i - start, "svc")))
      return true;
  }
  return false;
}

/* Letters and digits of a local part, small; digits at the end are left out
 * unless there is nothing else. The number of bytes. */
static size_t compact(const char *s, size_t n, char *to)
{
  size_t i, k = 0, end;
  for(i = 0; i < n && k < LONGEST; i++)
    if(letter(s[i]) || digit(s[i]))
      to[k++] = lower(s[i]);
  for(end = k; end && digit(to[end - 1]);)
    end--;
  return end ? end : k;
}

enum sei_mail_kind sei_mail_kind(const char *local, size_t n)
{
  char name[LONGEST];
  const char *at = last_at(local, n), *plus;
  size_t k;
  if(at && at > local)
    n = (size_t)(at - local);
  plus = n > 1 ? memchr(local + 1, '+', n - 1) : NULL;
  if(plus)
    n = (size_t)(plus - local);
  if(has_bot_word(local, n))
    return SEI_MAIL_BOT;
  k = compact(local, n, name);
  if(!k)
    return SEI_MAIL_PERSONAL;
  if(listed(BOTS, name, k) || (k >= 7 && !memcmp(name, "noreply", 7)) ||
     (k >= 10 && !memcmp(name, "donotreply", 10)))
    return SEI_MAIL_BOT;
  if(listed(ROLES, name, k))
    return SEI_MAIL_ROLE;
  return listed(COMMONS, name, k) ? SEI_MAIL_COMMON : SEI_MAIL_PERSONAL;
}
