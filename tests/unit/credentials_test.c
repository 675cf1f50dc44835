#include "aws/credentials.h"

#include <sys/wait.h>

#include "aws/metadata.h"
#include "common/buffer.h"
#include "shared_files.h"
#include "tap.h"

#define COUNT(all) (sizeof(all) / sizeof *(all))

#define PAIR "aws_access_key_id = AKID\naws_secret_access_key = hidden/secret+key=\n"

/* In two steps, as the fetcher does it; nobody on the network is asked. */
static bool find_credentials(struct credentials *credentials, const struct identity *identity,
                             struct error *error)
{
    struct credential_source source;
    struct metadata_service metadata = {.settings = identity, .disabled = true};
    const struct credential_access access = {.metadata = &metadata, .settings = identity};
    bool found = credentials_prepare(&source, identity, deadline_in(60000), error);

    *credentials = (struct credentials){0};
    found = found && credentials_obtain(credentials, &source, &access, error);
    credential_source_free(&source);
    credential_source_free(&source);
    return found;
}

/* "ID SECRET TOKEN", or the error. */
static void find(const struct identity *identity, struct buffer *text)
{
    struct credentials credentials;
    struct error error = ERROR_INIT;

    if (find_credentials(&credentials, identity, &error))
        buffer_append_format(text, "%s %s %s", credentials.access_key_id,
                             credentials.secret_access_key,
                             credentials.session_token != NULL ? credentials.session_token : "-");
    else
        buffer_append_text(text, error.text);
    credentials_free(&credentials);
    credentials_free(&credentials);
}

static void check_found(const char *credentials, const char *config, const char *profile,
                        const char *expected)
{
    struct shared_files files;
    struct buffer text = BUFFER_INIT;

    shared_files_make(&files, credentials, config);
    if (profile != NULL)
        shared_files_set(&files, "profile", profile);
    find(&files.identity, &text);
    CHECK_TEXT(buffer_text(&text), expected);
    shared_files_remove(&files);
    buffer_free(&text);
}

/* expected may say CREDENTIALS and CONFIG where the error says the file's path. */
static void check_error(const struct shared_files *files, const char *expected)
{
    struct buffer text = BUFFER_INIT;
    struct buffer part = BUFFER_INIT;

    for (const char *c = expected; *c != '\0'; c++) {
        if (strncmp(c, "CREDENTIALS", 11) == 0) {
            buffer_append_text(&part, files->credentials);
            c += 10;
        } else if (strncmp(c, "CONFIG", 6) == 0) {
            buffer_append_text(&part, files->config);
            c += 5;
        } else {
            buffer_append_char(&part, *c);
        }
    }
    find(&files->identity, &text);
    CHECK_CONTAINS(buffer_text(&text), buffer_text(&part));
    CHECK(strstr(buffer_text(&text), "hidden") == NULL);
    buffer_free(&text);
    buffer_free(&part);
}

static void check_refused(const char *credentials, const char *config, const char *profile,
                          const char *expected)
{
    struct shared_files files;

    shared_files_make(&files, credentials, config);
    if (profile != NULL)
        shared_files_set(&files, "profile", profile);
    check_error(&files, expected);
    shared_files_remove(&files);
}

static void keys_are_found_in_the_credentials_file(void)
{
    check_found("[default]\n" PAIR, NULL, NULL, "AKID hidden/secret+key= -");
    check_found("[x]\n[ci]\n" PAIR, NULL, "ci", "AKID hidden/secret+key= -");
}

static void keys_are_found_in_the_config_file(void)
{
    check_found(NULL, "[default]\n" PAIR, NULL, "AKID hidden/secret+key= -");
    check_found(NULL, "[profile ci]\n" PAIR, "ci", "AKID hidden/secret+key= -");
    check_found("[other]\n" PAIR, "[profile ci]\n" PAIR, "ci", "AKID hidden/secret+key= -");
}

static void a_session_token_comes_along(void)
{
    check_found("[default]\n" PAIR "aws_session_token = tok//==\n", NULL, NULL,
                "AKID hidden/secret+key= tok//==");
    check_found("[default]\n" PAIR "aws_security_token = old\n", NULL, NULL,
                "AKID hidden/secret+key= old");
    check_found("[default]\naws_security_token = old\naws_session_token = new\n" PAIR, NULL, NULL,
                "AKID hidden/secret+key= new");
    check_found("[default]\n" PAIR "aws_session_token =\n", NULL, NULL,
                "AKID hidden/secret+key= -");
}

static void the_credentials_file_decides_over_the_config_file(void)
{
    check_found("[default]\n" PAIR,
                "[default]\naws_access_key_id=B\naws_secret_access_key=b\naws_session_token=t\n",
                NULL, "AKID hidden/secret+key= -");
}

static void half_a_pair_is_an_error_that_names_the_missing_key(void)
{
    check_refused("[default]\n\naws_access_key_id = AKID\n", NULL, NULL,
                  "CREDENTIALS:3: profile default has aws_access_key_id but no "
                  "aws_secret_access_key in this file");
    check_refused("[default]\naws_secret_access_key = hidden\n", NULL, NULL,
                  "CREDENTIALS:2: profile default has aws_secret_access_key but no "
                  "aws_access_key_id");
    check_refused(NULL, "[profile ci]\naws_access_key_id = AKID\n", "ci",
                  "CONFIG:2: profile ci has aws_access_key_id but no aws_secret_access_key");
}

static void a_pair_is_never_put_together_from_two_files(void)
{
    check_refused("[default]\naws_access_key_id = AKID\n",
                  "[default]\naws_secret_access_key = hidden\n", NULL, "CREDENTIALS:2: profile");
    check_refused("[default]\naws_access_key_id = AKID\n", "[default]\n" PAIR, NULL,
                  "CREDENTIALS:2: profile");
}

static void a_key_that_no_header_can_hold_is_an_error_without_its_value(void)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"aws_access_key_id = hidden key\naws_secret_access_key = x\n",
         "CREDENTIALS:2: aws_access_key_id is empty or has a byte that none can have"},
        {"aws_access_key_id = x\naws_secret_access_key = hidden key\n",
         "CREDENTIALS:3: aws_secret_access_key is empty or"},
        {PAIR "aws_session_token = hidden\xc2\xa0\n", "CREDENTIALS:4: aws_session_token is"},
        {"aws_access_key_id =\naws_secret_access_key = x\n",
         "CREDENTIALS:2: aws_access_key_id is empty"},
        {"aws_access_key_id = x\naws_secret_access_key = \"hidden\"\n",
         "CREDENTIALS:3: aws_secret_access_key is written in quotes: remove them"},
        {"aws_access_key_id = x\naws_secret_access_key = hidden\x01key\n",
         "CREDENTIALS:3:31: expected text"},
        {"aws_access_key_id = x\naws_secret_access_key = hid\n  hidden\n",
         "CREDENTIALS:4:1: expected no blank before a key: an indented line continues the "
         "aws_secret_access_key of line 3"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256];

        snprintf(text, sizeof text, "[default]\n%s", cases[i].text);
        check_refused(text, NULL, NULL, cases[i].error);
    }
}

static void without_files_the_error_lists_what_was_tried(void)
{
    check_refused(
        NULL, NULL, NULL,
        "Unable to locate credentials: tried [aws] web_identity_token_file: not set; "
        "CREDENTIALS: No such file or directory; CONFIG: No such file or directory; "
        "[aws] container_credentials_relative_uri and container_credentials_full_uri: not "
        "set; the metadata service is not asked: [aws] ec2_metadata_disabled is yes");
}

static void without_keys_the_error_says_what_each_file_has(void)
{
    check_refused("[a]\n" PAIR "[b]\n", "[default]\nregion = us-east-1\n", NULL,
                  "not set; CREDENTIALS has only a, b; "
                  "CONFIG has no aws_access_key_id in profile default");
    check_refused("", "[services x]\n", NULL,
                  "not set; CREDENTIALS has no profile; CONFIG has no profile");
}

static void a_named_profile_that_is_nowhere_is_an_error_that_lists_the_others(void)
{
    check_refused("[a]\n[b]\n", "[profile c]\n", "ci",
                  "there is no profile ci, which [aws] profile names: CREDENTIALS has only a, b; "
                  "CONFIG has only c");
    check_refused(NULL, NULL, "ci",
                  "there is no profile ci, which [aws] profile names: CREDENTIALS: No such file or "
                  "directory; CONFIG: No such file");
    check_refused("[DEFAULT]\n" PAIR, NULL, "ci", "there is no profile ci");
}

static void a_config_section_without_the_word_profile_is_pointed_out(void)
{
    check_refused(NULL, "[default]\n[ci]\n", "ci",
                  "; CONFIG:2 has [ci], which has to be [profile ci] there");
}

static void a_provider_that_is_not_supported_is_an_error_never_a_silence(void)
{
    static const struct {
        const char *line;
        const char *error;
    } cases[] = {
        {"sso_session = hidden", "from IAM Identity Center are not supported"},
        {"sso_start_url = hidden", "from IAM Identity Center are not supported"},
        {"login_session = hidden", "from a console login are not supported"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char config[256];
        char error[256];

        snprintf(config, sizeof config, "[default]\n%s\n", cases[i].line);
        snprintf(error, sizeof error, "%s", cases[i].error);
        check_refused(NULL, config, NULL, "CONFIG:2: ");
        check_refused(NULL, config, NULL, error);
        snprintf(config, sizeof config, "[default]\n" PAIR "%s\n", cases[i].line);
        check_refused(NULL, config, NULL, error);
    }
}

static void a_provider_that_is_configured_but_broken_is_never_skipped(void)
{
    static const struct {
        const char *lines;
        const char *error;
    } cases[] = {
        {"role_arn = hidden", "CONFIG:2: role_arn: profile default needs a source_profile or "
                              "credential_source"},
        {"role_arn = hidden\nsource_profile = a\ncredential_source = EcsContainer",
         "CONFIG:2: role_arn: profile default needs one of, not both, source_profile or"},
        {"web_identity_token_file = hidden", "CONFIG:2: web_identity_token_file: it needs a role"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char config[256];

        snprintf(config, sizeof config, "[default]\n%s\n", cases[i].lines);
        check_refused("[default]\n" PAIR, config, NULL, cases[i].error);
    }
    check_refused(NULL, "[default]\ncredential_process = hidden/none\n", NULL,
                  "CONFIG:2: credential_process: it cannot be started: No such file or directory");
    check_found("[default]\n" PAIR, "[default]\ncredential_process = x\n", NULL,
                "AKID hidden/secret+key= -");
}

static void a_broken_file_is_an_error_even_when_the_other_has_keys(void)
{
    check_refused("[default]\n" PAIR, "[default\n", NULL, "CONFIG:1:9: expected ]");
    check_refused("hidden\n", "[default]\n" PAIR, NULL, "CREDENTIALS:1:1: expected a section");
}

static void a_file_that_lets_others_in_is_refused(void)
{
    static const struct {
        mode_t credentials;
        mode_t config;
        const char *error; /* NULL: allowed */
    } cases[] = {
        {0640, 0644, NULL},
        {0600, 0600, NULL},
        {0440, 0444, NULL},
        {0644, 0644, "CREDENTIALS has mode 0644"},
        {0660, 0644, "CREDENTIALS has mode 0660"},
        {0641, 0644, "CREDENTIALS has mode 0641"},
        {0640, 0664, "CONFIG has mode 0664"},
        {0640, 0646, "CONFIG has mode 0646"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shared_files files;

        shared_files_make(&files, "[default]\n" PAIR, "[default]\n");
        chmod(files.credentials, cases[i].credentials);
        chmod(files.config, cases[i].config);
        if (cases[i].error != NULL) {
            check_error(&files, cases[i].error);
        } else {
            struct buffer text = BUFFER_INIT;

            find(&files.identity, &text);
            CHECK_TEXT(buffer_text(&text), "AKID hidden/secret+key= -");
            buffer_free(&text);
        }
        shared_files_remove(&files);
    }
}

static void check_owner(uid_t owner, const char *trust_uid, bool believed)
{
    struct shared_files files;
    struct buffer text = BUFFER_INIT;

    shared_files_make(&files, "[default]\n" PAIR, NULL);
    CHECK_INT(chown(files.credentials, owner, (gid_t)-1), 0);
    files.identity.count--; /* trust_uid */
    if (trust_uid != NULL)
        shared_files_set(&files, "trust_uid", trust_uid);
    find(&files.identity, &text);
    CHECK_CONTAINS(buffer_text(&text), believed ? "AKID" : "is owned by uid");
    shared_files_remove(&files);
    buffer_free(&text);
}

static void only_root_may_own_the_files_unless_the_helper_says_otherwise(void)
{
    if (geteuid() != 0) {
        tap_skip("needs root");
        return;
    }
    check_owner(0, NULL, true);
    check_owner(4242, NULL, false);
    check_owner(4242, "4242", false); /* not whom this process runs as */
    check_owner(4242, "0", false);
    check_owner(4242, "4242x", false);
}

/* As whoever runs the fetcher does: its own user's files count only where it is told so. */
static int find_as_another_user(const struct shared_files *files, const char *trust_uid)
{
    struct credentials credentials;
    struct error error = ERROR_INIT;
    struct shared_files copy = *files;
    bool found;

    if (setresuid(4242, 4242, 4242) != 0)
        return 2;
    copy.identity.settings = copy.settings;
    copy.identity.count--;
    if (trust_uid != NULL)
        shared_files_set(&copy, "trust_uid", trust_uid);
    found = find_credentials(&credentials, &copy.identity, &error);
    credentials_free(&credentials);
    return found ? 0 : strstr(error.text, "is owned by uid 4242") != NULL ? 1 : 3;
}

static void the_fetchers_own_user_may_own_them_only_where_the_helper_says_so(void)
{
    static const struct {
        const char *trust_uid;
        int status;
    } cases[] = {{NULL, 1}, {"4242", 0}, {"0", 1}, {"4243", 1}, {"", 1}, {" 4242", 1}};

    if (geteuid() != 0) {
        tap_skip("needs root");
        return;
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shared_files files;
        int status = -1;
        pid_t child;

        shared_files_make(&files, "[default]\n" PAIR, NULL);
        CHECK_INT(chown(files.credentials, 4242, 4242), 0);
        CHECK_INT(chown(files.folder, 4242, 4242), 0);
        fflush(stdout);
        child = fork();
        if (child == 0)
            _exit(find_as_another_user(&files, cases[i].trust_uid));
        CHECK_INT(waitpid(child, &status, 0), child);
        CHECK_INT(WEXITSTATUS(status), cases[i].status);
        shared_files_remove(&files);
    }
}

static void a_file_that_may_not_be_read_says_how_to_mend_it(void)
{
    struct shared_files files;
    int status = -1;
    pid_t child;

    if (geteuid() != 0) {
        tap_skip("needs root");
        return;
    }
    shared_files_make(&files, "[default]\n" PAIR, NULL);
    CHECK_INT(chmod(files.folder, 0755), 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        if (setresgid(4242, 4242, 4242) != 0 || setresuid(4242, 4242, 4242) != 0)
            _exit(2);
        tap_failed = false;
        check_error(&files, "CREDENTIALS: not readable for _ssmenv: run chgrp _ssmenv CREDENTIALS; "
                            "chmod 0640 CREDENTIALS");
        fflush(stdout);
        _exit(tap_failed ? 1 : 0);
    }
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    shared_files_remove(&files);
}

static void what_occurs_twice_is_handed_up_as_a_warning(void)
{
    struct credentials credentials;
    struct shared_files files;
    struct error error = ERROR_INIT;

    shared_files_make(&files, "[default]\naws_access_key_id = hidden\n" PAIR,
                      "[default]\n[default]\n");
    CHECK(find_credentials(&credentials, &files.identity, &error));
    CHECK_TEXT(credentials.access_key_id, "AKID");
    CHECK_CONTAINS(credentials.warning, "/credentials:3: this key is already on line 2");
    CHECK_CONTAINS(credentials.warning, "/config:2: this section is already on line 1");
    CHECK(strstr(credentials.warning, "hidden") == NULL);
    credentials_free(&credentials);
    shared_files_remove(&files);
}

static void a_key_that_is_read_from_aws_only_is_handed_up_as_a_warning(void)
{
    static const char config[] = "[default]\nendpoint_url = hidden\nuse_fips_endpoint = hidden\n"
                                 "use_dualstack_endpoint = hidden\nca_bundle = hidden\n"
                                 "services = hidden\n";
    struct credentials credentials;
    struct shared_files files;
    struct error error = ERROR_INIT;

    shared_files_make(&files, "[default]\n" PAIR, config);
    shared_files_set(&files, "use_dualstack_endpoint", "yes");
    CHECK(find_credentials(&credentials, &files.identity, &error));
    CHECK_CONTAINS(credentials.warning, "/config:2: endpoint_url of a profile is not read: write "
                                        "endpoint_url under [aws]; ");
    CHECK_CONTAINS(credentials.warning, "/config:3: use_fips_endpoint of a profile is not read");
    CHECK_CONTAINS(credentials.warning, "/config:5: ca_bundle of a profile is not read");
    CHECK_CONTAINS(credentials.warning, "/config:6: services of a profile is not read: write "
                                        "endpoint_url under [aws]");
    CHECK(strstr(credentials.warning, "dualstack") == NULL);
    CHECK(strstr(credentials.warning, "hidden") == NULL);
    credentials_free(&credentials);
    shared_files_remove(&files);
}

static const struct tap_test tests[] = {
    {"keys are found in the credentials file", keys_are_found_in_the_credentials_file},
    {"keys are found in the config file", keys_are_found_in_the_config_file},
    {"a session token comes along", a_session_token_comes_along},
    {"the credentials file decides over the config file",
     the_credentials_file_decides_over_the_config_file},
    {"half a pair is an error that names the missing key",
     half_a_pair_is_an_error_that_names_the_missing_key},
    {"a pair is never put together from two files", a_pair_is_never_put_together_from_two_files},
    {"a key that no header can hold is an error without its value",
     a_key_that_no_header_can_hold_is_an_error_without_its_value},
    {"without files the error lists what was tried", without_files_the_error_lists_what_was_tried},
    {"without keys the error says what each file has",
     without_keys_the_error_says_what_each_file_has},
    {"a named profile that is nowhere is an error that lists the others",
     a_named_profile_that_is_nowhere_is_an_error_that_lists_the_others},
    {"a config section without the word profile is pointed out",
     a_config_section_without_the_word_profile_is_pointed_out},
    {"a provider that is not supported is an error, never a silence",
     a_provider_that_is_not_supported_is_an_error_never_a_silence},
    {"a provider that is configured but broken is never skipped",
     a_provider_that_is_configured_but_broken_is_never_skipped},
    {"a broken file is an error even when the other has keys",
     a_broken_file_is_an_error_even_when_the_other_has_keys},
    {"a file that lets others in is refused", a_file_that_lets_others_in_is_refused},
    {"only root may own the files, unless the helper says otherwise",
     only_root_may_own_the_files_unless_the_helper_says_otherwise},
    {"the fetcher's own user may own them only where the helper says so",
     the_fetchers_own_user_may_own_them_only_where_the_helper_says_so},
    {"a file that may not be read says how to mend it",
     a_file_that_may_not_be_read_says_how_to_mend_it},
    {"what occurs twice is handed up as a warning", what_occurs_twice_is_handed_up_as_a_warning},
    {"a key that is read from [aws] only is handed up as a warning",
     a_key_that_is_read_from_aws_only_is_handed_up_as_a_warning},
};

TAP_MAIN(tests)
