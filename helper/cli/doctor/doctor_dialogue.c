/* A connection to a database, its first words, and what follows from how far that went. */
#include <inttypes.h>
#include <string.h>

#include "cli/doctor/doctor_connect.h"
#include "cli/doctor/doctor_database.h"

#define GREETING_MS 1000 /* who has not spoken by then waits for us to speak */

static const char *const protocol_names[] = {[PROTOCOL_UNKNOWN] = "database",
                                             [PROTOCOL_POSTGRES] = "PostgreSQL",
                                             [PROTOCOL_MYSQL] = "MySQL"};

/* What the EC2 console calls the type of an inbound rule. */
static const char *const rule_types[] = {[PROTOCOL_UNKNOWN] = "Custom TCP",
                                         [PROTOCOL_POSTGRES] = "PostgreSQL",
                                         [PROTOCOL_MYSQL] = "MYSQL/Aurora"};

/* One database being examined. */
struct dialogue {
    struct doctor *doctor;
    const struct target *target;
    struct connection connection;
    struct deadline deadline;
    struct buffer check; /* "database HOST:PORT (of VARIABLE)" */
    struct buffer heard;
};

static struct report *report_of(const struct dialogue *dialogue)
{
    return &dialogue->doctor->report;
}

static const char *check_of(const struct dialogue *dialogue)
{
    return buffer_text(&dialogue->check);
}

/* --- listening --- */

typedef enum hello_state hello_reader(const struct buffer *heard, void *result);

/* Receives until the reader has what it wants. INCOMPLETE: they ended or said nothing in time. */
static enum hello_state listen_for(struct dialogue *dialogue, hello_reader *reader, void *result,
                                   struct deadline deadline)
{
    enum hello_state state = reader(&dialogue->heard, result);
    bool ended;

    while (state == HELLO_INCOMPLETE && dialogue->heard.length < HELLO_BYTES_MAX) {
        if (!connection_receive(&dialogue->connection, &dialogue->heard, deadline, &ended))
            return HELLO_INCOMPLETE;
        state = reader(&dialogue->heard, result);
    }
    return state;
}

static enum hello_state read_tls(const struct buffer *heard, void *result)
{
    return postgres_read_tls(heard->data, heard->length, result);
}

static enum hello_state read_start(const struct buffer *heard, void *result)
{
    return postgres_read_start(heard->data, heard->length, result);
}

static enum hello_state read_mysql(const struct buffer *heard, void *result)
{
    return mysql_read_hello(heard->data, heard->length, result);
}

static bool say(struct dialogue *dialogue, void (*write)(struct buffer *bytes))
{
    struct buffer bytes = BUFFER_INIT;
    bool ok;

    write(&bytes);
    ok = !buffer_failed(&bytes) &&
         connection_send(&dialogue->connection, &bytes, dialogue->deadline);
    buffer_free(&bytes);
    return ok;
}

static void report_strange(const struct dialogue *dialogue, enum target_protocol protocol)
{
    const char *name =
        protocol == PROTOCOL_UNKNOWN ? "PostgreSQL or MySQL" : protocol_names[protocol];

    if (dialogue->heard.length > 0)
        report_add(report_of(dialogue), MARK_BAD, check_of(dialogue),
                   "something answers that does not speak %s: check host and port", name);
    else
        report_add(report_of(dialogue), MARK_BAD, check_of(dialogue),
                   "something listens, but is silent: no %s, or one that is stuck%s", name,
                   protocol == PROTOCOL_POSTGRES
                       ? ""
                       : " (MySQL without skip_name_resolve waits for its own name server)");
}

/* --- PostgreSQL --- */

/* Begins again without TLS: only so does a server tell whether it insists. */
static bool insists_on_tls(struct dialogue *dialogue, struct postgres_start *start)
{
    struct error ignored = ERROR_INIT;

    connection_close(&dialogue->connection);
    buffer_clear(&dialogue->heard);
    *start = (struct postgres_start){0};
    return connection_open(&dialogue->connection, dialogue->target->host, dialogue->target->port,
                           dialogue->deadline, &ignored) == CONNECTION_MADE &&
           say(dialogue, postgres_write_start) &&
           listen_for(dialogue, read_start, start, dialogue->deadline) == HELLO_DONE &&
           strcmp(start->sqlstate, "28000") == 0;
}

static void report_insisting(const struct dialogue *dialogue)
{
    bool never = dialogue->target->tls == TARGET_TLS_NEVER;

    report_add(report_of(dialogue), never ? MARK_BAD : MARK_WARNING, check_of(dialogue),
               "PostgreSQL answers, TLS required: it refuses a connection without TLS (or has no "
               "line for this host in its pg_hba.conf)%s%s%s",
               never ? ", and " : "", never ? dialogue->target->source : "",
               never ? " says sslmode=disable" : "");
    report_advise(report_of(dialogue), "sslmode=verify-full is best, and libpq's default, prefer, "
                                       "does; other clients have to be told (JDBC: ssl=true)");
}

static void report_postgres(struct dialogue *dialogue, bool tls)
{
    struct postgres_start start;

    if (!tls && dialogue->target->tls == TARGET_TLS_REQUIRED) {
        report_add(report_of(dialogue), MARK_BAD, check_of(dialogue),
                   "PostgreSQL answers, but has no TLS, which %s requires",
                   dialogue->target->source);
        return;
    }
    if (tls && insists_on_tls(dialogue, &start)) {
        report_insisting(dialogue);
        return;
    }
    if (tls && start.sqlstate[0] != '\0') {
        report_add(report_of(dialogue), MARK_WARNING, check_of(dialogue),
                   "PostgreSQL answers, TLS offered; it turns sessions away with SQLSTATE %s "
                   "(appendix A of its manual)",
                   start.sqlstate);
        return;
    }
    report_add(report_of(dialogue), MARK_OK, check_of(dialogue),
               "PostgreSQL answers, TLS %s (name %" PRId64 " ms, connection %" PRId64 " ms)",
               tls ? "offered" : "not offered", dialogue->connection.resolved_ms,
               dialogue->connection.connected_ms);
}

static void talk_postgres(struct dialogue *dialogue)
{
    bool tls = false;

    if (say(dialogue, postgres_write_tls_request) &&
        listen_for(dialogue, read_tls, &tls, dialogue->deadline) == HELLO_DONE)
        report_postgres(dialogue, tls);
    else
        report_strange(dialogue, dialogue->target->protocol);
}

/* --- MySQL and MariaDB --- */

static void report_mysql(const struct dialogue *dialogue, const struct mysql_hello *hello)
{
    const char *name = hello->is_mariadb ? "MariaDB" : "MySQL";
    bool lacks_tls = !hello->tls && dialogue->target->tls == TARGET_TLS_REQUIRED;

    if (hello->error != 0) {
        report_add(report_of(dialogue), MARK_BAD, check_of(dialogue),
                   "MySQL or MariaDB answers, but turns this host away with error %u%s",
                   hello->error,
                   hello->error == 1130   ? ": no account may come from it"
                   : hello->error == 1129 ? ": it is blocked; FLUSH HOSTS lets it in again"
                   : hello->error == 1040 ? ": too many connections"
                                          : "");
        return;
    }
    report_add(report_of(dialogue), lacks_tls ? MARK_BAD : MARK_OK, check_of(dialogue),
               "%s %s answers, TLS %s%s (name %" PRId64 " ms, connection %" PRId64 " ms)", name,
               hello->version, hello->tls ? "offered" : "not offered",
               lacks_tls ? ", which the URL requires" : "", dialogue->connection.resolved_ms,
               dialogue->connection.connected_ms);
}

/* Whether it was they who spoke first; then it is reported. */
static bool hear_mysql(struct dialogue *dialogue, struct deadline deadline)
{
    struct mysql_hello hello;

    if (listen_for(dialogue, read_mysql, &hello, deadline) != HELLO_DONE)
        return false;
    report_mysql(dialogue, &hello);
    return true;
}

/* MySQL speaks first. */
static void talk(struct dialogue *dialogue)
{
    enum target_protocol protocol = dialogue->target->protocol;
    struct deadline greeting = deadline_earlier(dialogue->deadline, deadline_in(GREETING_MS));

    if (protocol != PROTOCOL_POSTGRES &&
        hear_mysql(dialogue, protocol == PROTOCOL_MYSQL ? dialogue->deadline : greeting))
        return;
    if (protocol == PROTOCOL_MYSQL)
        report_strange(dialogue, protocol);
    else
        talk_postgres(dialogue);
}

/* --- the connection --- */

static void report_no_answer(struct dialogue *dialogue)
{
    const struct target *target = dialogue->target;

    report_add(report_of(dialogue), MARK_BAD, check_of(dialogue),
               "no answer from %s: most likely the database's security group does not let this "
               "instance in (else a network ACL or the route)",
               dialogue->connection.address);
    doctor_advise_rule(dialogue->doctor, target->host, target->port, rule_types[target->protocol]);
}

static const struct {
    enum connection_outcome outcome;
    const char *text; /* begins with "%s" for the host or address */
    const char *advice;
} failures[] = {
    {CONNECTION_NO_NAME, "the name %s does not resolve",
     "check its spelling, and whether this VPC has DNS resolution and DNS hostnames switched on"},
    {CONNECTION_NO_NAMING, "the name server does not answer for %s",
     "check /etc/resolv.conf, and whether the VPC has DNS resolution switched on"},
    {CONNECTION_REFUSED, "refused: nothing listens there (%s says so)",
     "check the port and whether the database runs; security groups never refuse, they say "
     "nothing"},
    {CONNECTION_NO_ROUTE, "there is no route to %s",
     "check the subnet's route table, VPC peering and transit gateways"},
};

static void report_failure(struct dialogue *dialogue, enum connection_outcome outcome,
                           const struct error *error)
{
    const char *where = dialogue->connection.address[0] != '\0' ? dialogue->connection.address
                                                                : dialogue->target->host;

    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        struct buffer text = BUFFER_INIT;
        const char *hole = strstr(failures[i].text, "%s");

        if (failures[i].outcome != outcome)
            continue;
        buffer_append(&text, failures[i].text, (size_t)(hole - failures[i].text));
        buffer_append_format(&text, "%s%s", where, hole + 2);
        report_add(report_of(dialogue), MARK_BAD, check_of(dialogue), "%s", buffer_text(&text));
        report_advise(report_of(dialogue), "%s", failures[i].advice);
        buffer_free(&text);
        return;
    }
    report_add(report_of(dialogue), MARK_BAD, check_of(dialogue), "%s: %s", where, error->text);
}

static void connect_and_talk(struct dialogue *dialogue)
{
    const struct target *target = dialogue->target;
    struct error error = ERROR_INIT;
    enum connection_outcome outcome = connection_open(&dialogue->connection, target->host,
                                                      target->port, dialogue->deadline, &error);

    if (outcome == CONNECTION_NO_ANSWER) {
        report_no_answer(dialogue);
        return;
    }
    if (outcome != CONNECTION_MADE) {
        report_failure(dialogue, outcome, &error);
        return;
    }
    dialogue->deadline = doctor_deadline(dialogue->doctor);
    talk(dialogue);
}

void target_examine(struct doctor *doctor, const struct target *target)
{
    struct dialogue dialogue = {.doctor = doctor,
                                .target = target,
                                .connection = CONNECTION_INIT,
                                .deadline = doctor_deadline(doctor),
                                .heard = {.limit = HELLO_BYTES_MAX + 512}};

    if (target->port == 0) {
        report_add(&doctor->report, MARK_SKIPPED, "database",
                   "no DB_PORT goes with %s: say --db %s:PORT", target->source, target->host);
        return;
    }
    buffer_append_format(&dialogue.check, "database %s:%u (%s)", target->host, target->port,
                         target->source);
    report_waiting("connecting to %s", target->host);
    connect_and_talk(&dialogue);
    connection_close(&dialogue.connection);
    buffer_free(&dialogue.check);
    buffer_free(&dialogue.heard);
}
