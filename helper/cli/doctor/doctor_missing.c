/* The command that makes what does not exist. */
#include <string.h>

#include "cli/doctor/doctor.h"

static bool is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";

    return word[0] != '\0' && word[strspn(word, plain)] == '\0';
}

void shell_quote(struct buffer *text, const char *word)
{
    if (is_plain(word)) {
        buffer_append_text(text, word);
        return;
    }
    buffer_append_char(text, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            buffer_append_text(text, "'\\''");
        else
            buffer_append_char(text, *word);
    }
    buffer_append_char(text, '\'');
}

/* Names of what may be read by everybody who may read parameters at all. Whatever else there is
 * may be a secret, and a secret that is kept as a plain String is the worse mistake. */
static const char *const harmless_endings[] = {"user",   "username", "host",     "hostname", "port",
                                               "dbname", "database", "region",   "stage",    "name",
                                               "level",  "debug",    "endpoint", "address"};

static bool ends_in(const char *name, size_t length, const char *word)
{
    size_t word_length = strlen(word);
    char before;

    if (length < word_length || strncasecmp(name + length - word_length, word, word_length) != 0)
        return false;
    before = length > word_length ? name[length - word_length - 1] : '/';
    return strchr("/_.-", before) != NULL;
}

static const char *type_for(const struct wanted_lookup *wanted, const char *name, size_t length)
{
    if (wanted->is_list)
        return "StringList";
    for (size_t i = 0; i < sizeof harmless_endings / sizeof *harmless_endings; i++) {
        if (ends_in(name, length, harmless_endings[i]))
            return "String";
    }
    return "SecureString";
}

/* The value goes from the terminal into the command's standard input: through no file, no history
 * and no list of arguments. */
#define READ_VALUE "(stty -echo; IFS= read -r VALUE; stty echo; printf %%s \"$VALUE\") | "

static void advise_parameter(struct doctor *doctor, const struct wanted_lookup *wanted,
                             const struct client *client, const char *name)
{
    struct buffer quoted = BUFFER_INIT;

    shell_quote(&quoted, name);
    report_advise(&doctor->report, "this makes it, with the value that you then type:");
    report_advise(&doctor->report,
                  READ_VALUE "aws ssm put-parameter --region %s --type %s --name %s "
                             "--value file:///dev/stdin",
                  client->region, type_for(wanted, name, strlen(name)), buffer_text(&quoted));
    buffer_free(&quoted);
}

static void advise_secret(struct doctor *doctor, const struct client *client, const char *id)
{
    struct buffer quoted = BUFFER_INIT;

    shell_quote(&quoted, id);
    report_advise(&doctor->report, "this makes it, with the value that you then type:");
    report_advise(&doctor->report,
                  READ_VALUE "aws secretsmanager create-secret --region %s --name %s "
                             "--secret-string file:///dev/stdin",
                  client->region, buffer_text(&quoted));
    buffer_free(&quoted);
}

/* There may be others of it, which only whoever looks can tell. */
static void advise_version(struct doctor *doctor, const struct client *client, const char *name,
                           size_t length)
{
    char *base = text_copy_bytes(name, length);
    struct buffer quoted = BUFFER_INIT;

    shell_quote(&quoted, base != NULL ? base : name);
    report_advise(&doctor->report, "this shows which versions and labels there are:");
    report_advise(&doctor->report,
                  "aws ssm get-parameter-history --region %s --name %s "
                  "--query 'Parameters[].[Version,Labels]'",
                  client->region, buffer_text(&quoted));
    buffer_free(&quoted);
    text_free(base);
}

#define SECRET_PREFIX "/aws/reference/secretsmanager/"

void doctor_advise_missing(struct doctor *doctor, const struct wanted_lookup *wanted,
                           const struct client *client)
{
    const char *name = wanted->lookup.name;
    size_t bare = strcspn(name, wanted->lookup.kind == LOOKUP_SECRET ? "?" : ":");

    if (strncmp(name, "arn:", 4) == 0)
        report_advise(&doctor->report, "an ARN names one parameter or secret of one account: "
                                       "check it, and whether that account shares it");
    else if (strchr(name, '!') != NULL)
        report_advise(&doctor->report,
                      "a service of AWS makes and names this secret, as RDS does for "
                      "the password of a database: look there for its name");
    else if (wanted->lookup.kind == LOOKUP_SECRET && name[bare] != '\0')
        report_advise(&doctor->report, "the secret, or this stage or version of it, is not there");
    else if (wanted->lookup.kind == LOOKUP_SECRET)
        advise_secret(doctor, client, name);
    else if (strncmp(name, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0)
        advise_secret(doctor, client, name + strlen(SECRET_PREFIX));
    else if (name[bare] != '\0')
        advise_version(doctor, client, name, bare);
    else
        advise_parameter(doctor, wanted, client, name);
}
